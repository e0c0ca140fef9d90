# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, module_getattr

Shard = absent_class("torch.distributed.tensor.placement_types.Shard")
Replicate = absent_class("torch.distributed.tensor.placement_types.Replicate")
Partial = absent_class("torch.distributed.tensor.placement_types.Partial")
Placement = absent_class("torch.distributed.tensor.placement_types.Placement")

__getattr__ = module_getattr("torch.distributed.tensor.placement_types")
