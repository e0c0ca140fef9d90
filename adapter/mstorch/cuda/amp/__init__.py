# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cuda.amp: the older names of torch.amp for CUDA."""

from mstorch._errors import module_getattr
from mstorch.amp import GradScaler, autocast, custom_bwd, custom_fwd

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]

__getattr__ = module_getattr("torch.cuda.amp")
