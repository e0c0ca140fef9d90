# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""AdamW over the weights of a model."""

import torch

from mstrain.config import TrainConfig


def build_optimizer(model: torch.nn.Module, train: TrainConfig) -> torch.optim.AdamW:
    """AdamW with decoupled decay on matrices; norms are vectors and do not decay."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in weights if w.dim() > 1], "weight_decay": train.weight_decay},
        {"params": [w for w in weights if w.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups, lr=train.lr, betas=(train.beta1, train.beta2), eps=train.adam_eps
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Gives every group of weights the same learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = lr
