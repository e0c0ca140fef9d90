# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.optim."""

from mstorch._errors import module_getattr
from mstorch.optim import lr_scheduler, optimizer
from mstorch.optim.adam import Adam, AdamW
from mstorch.optim.optimizer import Optimizer
from mstorch.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler", "optimizer"]

__getattr__ = module_getattr("torch.optim")
