# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.attention: scaled_dot_product_attention has one implementation, so there is none to
choose.
"""

from mstorch._errors import module_getattr

__getattr__ = module_getattr("torch.nn.attention")
