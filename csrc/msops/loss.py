# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Losses."""

import mindspore

from msops._native import native
from msops.arguments import check_integer, check_number, check_tensor


def vocab_cross_entropy(
    logits: mindspore.Tensor,
    target: mindspore.Tensor,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> mindspore.Tensor:
    """The cross entropy of each row of logits with its target class.

        loss = log(sum(exp(x))) - (1 - s) * x[target] - s * mean(x)

    for a row x of `logits` and s the label smoothing; 0 where the target is `ignore_index`. Source:
    C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016, section 7.
    The softmax is not kept: its gradient is made from the logits in one pass. Differentiable in
    `logits`, once. For a vocabulary that lies in pieces on several devices, see `msops.parts`.

    Args:
        logits: at least one dimension, the last one of at least one class, any strides; float16,
            bfloat16 or float32, on the CPU also float64.
        target: classes; the shape of `logits` without its last dimension; int32 or int64.
        ignore_index: rows with this target have no loss and no gradient.
        label_smoothing: from 0 to 1; the share of the target that all classes have alike.

    Returns:
        A new tensor with the shape of `target`; float64 where `logits` is, else float32. On the
        CPU, on one machine, equal inputs give equal bits, the gradient included, with any number of
        threads.

    Raises:
        TypeError: an argument is no tensor or number, or has another dtype.
        ValueError: the shapes do not fit, or label_smoothing is out of range.
        IndexError: a target is neither a class nor ignore_index. The values are looked at when the
            kernel runs, so it may be raised no earlier than the result is read; on Ascend, never.
    """
    check_tensor("vocab_cross_entropy", "logits", logits)
    check_tensor("vocab_cross_entropy", "target", target)
    check_integer("vocab_cross_entropy", "ignore_index", ignore_index)
    check_number("vocab_cross_entropy", "label_smoothing", label_smoothing)
    return native().vocab_cross_entropy(logits, target, ignore_index, label_smoothing)
