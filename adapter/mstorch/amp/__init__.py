# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.amp: mixed precision."""

from mstorch._errors import module_getattr
from mstorch.amp import autocast_mode, grad_scaler
from mstorch.amp.autocast_mode import autocast, custom_bwd, custom_fwd, is_autocast_available
from mstorch.amp.grad_scaler import GradScaler

__all__ = [
    "GradScaler",
    "autocast",
    "autocast_mode",
    "custom_bwd",
    "custom_fwd",
    "grad_scaler",
    "is_autocast_available",
]

__getattr__ = module_getattr("torch.amp")
