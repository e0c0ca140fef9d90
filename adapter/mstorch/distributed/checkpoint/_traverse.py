# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_function, module_getattr

traverse_state_dict = absent_function("torch.distributed.checkpoint._traverse.traverse_state_dict")

OBJ_PATH = tuple

__getattr__ = module_getattr("torch.distributed.checkpoint._traverse")
