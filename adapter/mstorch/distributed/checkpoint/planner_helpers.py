# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_function, module_getattr

_create_write_items = absent_function(
    "torch.distributed.checkpoint.planner_helpers._create_write_items"
)

__getattr__ = module_getattr("torch.distributed.checkpoint.planner_helpers")
