# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torchair.ge: names for annotations of functions that write operators into graphs."""

from mstorch._errors import absent_class, module_getattr

_REASON = "no graph of torchair is made here"

DataType = absent_class("torchair.ge.DataType", _REASON)
Tensor = absent_class("torchair.ge.Tensor", _REASON)
TensorSpec = absent_class("torchair.ge.TensorSpec", _REASON)

__getattr__ = module_getattr("torchair.ge")
