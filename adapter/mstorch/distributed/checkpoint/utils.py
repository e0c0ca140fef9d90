# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, absent_function, module_getattr

_DistWrapper = absent_class("torch.distributed.checkpoint.utils._DistWrapper")
_get_failure_dict = absent_function("torch.distributed.checkpoint.utils._get_failure_dict")

__getattr__ = module_getattr("torch.distributed.checkpoint.utils")
