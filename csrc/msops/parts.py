# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Operators in parts: what a framework calls that records by itself, or that computes over several
devices.

None of these functions is recorded. Arguments are checked as those of the operators are: TypeError
for what is no tensor or number or has another dtype, ValueError for shapes that do not fit.
"""

import mindspore

from msops import attention
from msops._native import native
from msops.activation import GELU_FORMS
from msops.arguments import (
    check_choice,
    check_flag,
    check_integer,
    check_number,
    check_tensor,
    check_tensors,
)
from msops.moe import SCORE_FUNCTIONS
from msops.rotary import ROTARY_LAYOUTS


def gelu_grad(
    dy: mindspore.Tensor, x: mindspore.Tensor, approximate: str = "none"
) -> mindspore.Tensor:
    """The gradient of `msops.gelu`: dy times its slope at x. Both have one shape and dtype."""
    check_tensor("parts.gelu_grad", "dy", dy)
    check_tensor("parts.gelu_grad", "x", x)
    check_choice("parts.gelu_grad", "approximate", approximate, GELU_FORMS)
    return native().gelu_grad(dy, x, GELU_FORMS[approximate])


def fusion_attention(
    query: mindspore.Tensor,
    key: mindspore.Tensor,
    value: mindspore.Tensor,
    mask: mindspore.Tensor | None = None,
    **options: object,
) -> tuple[mindspore.Tensor, mindspore.Tensor, mindspore.Tensor]:
    """What `msops.fusion_attention` gives with `log_sum_exp`, and the largest score of each query.

    Args:
        query: see `msops.fusion_attention`, and so for the others.
        key: see `query`.
        value: see `query`.
        mask: see `query`.
        options: its others, but for `log_sum_exp`.

    Returns:
        The output, L, and the maximum, with the shape and dtype of L; -infinity where no key is
        seen. What CANN calls the sum is exp(L - maximum).
    """
    name = "parts.fusion_attention"
    for argument, tensor in {"query": query, "key": key, "value": value}.items():
        check_tensor(name, argument, tensor)
    if mask is not None:
        check_tensor(name, "mask", mask)
    return native().fusion_attention_part(
        query, key, value, mask, *attention.plan_of(query, **options)
    )


def fusion_attention_grad(
    doutput: mindspore.Tensor,
    query: mindspore.Tensor,
    key: mindspore.Tensor,
    value: mindspore.Tensor,
    mask: mindspore.Tensor | None,
    output: mindspore.Tensor,
    log_sum: mindspore.Tensor,
    **options: object,
) -> tuple[mindspore.Tensor, mindspore.Tensor, mindspore.Tensor]:
    """The gradients of `msops.fusion_attention` with respect to query, key and value.

    Args:
        doutput: the shape and dtype of `output`.
        query: as it was given, and so are `key`, `value` and `mask`.
        key: see `query`.
        value: see `query`.
        mask: see `query`.
        output: what `msops.fusion_attention` returned.
        log_sum: what it returned with `log_sum_exp`.
        options: the others that it was given, but for `log_sum_exp`.
    """
    name = "parts.fusion_attention_grad"
    tensors = {"doutput": doutput, "query": query, "key": key, "value": value}
    for argument, tensor in {**tensors, "output": output, "log_sum": log_sum}.items():
        check_tensor(name, argument, tensor)
    if mask is not None:
        check_tensor(name, "mask", mask)
    return native().fusion_attention_grad(
        doutput, query, key, value, mask, output, log_sum, *attention.plan_of(query, **options)
    )


def swiglu_grad(
    dy: mindspore.Tensor,
    x: mindspore.Tensor,
    bias: mindspore.Tensor | None = None,
    scale: mindspore.Tensor | None = None,
) -> tuple[mindspore.Tensor, mindspore.Tensor | None, mindspore.Tensor | None]:
    """The gradients of `msops.swiglu` in x, bias and scale; None for what was not given."""
    tensors = {"dy": dy, "x": x, "bias": bias, "scale": scale}
    for name, tensor in tensors.items():
        if tensor is not None or name in ("dy", "x"):
            check_tensor("parts.swiglu_grad", name, tensor)
    dx, dbias, dscale = native().swiglu_grad(*tensors.values())
    return dx, None if bias is None else dbias, None if scale is None else dscale


def rotary_position_embedding_grad(
    dy: mindspore.Tensor,
    cos: mindspore.Tensor,
    sin: mindspore.Tensor,
    layout: str = "half",
    start: int = 0,
) -> mindspore.Tensor:
    """The gradient of `msops.rotary_position_embedding` in x. Those in cos and sin are apart:
    `rotary_position_embedding_table_grad`.
    """
    for name, tensor in {"dy": dy, "cos": cos, "sin": sin}.items():
        check_tensor("parts.rotary_position_embedding_grad", name, tensor)
    check_integer("parts.rotary_position_embedding_grad", "start", start)
    check_choice("parts.rotary_position_embedding_grad", "layout", layout, ROTARY_LAYOUTS)
    return native().rotary_position_embedding_grad(dy, cos, sin, layout, start)


def rotary_position_embedding_table_grad(
    dy: mindspore.Tensor,
    x: mindspore.Tensor,
    cos: mindspore.Tensor,
    sin: mindspore.Tensor,
    layout: str = "half",
    start: int = 0,
) -> tuple[mindspore.Tensor, mindspore.Tensor]:
    """The gradients of `msops.rotary_position_embedding` in cos and sin."""
    operation = "parts.rotary_position_embedding_table_grad"
    for name, tensor in {"dy": dy, "x": x, "cos": cos, "sin": sin}.items():
        check_tensor(operation, name, tensor)
    check_integer(operation, "start", start)
    check_choice(operation, "layout", layout, ROTARY_LAYOUTS)
    return native().rotary_position_embedding_table_grad(dy, x, cos, sin, layout, start)


def embedding_grad(
    dy: mindspore.Tensor, indices: mindspore.Tensor, rows: int, padding_idx: int | None = None
) -> mindspore.Tensor:
    """The gradient of `msops.embedding` with respect to its table of `rows` rows.

    Args:
        dy: (*indices.shape, columns); a dtype of the table.
        indices: rows of the table; int32 or int64.
        rows: how many the table has.
        padding_idx: a row that gets zeros.

    Returns:
        A tensor with the shape (rows, columns) and the dtype of `dy`.
    """
    check_tensor("parts.embedding_grad", "dy", dy)
    check_tensor("parts.embedding_grad", "indices", indices)
    check_integer("parts.embedding_grad", "rows", rows)
    if padding_idx is not None:
        check_integer("parts.embedding_grad", "padding_idx", padding_idx)
    return native().embedding_grad(dy, indices, rows, padding_idx)


def grouped_matmul_grad_weight(
    dy: mindspore.Tensor,
    x: mindspore.Tensor,
    weight: mindspore.Tensor,
    group_list: mindspore.Tensor,
    transpose_weight: bool = False,
) -> mindspore.Tensor:
    """The gradient of `msops.grouped_matmul` in weight, of which shape and dtype matter alone. That
    in x is `msops.grouped_matmul(dy, weight, group_list, not transpose_weight)`.
    """
    tensors = {"dy": dy, "x": x, "weight": weight, "group_list": group_list}
    for name, tensor in tensors.items():
        check_tensor("parts.grouped_matmul_grad_weight", name, tensor)
    check_flag("parts.grouped_matmul_grad_weight", "transpose_weight", transpose_weight)
    return native().grouped_matmul_grad_weight(*tensors.values(), transpose_weight)


def matmul_into(
    a: mindspore.Tensor,
    b: mindspore.Tensor,
    out: mindspore.Tensor,
    transpose_a: bool = False,
    transpose_b: bool = False,
) -> None:
    """The products of two batches of matrices, into memory that is there: out[i] = a[i] @ b[i].

    Args:
        a: (batch, m, k), with `transpose_a` (batch, k, m); float16, bfloat16 or float32.
        b: (batch, k, n), with `transpose_b` (batch, n, k); the dtype of a.
        out: (batch, m, n), contiguous; the dtype of a. Half types are summed in float32 and rounded
            once. It must not share memory with a or b.
        transpose_a: whether `a` holds the transposes of what is multiplied.
        transpose_b: whether `b` does.
    """
    for name, value in {"a": a, "b": b, "out": out}.items():
        check_tensor("parts.matmul_into", name, value)
    for name, value in {"transpose_a": transpose_a, "transpose_b": transpose_b}.items():
        check_flag("parts.matmul_into", name, value)
    native().matmul_into(a, b, out, transpose_a, transpose_b)


def moe_gating_grad(
    dprobs: mindspore.Tensor,
    dscore_sums: mindspore.Tensor,
    logits: mindspore.Tensor,
    indices: mindspore.Tensor,
    *,
    score_function: str = "softmax",
    normalize: bool = False,
    scale: float = 1.0,
    eps: float = 1e-20,
) -> mindspore.Tensor:
    """The gradient of `msops.moe_gating` in logits, from those of probs and score_sums; `indices`
    is what it gave.
    """
    tensors = {"dprobs": dprobs, "dscore_sums": dscore_sums, "logits": logits, "indices": indices}
    for name, tensor in tensors.items():
        check_tensor("parts.moe_gating_grad", name, tensor)
    check_choice("parts.moe_gating_grad", "score_function", score_function, SCORE_FUNCTIONS)
    for name, value in {"scale": scale, "eps": eps}.items():
        check_number("parts.moe_gating_grad", name, value)
    check_flag("parts.moe_gating_grad", "normalize", normalize)
    top_k = indices.shape[-1] if indices.shape else 0
    return native().moe_gating_grad(
        *tensors.values(), top_k, SCORE_FUNCTIONS[score_function], normalize, scale, eps
    )


def moe_token_unpermute_grad(
    dy: mindspore.Tensor,
    permuted: mindspore.Tensor,
    positions: mindspore.Tensor,
    probs: mindspore.Tensor | None = None,
) -> tuple[mindspore.Tensor, mindspore.Tensor | None]:
    """The gradients of `msops.moe_token_unpermute` in permuted and probs; None without probs."""
    tensors = {"dy": dy, "permuted": permuted, "positions": positions}
    for name, tensor in tensors.items():
        check_tensor("parts.moe_token_unpermute_grad", name, tensor)
    if probs is not None:
        check_tensor("parts.moe_token_unpermute_grad", "probs", probs)
    dpermuted, dprobs = native().moe_token_unpermute_grad(*tensors.values(), probs)
    return dpermuted, None if probs is None else dprobs


def rms_norm(
    x: mindspore.Tensor, weight: mindspore.Tensor, eps: float
) -> tuple[mindspore.Tensor, mindspore.Tensor]:
    """`msops.rms_norm`, and for its gradient `1 / sqrt(mean(x ** 2) + eps)` of each row.

    Returns:
        y, and a tensor with the shape of `x`, but 1 for the dimensions of `weight`, which is
        float64 where x is, else float32.
    """
    check_tensor("parts.rms_norm", "x", x)
    check_tensor("parts.rms_norm", "weight", weight)
    check_number("parts.rms_norm", "eps", eps)
    return native().rms_norm_part(x, weight, eps)


def rms_norm_grad(
    dy: mindspore.Tensor, x: mindspore.Tensor, weight: mindspore.Tensor, rstd: mindspore.Tensor
) -> tuple[mindspore.Tensor, mindspore.Tensor]:
    """The gradients of `msops.rms_norm` in x and weight; `rstd` is what `rms_norm` gave."""
    tensors = {"dy": dy, "x": x, "weight": weight, "rstd": rstd}
    for name, tensor in tensors.items():
        check_tensor("parts.rms_norm_grad", name, tensor)
    return native().rms_norm_grad(*tensors.values())


def add_rms_norm(
    x: mindspore.Tensor, residual: mindspore.Tensor, weight: mindspore.Tensor, eps: float
) -> tuple[mindspore.Tensor, mindspore.Tensor, mindspore.Tensor]:
    """`msops.add_rms_norm`, and for its gradient what `rms_norm` gives beside y: the gradient of
    the sum is that of both terms, and `rms_norm_grad` of the sum what comes through y.

    Returns:
        y, the sum, and `1 / sqrt(mean(sum ** 2) + eps)` of each row.
    """
    for name, tensor in {"x": x, "residual": residual, "weight": weight}.items():
        check_tensor("parts.add_rms_norm", name, tensor)
    check_number("parts.add_rms_norm", "eps", eps)
    return native().add_rms_norm_part(x, residual, weight, eps)


def layer_norm(
    x: mindspore.Tensor, weight: mindspore.Tensor, bias: mindspore.Tensor, eps: float
) -> tuple[mindspore.Tensor, mindspore.Tensor, mindspore.Tensor]:
    """`msops.layer_norm`, and for its gradient the mean and `1 / sqrt(var + eps)` of each row.

    Returns:
        y, and two tensors with the shape of `x`, but 1 for the dimensions of `weight`, which are
        float64 where x is, else float32.
    """
    check_tensor("parts.layer_norm", "x", x)
    check_tensor("parts.layer_norm", "weight", weight)
    check_tensor("parts.layer_norm", "bias", bias)
    check_number("parts.layer_norm", "eps", eps)
    return native().layer_norm_part(x, weight, bias, eps)


def layer_norm_grad(
    dy: mindspore.Tensor,
    x: mindspore.Tensor,
    weight: mindspore.Tensor,
    bias: mindspore.Tensor,
    mean: mindspore.Tensor,
    rstd: mindspore.Tensor,
) -> tuple[mindspore.Tensor, mindspore.Tensor, mindspore.Tensor]:
    """The gradients of `msops.layer_norm` in x, weight and bias; `mean` and `rstd` are what
    `layer_norm` gave.
    """
    tensors = {"dy": dy, "x": x, "weight": weight, "bias": bias, "mean": mean, "rstd": rstd}
    for name, tensor in tensors.items():
        check_tensor("parts.layer_norm_grad", name, tensor)
    return native().layer_norm_grad(*tensors.values())


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
    check_tensors("parts.vocab_loss", "pieces", pieces)
    if len(pieces) != 4:
        raise ValueError(f"msops.parts.vocab_loss: there are 4 pieces, got {len(pieces)}")
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
