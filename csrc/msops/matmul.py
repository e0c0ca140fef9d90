# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Matrix products."""

import mindspore

from msops._native import native
from msops.arguments import check_flag, check_tensor


def grouped_matmul(
    x: mindspore.Tensor,
    weight: mindspore.Tensor,
    group_list: mindspore.Tensor,
    transpose_weight: bool = False,
) -> mindspore.Tensor:
    """Rows of `x`, grouped by expert, times the matrix of each expert.

        y[i] = x[i] @ weight[e]            for the rows i of expert e, which follow each other

    Source: T. Gale et al., "MegaBlocks: Efficient Sparse Training with Mixture-of-Experts", 2023,
    whose grouped GEMM Megatron's experts call. Differentiable in `x` and `weight`, once.

    Args:
        x: (rows, k), sorted by expert, any strides; float16, bfloat16 or float32.
        weight: (experts, k, n), with `transpose_weight` (experts, n, k); the dtype of x.
        group_list: (experts,), how many rows each expert has, or 0; int32 or int64. Together they
            are all rows of x.
        transpose_weight: whether `weight` holds the transposes of the matrices.

    Returns:
        (rows, n), the dtype of x. Half types are summed in float32 and rounded once. An expert
        without rows has zeros as its gradient. On the CPU, on one machine, equal inputs give equal
        bits, gradients included, with any number of threads.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
        ValueError: the shapes do not fit. That group_list does not count the rows of x is seen on
            the CPU alone, and where the result is read.
    """
    for name, value in {"x": x, "weight": weight, "group_list": group_list}.items():
        check_tensor("grouped_matmul", name, value)
    check_flag("grouped_matmul", "transpose_weight", transpose_weight)
    return native().grouped_matmul(x, weight, group_list, transpose_weight)


def matmul_accumulate(
    x: mindspore.Tensor, dy: mindspore.Tensor, main_grad: mindspore.Tensor
) -> None:
    """The gradient of a linear layer's weight, added in place to what has gathered so far.

        main_grad += dy' @ x              over all rows of x and dy

    Source: NVIDIA apex and Megatron-LM, `fused_weight_gradient_mlp_cuda.wgrad_gemm_accum_fp32` and
    `wgrad_gemm_accum_fp16`. Not differentiable.

    Args:
        x: (..., k), the layer's input, any strides; float16, bfloat16 or float32.
        dy: (..., n), the gradient of its output; the dtype of x.
        main_grad: (n, k), contiguous; float32, or the dtype of x. It is changed in place: rounded
            once, after a sum in float32. On the CPU, on one machine, equal inputs give equal bits
            with any number of threads.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
        ValueError: the shapes do not fit, or main_grad is not contiguous.
    """
    for name, value in {"x": x, "dy": dy, "main_grad": main_grad}.items():
        check_tensor("matmul_accumulate", name, value)
    native().matmul_accumulate(x, dy, main_grad)
