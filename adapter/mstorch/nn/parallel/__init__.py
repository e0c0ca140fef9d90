# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.parallel."""

from mstorch._errors import module_getattr
from mstorch.nn.parallel import distributed
from mstorch.nn.parallel.distributed import DistributedDataParallel

__all__ = ["DistributedDataParallel", "distributed"]

__getattr__ = module_getattr("torch.nn.parallel")
