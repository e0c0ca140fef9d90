# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.modules."""

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
from mstorch.nn.modules.convolutions import Conv1d, Conv2d, Conv3d
from mstorch.nn.modules.layers import Embedding, LayerNorm, Linear, RMSNorm
from mstorch.nn.modules.module import Module

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
