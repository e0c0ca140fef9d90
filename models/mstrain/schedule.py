# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The learning rate of a step."""

import math

from mstrain.config import TrainConfig


def learning_rate(train: TrainConfig, step: int) -> float:
    """Linear warm-up, then half a cosine from `lr` down to `min_lr`, then `min_lr`.

    Args:
        train: the schedule's numbers.
        step: number of the step, counted from 1.

    Returns:
        lr * step / warmup_steps up to warmup_steps;
        min_lr + (lr - min_lr) * (1 + cos(pi * x)) / 2 with x the share of the way from
        warmup_steps to decay_steps; min_lr from decay_steps on.
    """
    if step <= train.warmup_steps:
        return train.lr * step / train.warmup_steps
    if step >= train.decay_steps:
        return train.min_lr
    way = (step - train.warmup_steps) / (train.decay_steps - train.warmup_steps)
    return train.min_lr + (train.lr - train.min_lr) * (1.0 + math.cos(math.pi * way)) / 2.0
