# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.optim.adamw."""

from mstorch._errors import module_getattr
from mstorch.optim.adam import AdamW

__all__ = ["AdamW"]

__getattr__ = module_getattr("torch.optim.adamw")
