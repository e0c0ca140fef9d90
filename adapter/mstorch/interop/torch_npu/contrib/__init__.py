# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch_npu.contrib."""

from mstorch._errors import module_getattr
from mstorch.interop.torch_npu.contrib import transfer_to_npu

__all__ = ["transfer_to_npu"]

__getattr__ = module_getattr("torch_npu.contrib")
