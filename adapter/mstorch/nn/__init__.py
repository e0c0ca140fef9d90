# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn."""

from mstorch._errors import module_getattr
from mstorch.nn import functional, init, modules, parallel, parameter, utils
from mstorch.nn.modules import *  # noqa: F403
from mstorch.nn.modules import __all__ as _modules
from mstorch.nn.parameter import Buffer, Parameter, UninitializedParameter

__all__ = [
    *_modules,
    "Buffer",
    "Parameter",
    "UninitializedParameter",
    "functional",
    "init",
    "modules",
    "parallel",
    "parameter",
    "utils",
]

__getattr__ = module_getattr("torch.nn")
