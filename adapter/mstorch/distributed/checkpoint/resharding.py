# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_function, module_getattr

_shards_get_overlap_region_wrt_saved_tensor = absent_function(
    "torch.distributed.checkpoint.resharding._shards_get_overlap_region_wrt_saved_tensor"
)

__getattr__ = module_getattr("torch.distributed.checkpoint.resharding")
