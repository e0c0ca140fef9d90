# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, module_getattr

Shard = absent_class("torch.distributed._shard.sharded_tensor.Shard")
ShardedTensor = absent_class("torch.distributed._shard.sharded_tensor.ShardedTensor")
ShardedTensorMetadata = absent_class(
    "torch.distributed._shard.sharded_tensor.ShardedTensorMetadata"
)
TensorProperties = absent_class("torch.distributed._shard.sharded_tensor.TensorProperties")

__getattr__ = module_getattr("torch.distributed._shard.sharded_tensor")
