# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed._composable: names that other libraries import."""

from mstorch._errors import module_getattr

__getattr__ = module_getattr("torch.distributed._composable")
