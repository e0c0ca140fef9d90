# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Normalisation."""

import mindspore

from msops._native import native
from msops.arguments import check_number, check_tensor


def rms_norm(x: mindspore.Tensor, weight: mindspore.Tensor, eps: float) -> mindspore.Tensor:
    """Root mean square layer normalisation.

        y = x / sqrt(mean(x ** 2) + eps) * weight

    with the mean over the dimensions that `weight` has. Source: B. Zhang and R. Sennrich, "Root
    Mean Square Layer Normalization", 2019, equation 4, with eps added to the mean. Differentiable
    in `x` and `weight`, once.

    Args:
        x: any shape that ends in the shape of `weight`, any strides; float16, bfloat16 or float32,
            on the CPU also float64.
        weight: at least one dimension; the dtype of `x`, or float32 where `x` is float16 or
            bfloat16.
        eps: added to the mean of squares; finite.

    Returns:
        A new tensor with the shape and dtype of `x`. Half types are computed in float32 and rounded
        once. On the CPU sums run in float64, in an order that depends on the shapes and on the
        machine's vectors: on one machine equal inputs give equal bits, with any number of threads.

    Raises:
        TypeError: an argument is no tensor or number, or has another dtype.
        ValueError: the shapes do not fit, or eps is not finite.
    """
    check_tensor("rms_norm", "x", x)
    check_tensor("rms_norm", "weight", weight)
    check_number("rms_norm", "eps", eps)
    return native().rms_norm(x, weight, eps)


def add_rms_norm(
    x: mindspore.Tensor, residual: mindspore.Tensor, weight: mindspore.Tensor, eps: float
) -> tuple[mindspore.Tensor, mindspore.Tensor]:
    """The sum of two tensors and its root mean square layer normalisation, in one pass.

        sum = x + residual
        y = sum / sqrt(mean(sum ** 2) + eps) * weight

    What a transformer does between two layers. See `rms_norm` for the source and for `weight` and
    `eps`. Differentiable in `x`, `residual` and `weight`, once.

    Args:
        x: see `rms_norm`.
        residual: the shape and dtype of `x`.
        weight: see `rms_norm`.
        eps: see `rms_norm`.

    Returns:
        `y` and `sum`, two new tensors with the shape and dtype of `x`. `sum` is rounded to that
        dtype, and `y` is what rms_norm makes of it, to the bit.

    Raises:
        TypeError: an argument is no tensor or number, or has another dtype.
        ValueError: the shapes do not fit, or eps is not finite.
    """
    check_tensor("add_rms_norm", "x", x)
    check_tensor("add_rms_norm", "residual", residual)
    check_tensor("add_rms_norm", "weight", weight)
    check_number("add_rms_norm", "eps", eps)
    return native().add_rms_norm(x, residual, weight, eps)


def layer_norm(
    x: mindspore.Tensor, weight: mindspore.Tensor, bias: mindspore.Tensor, eps: float
) -> mindspore.Tensor:
    """Layer normalisation.

        y = (x - mean(x)) / sqrt(mean((x - mean(x)) ** 2) + eps) * weight + bias

    with the means over the dimensions that `weight` has. Source: J. Ba, J. Kiros and G. Hinton,
    "Layer Normalization", 2016, equation 4, with eps added to the variance. Differentiable in `x`,
    `weight` and `bias`, once.

    Args:
        x: any shape that ends in the shape of `weight`, any strides; float16, bfloat16 or float32,
            on the CPU also float64.
        weight: at least one dimension; the dtype of `x`, or float32 where `x` is float16 or
            bfloat16.
        bias: the shape and dtype of `weight`.
        eps: added to the variance; finite.

    Returns:
        A new tensor with the shape and dtype of `x`. Half types are computed in float32 and rounded
        once. The variance is the mean square of what is left after the mean was taken away, so a
        large mean does not drown it. On the CPU sums run in float64: on one machine equal inputs
        give equal bits, with any number of threads.

    Raises:
        TypeError: an argument is no tensor or number, or has another dtype.
        ValueError: the shapes do not fit, or eps is not finite.
    """
    check_tensor("layer_norm", "x", x)
    check_tensor("layer_norm", "weight", weight)
    check_tensor("layer_norm", "bias", bias)
    check_number("layer_norm", "eps", eps)
    return native().layer_norm(x, weight, bias, eps)
