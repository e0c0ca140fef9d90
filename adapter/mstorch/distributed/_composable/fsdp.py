# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_function, module_getattr

fully_shard = absent_function("torch.distributed._composable.fsdp.fully_shard")

__getattr__ = module_getattr("torch.distributed._composable.fsdp")
