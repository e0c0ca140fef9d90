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
        eps: added to the mean of squares; finite and not negative.

    Returns:
        A new tensor with the shape and dtype of `x`. Half types are computed in float32 and rounded
        once. On the CPU sums run in float64, in an order that depends on the shapes alone: equal
        inputs give equal bits.

    Raises:
        TypeError: an argument is no tensor or number, or has another dtype.
        ValueError: the shapes do not fit, or eps is out of range.
    """
    check_tensor("rms_norm", "x", x)
    check_tensor("rms_norm", "weight", weight)
    check_number("rms_norm", "eps", eps)
    return native().rms_norm(x, weight, eps)
