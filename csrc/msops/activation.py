# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Activations."""

import mindspore

from msops._native import native
from msops.arguments import check_tensor


def swiglu(
    x: mindspore.Tensor,
    bias: mindspore.Tensor | None = None,
    scale: mindspore.Tensor | None = None,
) -> mindspore.Tensor:
    """The gated activation of a transformer's MLP.

        a, b = halves of x + bias along the last dimension
        y = a / (1 + exp(-a)) * b * scale

    Source: N. Shazeer, "GLU Variants Improve Transformer", 2020, equation 6, with beta 1 and the
    products already taken. Differentiable in `x`, `bias` and `scale`, once.

    Args:
        x: at least one dimension, the last one even, any strides; float16, bfloat16 or float32, on
            the CPU also float64.
        bias: one value a column of x; the dtype of x.
        scale: one value a row: the shape of x with 1 as the last dimension; float32, float64 where
            x is. In a mixture of experts, the probability with which a token was routed.

    Returns:
        A new tensor with half the columns of x and its dtype. Half types are computed in float32
        and rounded once. On the CPU, on one machine, equal inputs give equal bits, gradients
        included, with any number of threads.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
        ValueError: the shapes do not fit.
    """
    check_tensor("swiglu", "x", x)
    if bias is not None:
        check_tensor("swiglu", "bias", bias)
    if scale is not None:
        check_tensor("swiglu", "scale", scale)
    return native().swiglu(x, bias, scale)
