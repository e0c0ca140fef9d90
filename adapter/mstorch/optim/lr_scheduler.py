# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.optim.lr_scheduler: learning rate schedules."""

from mstorch._errors import module_getattr
from mstorch.optim._schedule import LambdaLR, LRScheduler, MultiplicativeLR
from mstorch.optim._schedules_by_step import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from mstorch.optim._schedules_in_cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from mstorch.optim._schedules_of_others import ChainedScheduler, ReduceLROnPlateau, SequentialLR

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

_LRScheduler = LRScheduler

__getattr__ = module_getattr("torch.optim.lr_scheduler")
