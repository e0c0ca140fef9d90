# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.modules."""

from mstorch._errors import absent_class
from mstorch.nn.modules import module
from mstorch.nn.modules.activations import (
    GELU,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Identity,
    LogSoftmax,
    MSELoss,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from mstorch.nn.modules.container import (
    ModuleDict,
    ModuleList,
    ParameterDict,
    ParameterList,
    Sequential,
)
from mstorch.nn.modules.layers import Embedding, LayerNorm, Linear, RMSNorm
from mstorch.nn.modules.module import Module

# Classes that code names in isinstance tests and base lists without making one.
Conv1d = absent_class("torch.nn.Conv1d", "convolutions", Module)
Conv2d = absent_class("torch.nn.Conv2d", "convolutions", Module)
Conv3d = absent_class("torch.nn.Conv3d", "convolutions", Module)

__all__ = [
    "GELU",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "CrossEntropyLoss",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "LayerNorm",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "ParameterDict",
    "ParameterList",
    "RMSNorm",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "module",
]
