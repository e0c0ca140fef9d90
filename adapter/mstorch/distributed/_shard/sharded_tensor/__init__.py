# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed._shard.sharded_tensor: a tensor of which each process holds some shards."""

from mstorch._errors import module_getattr
from mstorch.distributed._shard.metadata import ShardMetadata
from mstorch.distributed._shard.sharded_tensor.api import ShardedTensor
from mstorch.distributed._shard.sharded_tensor.metadata import (
    ShardedTensorMetadata,
    TensorProperties,
)
from mstorch.distributed._shard.sharded_tensor.shard import Shard

__all__ = [
    "Shard",
    "ShardMetadata",
    "ShardedTensor",
    "ShardedTensorMetadata",
    "TensorProperties",
]

__getattr__ = module_getattr("torch.distributed._shard.sharded_tensor")
