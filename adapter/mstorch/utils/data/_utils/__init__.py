# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.utils.data._utils: what the loader is made of."""

from mstorch._errors import module_getattr
from mstorch.utils.data._utils import collate, worker

__all__ = ["collate", "worker"]

__getattr__ = module_getattr("torch.utils.data._utils")
