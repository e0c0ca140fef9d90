# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.optim."""

from mstorch._errors import module_getattr
from mstorch.optim import lr_scheduler, optimizer
from mstorch.optim._adafactor import Adafactor
from mstorch.optim.adadelta import Adadelta
from mstorch.optim.adagrad import Adagrad
from mstorch.optim.adam import Adam, AdamW
from mstorch.optim.adamax import Adamax
from mstorch.optim.asgd import ASGD
from mstorch.optim.nadam import NAdam
from mstorch.optim.optimizer import Optimizer
from mstorch.optim.radam import RAdam
from mstorch.optim.rmsprop import RMSprop
from mstorch.optim.rprop import Rprop
from mstorch.optim.sgd import SGD

__all__ = [
    "ASGD",
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "optimizer",
]

__getattr__ = module_getattr("torch.optim")
