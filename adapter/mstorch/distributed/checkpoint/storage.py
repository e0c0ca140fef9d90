# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, module_getattr

WriteResult = absent_class("torch.distributed.checkpoint.storage.WriteResult")

__getattr__ = module_getattr("torch.distributed.checkpoint.storage")
