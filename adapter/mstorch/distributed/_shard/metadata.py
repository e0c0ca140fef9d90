# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, module_getattr

ShardMetadata = absent_class("torch.distributed._shard.metadata.ShardMetadata")

__getattr__ = module_getattr("torch.distributed._shard.metadata")
