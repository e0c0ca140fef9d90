# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed._tensor: the old name of torch.distributed.tensor."""

from mstorch._errors import module_getattr
from mstorch.distributed.tensor import *  # noqa: F403
from mstorch.distributed.tensor import __all__  # noqa: F401

__getattr__ = module_getattr("torch.distributed._tensor")
