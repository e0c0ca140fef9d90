# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.func."""

from mstorch._errors import module_getattr
from mstorch._vmap import vmap

__all__ = ["vmap"]

__getattr__ = module_getattr("torch.func")
