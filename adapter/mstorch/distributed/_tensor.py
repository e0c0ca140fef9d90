# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import absent_class, absent_function, module_getattr

DTensor = absent_class("torch.distributed._tensor.DTensor")
distribute_tensor = absent_function("torch.distributed._tensor.distribute_tensor")

__getattr__ = module_getattr("torch.distributed._tensor")
