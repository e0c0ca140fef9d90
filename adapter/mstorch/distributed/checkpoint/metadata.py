# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, module_getattr

Metadata = absent_class("torch.distributed.checkpoint.metadata.Metadata")
BytesStorageMetadata = absent_class("torch.distributed.checkpoint.metadata.BytesStorageMetadata")
TensorStorageMetadata = absent_class("torch.distributed.checkpoint.metadata.TensorStorageMetadata")
ChunkStorageMetadata = absent_class("torch.distributed.checkpoint.metadata.ChunkStorageMetadata")

STATE_DICT_TYPE = dict

__getattr__ = module_getattr("torch.distributed.checkpoint.metadata")
