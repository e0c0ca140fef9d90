# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables."""

import mindspore

from msops._native import native
from msops.arguments import check_integer, check_tensor


def embedding(
    indices: mindspore.Tensor, weight: mindspore.Tensor, padding_idx: int | None = None
) -> mindspore.Tensor:
    """Rows of a table by number.

        y[i] = weight[indices[i]]

    Differentiable in `weight`, once: the gradient of a row is the sum of what came for it, in the
    order of `indices`.

    Args:
        indices: any shape and strides; int32 or int64; rows of `weight`.
        weight: (rows, columns); float16, bfloat16 or float32, on the CPU also float64.
        padding_idx: a row that gets no gradient.

    Returns:
        A new tensor with the shape (*indices.shape, columns) and the dtype of `weight`. On the CPU
        the gradient's sums run in float64, each in the order of its terms: equal inputs give equal
        bits on every machine and with any number of threads.

    Raises:
        TypeError: an argument is no tensor or integer, or has another dtype.
        ValueError: weight has not two dimensions, or padding_idx is not one of its rows.
        IndexError: a number is not of a row. The values are looked at when the kernel runs, so it
            may be raised no earlier than the result is read; on Ascend, never.
    """
    check_tensor("embedding", "indices", indices)
    check_tensor("embedding", "weight", weight)
    if padding_idx is not None:
        check_integer("embedding", "padding_idx", padding_idx)
    return native().embedding(indices, weight, padding_idx)
