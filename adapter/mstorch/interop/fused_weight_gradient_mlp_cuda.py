# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""apex's fused_weight_gradient_mlp_cuda for tensors of mstorch, by msops.matmul_accumulate.

megatron-core imports it where it is there, and needs it for gradient_accumulation_fusion.
"""

from mstorch._ops.weight_gradients import accumulate


def wgrad_gemm_accum_fp32(input, d_output, d_weight):
    """`d_weight += d_output' @ input` over all rows, in place; d_weight is float32."""
    accumulate(input, d_output, d_weight)


def wgrad_gemm_accum_fp16(input, d_output, d_weight):
    """The same for a d_weight of the type of the others."""
    accumulate(input, d_output, d_weight)
