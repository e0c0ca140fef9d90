# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.special: the operators registered under that name."""

from mstorch._errors import module_getattr
from mstorch._registry import registered

globals().update(registered("torch.special"))

__getattr__ = module_getattr("torch.special")
