# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Activations."""

import mindspore

from msops._native import native
from msops.arguments import check_choice, check_tensor

# Whether it is the approximation by tanh, as torch names the forms.
GELU_FORMS = {"none": False, "tanh": True}


def gelu(x: mindspore.Tensor, approximate: str = "none") -> mindspore.Tensor:
    """The Gaussian error linear unit.

        y = x * (1 + erf(x / sqrt(2))) / 2                                     "none"
        y = x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3))) / 2         "tanh"

    Source: D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units", 2016. Differentiable in `x`,
    once.

    Args:
        x: any shape and strides; float16, bfloat16 or float32, on the CPU also float64.
        approximate: "none" for the exact form, "tanh" for the approximation.

    Returns:
        A new tensor with the shape and dtype of `x`. Half types are computed in float32 and rounded
        once. On the CPU, on one machine, equal inputs give equal bits, the gradient included, with
        any number of threads.

    Raises:
        TypeError: x is no tensor, or has another dtype.
        ValueError: approximate is something else.
    """
    check_tensor("gelu", "x", x)
    check_choice("gelu", "approximate", approximate, GELU_FORMS)
    return native().gelu(x, None, GELU_FORMS[approximate])


def bias_gelu(
    x: mindspore.Tensor, bias: mindspore.Tensor, approximate: str = "none"
) -> mindspore.Tensor:
    """`gelu(x + bias, approximate)` in one pass; the sum is not rounded in between.

    Differentiable in `x` and `bias`, once.

    Args:
        x: at least one dimension; see `gelu`.
        bias: one value a column of x; the dtype of x.
        approximate: see `gelu`.

    Returns:
        See `gelu`.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
        ValueError: the shapes do not fit, or approximate is something else.
    """
    check_tensor("bias_gelu", "x", x)
    check_tensor("bias_gelu", "bias", bias)
    check_choice("bias_gelu", "approximate", approximate, GELU_FORMS)
    return native().gelu(x, bias, GELU_FORMS[approximate])


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
