# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed.fsdp."""

from mstorch._errors import absent_class, module_getattr
from mstorch.distributed._composable.fsdp import FSDPModule, fully_shard
from mstorch.nn import Module

__all__ = ["FSDPModule", "FullyShardedDataParallel", "fully_shard"]

FullyShardedDataParallel = absent_class(
    "torch.distributed.fsdp.FullyShardedDataParallel", "use fully_shard", base=Module
)

__getattr__ = module_getattr("torch.distributed.fsdp")
