# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_function, module_getattr

flatten_state_dict = absent_function("torch.distributed.checkpoint._nested_dict.flatten_state_dict")
unflatten_state_dict = absent_function(
    "torch.distributed.checkpoint._nested_dict.unflatten_state_dict"
)

FLATTEN_MAPPING = dict

__getattr__ = module_getattr("torch.distributed.checkpoint._nested_dict")
