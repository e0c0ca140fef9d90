# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Attention."""

import inspect
import math
from collections.abc import Sequence

import mindspore

from msops._native import native
from msops.arguments import check_choice, check_integer, check_number, check_tensor

_UNLIMITED = 2**40
"""As far as a window can reach; the same in csrc/shapes/attention.h."""


def fusion_attention(
    query: mindspore.Tensor,
    key: mindspore.Tensor,
    value: mindspore.Tensor,
    mask: mindspore.Tensor | None = None,
    *,
    scale: float | None = None,
    causal: bool = False,
    window: tuple[int, int] | None = None,
    from_end: bool = False,
    actual_seq_qlen: Sequence[int] | None = None,
    actual_seq_kvlen: Sequence[int] | None = None,
    dropout: float = 0.0,
    seed: int = 0,
    offset: int = 0,
    log_sum_exp: bool = False,
) -> mindspore.Tensor | tuple[mindspore.Tensor, mindspore.Tensor]:
    """Exact attention that never holds the scores of a head.

        S = scale * query @ key^T + mask, -infinity where a key is not seen
        L = log(sum(exp(S))) along the keys
        output = (exp(S - L) * F) @ value

    where F is 1 / (1 - dropout), or 0 with probability `dropout`. A query that sees no key has an
    output of 0 and L = -infinity. Memory grows with the lengths, not with their product: scores
    are made in tiles, and made again for the gradients. Source: T. Dao et al., "FlashAttention:
    Fast and Memory-Efficient Exact Attention with IO-Awareness", 2022, algorithms 1 and 4, and
    T. Dao, "FlashAttention-2", 2023. Differentiable in `query`, `key` and `value`, once; through L
    too, where it is asked for.

    Args:
        query: (batch, heads, length, size), or, packed, (total length, heads, size); float16,
            bfloat16 or float32, on the CPU also float64. Views with a dense last dimension are
            read as they are: transpose (batch, length, heads, size) without copying.
        key: (batch, key heads, key length, size), or packed. The heads of `query` are a multiple of
            the key heads; so many consecutive ones share a key head (grouped queries). The dtype
            of `query`.
        value: the shape of `key`, with a size of its own, as MLA has. The dtype of `query`.
        mask: broadcasts to (batch, heads, length, key length). Boolean, true where a key is seen,
            or of the dtype of `query`, and added to the scores. It gets no gradient.
        scale: of the scores; 1 / sqrt(size) where it is None.
        causal: a query at position p sees the keys up to p.
        window: (before, after): it sees the keys from p - before to p + after.
        from_end: positions of queries are such that the last query is at the last key. Otherwise
            the first query is at the first key.
        actual_seq_qlen: where each packed sequence ends: running sums of lengths, the last of which
            is the total length of `query`. Sequences do not see each other; a mask does not go with
            them.
        actual_seq_kvlen: the same for `key`; as many. `actual_seq_qlen` where it is None.
        dropout: the probability with which a weight becomes 0, below 1.
        seed: below 2 ** 63; with `offset`, says which weights do: the same ones in every call,
            forward and backward, for any number of threads. On the CPU they are those of
            Philox4x32-10 with the key `seed` at (key / 4, query, batch * heads + head, offset).
        offset: below 2 ** 32.
        log_sum_exp: return L too.

    Returns:
        A new tensor with the shape of `query` and the size of `value`, in the dtype of `query`;
        with `log_sum_exp` a tuple of it and L, which has one number a query, float32, float64 where
        `query` is: (batch, heads, length), or (total length, heads). Sums are taken in float32
        whatever is stored. On the CPU, on one machine, equal inputs give equal bits, gradients
        included, with any number of threads.

    Raises:
        TypeError: an argument is no tensor or number, or has another dtype.
        ValueError: the shapes do not fit, or an argument is out of range.
    """
    for argument, tensor in (("query", query), ("key", key), ("value", value)):
        check_tensor("fusion_attention", argument, tensor)
    if mask is not None:
        check_tensor("fusion_attention", "mask", mask)
    plan = plan_of(
        query,
        scale=scale,
        causal=causal,
        window=window,
        from_end=from_end,
        actual_seq_qlen=actual_seq_qlen,
        actual_seq_kvlen=actual_seq_kvlen,
        dropout=dropout,
        seed=seed,
        offset=offset,
    )
    return native().fusion_attention(query, key, value, mask, *plan, log_sum=bool(log_sum_exp))


_OPTIONS = {
    name: parameter.default
    for name, parameter in inspect.signature(fusion_attention).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY and name != "log_sum_exp"
}
"""What is no tensor among the arguments of `fusion_attention`, with its defaults."""


def plan_of(query: mindspore.Tensor, **given: object) -> tuple:
    """What is no tensor among the arguments of `fusion_attention`, as the compiled module takes
    it; its own defaults for what is not given.
    """
    for name in given:
        check_choice("fusion_attention", "option", name, _OPTIONS)
    options = {**_OPTIONS, **given}
    scale = options["scale"]
    if scale is None:
        scale = 1 / math.sqrt(max(query.shape[-1], 1)) if query.ndim else 1.0
    check_number("fusion_attention", "scale", scale)
    check_number("fusion_attention", "dropout", options["dropout"])
    before, after = _reach(options["window"])
    return (
        *_ends(options["actual_seq_qlen"], options["actual_seq_kvlen"]),
        scale,
        before,
        min(after, 0) if options["causal"] else after,
        bool(options["from_end"]),
        options["dropout"],
        _below("seed", options["seed"], 2**63),
        _below("offset", options["offset"], 2**32),
    )


def _reach(window: tuple[int, int] | None) -> tuple[int, int]:
    """How far a query sees, before and after its position."""
    if window is None:
        return _UNLIMITED, _UNLIMITED
    if not isinstance(window, (tuple, list)) or len(window) != 2:
        raise TypeError(
            f"msops.fusion_attention: window must be a pair of integers, got {window!r}"
        )
    for side in window:
        check_integer("fusion_attention", "window", side)
    before, after = (max(min(int(side), _UNLIMITED), -_UNLIMITED) for side in window)
    return before, after


def _ends(queries: Sequence[int] | None, keys: Sequence[int] | None) -> tuple[list[int], list[int]]:
    if queries is None:
        if keys is not None:
            raise ValueError(
                "msops.fusion_attention: actual_seq_kvlen goes with actual_seq_qlen, which is not "
                "there"
            )
        return [], []
    ends = [list(queries), list(queries if keys is None else keys)]
    for argument, values in zip(("actual_seq_qlen", "actual_seq_kvlen"), ends, strict=True):
        if not values:
            raise ValueError(f"msops.fusion_attention: {argument} must not be empty")
        for value in values:
            check_integer("fusion_attention", argument, value)
    return ends[0], ends[1]


def _below(argument: str, value: int, limit: int) -> int:
    check_integer("fusion_attention", argument, value)
    if not 0 <= value < limit:
        raise ValueError(
            f"msops.fusion_attention: {argument} must be at least 0 and below {limit}, got {value}"
        )
    return int(value)


def ring_attention_update(
    output: mindspore.Tensor,
    log_sum: mindspore.Tensor,
    other: mindspore.Tensor,
    other_log_sum: mindspore.Tensor,
) -> tuple[mindspore.Tensor, mindspore.Tensor]:
    """Attention over all keys from attention over some keys and over others.

        L = log(exp(log_sum) + exp(other_log_sum))
        result = exp(log_sum - L) * output + exp(other_log_sum - L) * other

    Source: H. Liu et al., "Ring Attention with Blockwise Transformers for Near-Infinite Context",
    2023; CANN's operator of this name has the same formula for maximum and sum apart.
    Differentiable in all four, once: what a chain of these makes of pieces has the gradients of
    attention over the whole.

    Args:
        output: what `fusion_attention` gave for some of the keys; any shape with a dimension for
            the size; float16, bfloat16 or float32, on the CPU also float64.
        log_sum: what it gave with `log_sum_exp`: the shape of `output` without its last dimension,
            float32, float64 where `output` is.
        other: the same for other keys; the shape and dtype of `output`.
        other_log_sum: the shape and dtype of `log_sum`.

    Returns:
        The result, with the shape and dtype of `output`, and L, with those of `log_sum`. Where both
        logarithms are -infinity, so that no key was seen, the result is 0.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
        ValueError: the shapes do not fit.
    """
    name = "ring_attention_update"
    check_tensor(name, "output", output)
    check_tensor(name, "log_sum", log_sum)
    check_tensor(name, "other", other)
    check_tensor(name, "other_log_sum", other_log_sum)
    return native().ring_attention_update(output, log_sum, other, other_log_sum)
