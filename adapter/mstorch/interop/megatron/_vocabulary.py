# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Cross entropy with the vocabulary on several processes: Megatron's, from the pieces of msops."""

import numpy

import msops
from mstorch import _dtypes, distributed
from mstorch._autograd import attach, derivative, wants_grad
from mstorch._errors import missing
from mstorch._ops import pointwise, views
from mstorch._tensor import adopt, dense, wrap

# No class has this number: every row has a loss.
_NONE_IGNORED = -(2**63)


@derivative("VocabParallelCrossEntropyBackward0")
def _backward(ctx, grad):
    (logits,) = ctx.saved
    target, (maximum, exponentials), classes, first, smoothing, rounded = ctx.context
    if wants_grad(grad, logits):
        raise missing("vocab_parallel_cross_entropy", "its gradient is not differentiable")
    columns = logits._a.shape[-1]
    gradient = msops.parts.vocab_grad(
        grad,
        logits,
        target,
        maximum,
        exponentials,
        classes,
        vocab_start=first,
        ignore_index=_NONE_IGNORED,
        label_smoothing=smoothing,
    )
    gradient = adopt(gradient)
    if smoothing:
        # The mean is one over the columns here.
        share = smoothing / columns - smoothing / classes
        gradient = pointwise.sub(gradient, pointwise.mul(views.unsqueeze(grad, -1), share))
        gradient = views.cast(gradient, logits.dtype)
    return gradient if rounded is None else views.cast(views.cast(gradient, rounded), logits.dtype)


def vocab_parallel_cross_entropy(logits, target, group, label_smoothing=0.0, rounded=None):
    """The loss of each row, of logits whose columns are this process's part of the vocabulary.

        log(sum(exp(x))) - (1 - s) * x[target] - s * mean(x over the columns of this process)

    with s = label_smoothing * n / (n - 1) for n columns here, as Megatron has it. The loss is
    float32. A target of no class counts as the largest logit, as there.

    Args:
        logits: (..., columns); every process of `group` has as many.
        target: classes of the whole vocabulary, with the shape of the rows.
        group: the processes that share the vocabulary, in its order.
        label_smoothing: at least 0 and below 1.
        rounded: a dtype that the gradient is rounded to.
    """
    if not 0.0 <= label_smoothing < 1.0:
        raise ValueError(f"label_smoothing must be in [0, 1), got {label_smoothing}")
    if logits.dtype == _dtypes.float64:
        logits = views.cast(logits, _dtypes.float32)
    columns, members = logits._a.shape[-1], distributed.get_world_size(group)
    first = distributed.get_rank(group) * columns
    smoothing = label_smoothing * columns / (columns - 1) if label_smoothing else 0.0
    # One class more than there are, for targets of no class.
    classes = columns * members + 1
    nowhere = (target._a < 0) | (target._a >= classes - 1)
    target = wrap(numpy.where(nowhere, classes - 1, target._a))
    rows = dense(logits)
    pieces = [piece._a for piece in map(adopt, msops.parts.vocab_pieces(rows, target, first))]
    if members > 1:
        pieces[:3] = _together(group, *pieces[:3])
    pieces[2] = numpy.where(nowhere, pieces[0], pieces[2])
    pieces[3] = pieces[3] * numpy.float32(classes / columns)
    pieces = tuple(map(wrap, pieces))
    loss = adopt(msops.parts.vocab_loss(pieces, target, classes, _NONE_IGNORED, smoothing))
    if wants_grad(logits):
        context = (target, pieces[:2], classes, first, smoothing, rounded)
        loss = attach(_backward, loss, (logits,), (rows,), context)
    return loss


def _together(group, maximum, exponentials, chosen):
    """The largest maximum of all processes, and the sums of the others, made for it."""
    largest = wrap(maximum.copy())
    distributed.all_reduce(largest, op=distributed.ReduceOp.MAX, group=group)
    with numpy.errstate(invalid="ignore"):
        moved = exponentials * numpy.exp(maximum - largest._a)
    sums = wrap(numpy.stack([moved, chosen]))
    distributed.all_reduce(sums, op=distributed.ReduceOp.SUM, group=group)
    return largest._a, sums._a[0], sums._a[1]
