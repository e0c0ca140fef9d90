# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.utils.parametrizations: none is built; asking for one is an error."""

from mstorch._errors import module_getattr

__getattr__ = module_getattr("torch.nn.utils.parametrizations")
