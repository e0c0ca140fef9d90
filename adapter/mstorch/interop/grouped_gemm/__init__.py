# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""grouped_gemm for tensors of mstorch. megatron-core imports it where it is there, and needs it for
moe_grouped_gemm.
"""

from mstorch._errors import module_getattr
from mstorch.interop.grouped_gemm import ops

__all__ = ["ops"]

__getattr__ = module_getattr("grouped_gemm")
