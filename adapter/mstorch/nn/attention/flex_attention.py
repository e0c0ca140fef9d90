# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.attention.flex_attention: names that libraries import; using them is an error."""

from mstorch._errors import absent_class, absent_function, module_getattr

_DEFAULT_SPARSE_BLOCK_SIZE = 128

_PREFIX = "torch.nn.attention.flex_attention."
_REASON = "it is compiled; use scaled_dot_product_attention"
BlockMask = absent_class(_PREFIX + "BlockMask", _REASON)
create_block_mask = absent_function(_PREFIX + "create_block_mask", _REASON)
flex_attention = absent_function(_PREFIX + "flex_attention", _REASON)

__getattr__ = module_getattr("torch.nn.attention.flex_attention")
