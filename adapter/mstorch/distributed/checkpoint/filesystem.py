# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, absent_function, module_getattr

FileSystemReader = absent_class("torch.distributed.checkpoint.filesystem.FileSystemReader")
FileSystemWriter = absent_class("torch.distributed.checkpoint.filesystem.FileSystemWriter")
_StoragePrefix = absent_class("torch.distributed.checkpoint.filesystem._StoragePrefix")
_write_item = absent_function("torch.distributed.checkpoint.filesystem._write_item")

DEFAULT_SUFFIX = ".distcp"

__getattr__ = module_getattr("torch.distributed.checkpoint.filesystem")
