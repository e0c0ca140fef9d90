# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Operators in parts: what a framework calls that records by itself, or that computes over several
devices.

None of these functions is recorded. Arguments are checked as those of the operators are: TypeError
for what is no tensor or number or has another dtype, ValueError for shapes that do not fit.
"""

import mindspore

from msops._native import native
from msops.arguments import check_integer, check_number, check_tensor


def vocab_pieces(
    logits: mindspore.Tensor, target: mindspore.Tensor, vocab_start: int = 0
) -> tuple[mindspore.Tensor, mindspore.Tensor, mindspore.Tensor, mindspore.Tensor]:
    """What a piece of the vocabulary tells about each row x of its logits.

        max(x), sum(exp(x - max(x))), x[target - vocab_start], sum(x)

    the third 0 where the target is not among these columns. The pieces of all devices together give
    those of the whole vocabulary: the largest maximum m; the sums, each times exp(max - m), added;
    the others added. Source: M. Shoeybi et al., "Megatron-LM", 2019, section 3.

    Args:
        logits: (..., columns), column j the class vocab_start + j; see
            `msops.vocab_cross_entropy`.
        target: (...), classes of the whole vocabulary; int32 or int64.
        vocab_start: the class of the first column.

    Returns:
        Four tensors with the shape of `target`; float64 where `logits` is, else float32.
    """
    check_tensor("parts.vocab_pieces", "logits", logits)
    check_tensor("parts.vocab_pieces", "target", target)
    check_integer("parts.vocab_pieces", "vocab_start", vocab_start)
    return native().vocab_pieces(logits, target, vocab_start)


def vocab_loss(
    pieces: tuple[mindspore.Tensor, mindspore.Tensor, mindspore.Tensor, mindspore.Tensor],
    target: mindspore.Tensor,
    vocab_size: int,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> mindspore.Tensor:
    """The loss of `msops.vocab_cross_entropy` from the pieces of the whole vocabulary.

    Args:
        pieces: the four tensors of `vocab_pieces`, of one dtype and the shape of `target`.
        target: classes of the whole vocabulary; int32 or int64.
        vocab_size: the number of all classes.
        ignore_index: see `msops.vocab_cross_entropy`.
        label_smoothing: see `msops.vocab_cross_entropy`.

    Returns:
        A tensor with the shape of `target` and the dtype of the pieces.
    """
    for name, piece in zip(("max", "sum", "target_logit", "total"), pieces, strict=True):
        check_tensor("parts.vocab_loss", name, piece)
    check_tensor("parts.vocab_loss", "target", target)
    check_integer("parts.vocab_loss", "vocab_size", vocab_size)
    check_integer("parts.vocab_loss", "ignore_index", ignore_index)
    check_number("parts.vocab_loss", "label_smoothing", label_smoothing)
    return native().vocab_loss(*pieces, target, vocab_size, ignore_index, label_smoothing)


def vocab_grad(
    dloss: mindspore.Tensor,
    logits: mindspore.Tensor,
    target: mindspore.Tensor,
    maximum: mindspore.Tensor,
    exponentials: mindspore.Tensor,
    vocab_size: int,
    vocab_start: int = 0,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> mindspore.Tensor:
    """The gradient of `vocab_loss` with respect to these columns of the logits.

        dloss * (exp(x - max) / sum - (1 - s) * [column is the target] - s / vocab_size)

    Args:
        dloss: the gradient of the loss; the shape of `target`; float64 where `logits` is, else
            float32.
        logits: see `vocab_pieces`.
        target: see `vocab_pieces`.
        maximum: the first piece, of the whole vocabulary.
        exponentials: the second piece, of the whole vocabulary.
        vocab_size: the number of all classes.
        vocab_start: the class of the first column.
        ignore_index: see `msops.vocab_cross_entropy`.
        label_smoothing: see `msops.vocab_cross_entropy`.

    Returns:
        A tensor with the shape and dtype of `logits`.
    """
    tensors = {
        "dloss": dloss,
        "logits": logits,
        "target": target,
        "max": maximum,
        "sum": exponentials,
    }
    for name, tensor in tensors.items():
        check_tensor("parts.vocab_grad", name, tensor)
    check_integer("parts.vocab_grad", "vocab_size", vocab_size)
    check_integer("parts.vocab_grad", "vocab_start", vocab_start)
    check_integer("parts.vocab_grad", "ignore_index", ignore_index)
    check_number("parts.vocab_grad", "label_smoothing", label_smoothing)
    return native().vocab_grad(
        *tensors.values(), vocab_start, vocab_size, ignore_index, label_smoothing
    )
