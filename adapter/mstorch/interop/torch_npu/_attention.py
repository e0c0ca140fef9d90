# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Attention of torch_npu: its layouts, masks and results around msops.fusion_attention."""

from dataclasses import dataclass

import numpy

import msops
from mstorch._autograd import unrecorded_all, wants_grad
from mstorch._errors import missing
from mstorch._ops import fused_attention, pointwise, views
from mstorch._random import integers
from mstorch._tensor import dense, wrap
from mstorch.interop.torch_npu._lengths import numbers_of

_FAR = 2147483647
_COPIES = 8  # of each maximum and sum
_COMPRESSED = 2048  # rows and columns of the mask that stands for a causal one of any size


@dataclass(frozen=True)
class _Call:
    """What a call says beside query, key and value."""

    name: str
    heads: int
    layout: str
    pse: object
    mask: object
    scale: float
    before: int
    after: int
    prefix: object
    ends: tuple
    mode: int
    pse_type: int


def npu_fusion_attention(
    query,
    key,
    value,
    head_num,
    input_layout,
    pse=None,
    padding_mask=None,
    atten_mask=None,
    scale=1.0,
    keep_prob=1.0,
    pre_tockens=_FAR,
    next_tockens=_FAR,
    inner_precise=0,
    prefix=None,
    actual_seq_qlen=None,
    actual_seq_kvlen=None,
    sparse_mode=0,
    gen_mask_parallel=True,
    sync=False,
    softmax_layout="",
    sink=None,
):
    """`npu_fusion_attention_v2` with `pse_type` 1, and two arguments spelled in another way."""
    return npu_fusion_attention_v2(
        query,
        key,
        value,
        head_num,
        input_layout,
        pse=pse,
        padding_mask=padding_mask,
        atten_mask=atten_mask,
        scale=scale,
        keep_prob=keep_prob,
        pre_tokens=pre_tockens,
        next_tokens=next_tockens,
        inner_precise=inner_precise,
        prefix=prefix,
        actual_seq_qlen=actual_seq_qlen,
        actual_seq_kvlen=actual_seq_kvlen,
        sparse_mode=sparse_mode,
        gen_mask_parallel=gen_mask_parallel,
        sync=sync,
        softmax_layout=softmax_layout,
        sink=sink,
    )


def npu_fusion_attention_v2(
    query,
    key,
    value,
    head_num,
    input_layout,
    *,
    pse=None,
    padding_mask=None,
    atten_mask=None,
    query_rope=None,
    key_rope=None,
    scale=1.0,
    keep_prob=1.0,
    pre_tokens=_FAR,
    next_tokens=_FAR,
    inner_precise=0,
    prefix=None,
    actual_seq_qlen=None,
    actual_seq_kvlen=None,
    sparse_mode=0,
    gen_mask_parallel=True,
    sync=False,
    pse_type=1,
    q_start_idx=None,
    kv_start_idx=None,
    softmax_layout="",
    sink=None,
    dropout_mask=None,
    seed=0,
    offset=0,
):
    """softmax(mask(scale * (query @ key' + pse))) @ value, with dropout of the weights.

    With `pse_type` 0, scale * query @ key' + pse. `atten_mask` is true where a key is *not* seen;
    without it every key is, whatever `sparse_mode` says. Modes 0 and 1: the mask, within
    `pre_tokens` and `next_tokens` for 0; 2, 3: causal from the first query, and to the last; 4: a
    window to the last; 5, 6: causal to the last, and the first `prefix` keys of a batch. In modes
    2 to 4 the mask is the triangle of 2048 rows that stands for one of any size.

    Returns:
        The output, recorded for query, key and value; the largest score and the sum of exponentials
        of each query, (batch, heads, length, 8) or (total length, heads, 8), float32; an empty
        tensor; seed, offset and number of the random numbers of dropout.
    """
    name = "torch_npu.npu_fusion_attention"
    absent = {
        "padding_mask": padding_mask,
        "query_rope": query_rope,
        "key_rope": key_rope,
        "q_start_idx": q_start_idx,
        "kv_start_idx": kv_start_idx,
        "sink": sink,
        "dropout_mask": dropout_mask,
    }
    for argument, given in absent.items():
        if given is not None:
            raise missing(name, argument)
    ends = (actual_seq_qlen, actual_seq_kvlen)
    call = _call(
        name,
        head_num,
        input_layout,
        pse,
        atten_mask,
        scale,
        (pre_tokens, next_tokens),
        prefix,
        ends,
        sparse_mode,
        pse_type,
    )
    dropout = _dropout(keep_prob)
    operands = _operands(call, query, key, value)
    mask, options = _seen(call, *operands[:2])
    parts = fused_attention.fusion_attention(*operands, mask, **options, **dropout)
    output, *rows = parts
    largest, sums = _statistics(call, *rows, softmax_layout)
    nothing = wrap(numpy.zeros(0, query._a.dtype))
    count = _numbers(call, *operands[:2]) if dropout else 0
    drawn = (dropout.get("seed", 0), dropout.get("offset", 0), count)
    return (_result(call, output), largest, sums, nothing, *drawn)


def npu_fusion_attention_grad(
    query,
    key,
    value,
    dy,
    head_num,
    input_layout,
    *,
    pse=None,
    padding_mask=None,
    atten_mask=None,
    softmax_max=None,
    softmax_sum=None,
    softmax_in=None,
    attention_in=None,
    scale_value=1.0,
    keep_prob=1.0,
    pre_tockens=_FAR,
    next_tockens=_FAR,
    inner_precise=0,
    seed=0,
    offset=0,
    numels=0,
    prefix=None,
    actual_seq_qlen=None,
    actual_seq_kvlen=None,
    sparse_mode=0,
    gen_mask_parallel=True,
    sync=False,
    softmax_layout="",
    sink=None,
    pse_type=1,
):
    """The gradients of npu_fusion_attention in query, key and value from its results, and None for
    pse. Not recorded.
    """
    name = "torch_npu.npu_fusion_attention_grad"
    if padding_mask is not None or sink is not None:
        raise missing(name, "padding_mask and sink")
    ends = (actual_seq_qlen, actual_seq_kvlen)
    call = _call(
        name,
        head_num,
        input_layout,
        pse,
        atten_mask,
        scale_value,
        (pre_tockens, next_tockens),
        prefix,
        ends,
        sparse_mode,
        pse_type,
    )
    query, key, value = _operands(call, *(t.detach() for t in (query, key, value)))
    mask, options = _seen(call, query, key)
    largest, sums = (_row_numbers(call, t, softmax_layout) for t in (softmax_max, softmax_sum))
    dropout = {} if keep_prob == 1 else {"dropout": 1 - keep_prob, "seed": seed, "offset": offset}
    gradients = unrecorded_all(
        msops.parts.fusion_attention_grad,
        dense(_by_heads(call, dy.detach())),
        query,
        key,
        value,
        mask,
        dense(_by_heads(call, attention_in.detach())),
        wrap(_logarithms(largest, sums)),
        **options,
        **dropout,
    )
    return (*(_result(call, gradient) for gradient in gradients), None)


def npu_ring_attention_update(
    prev_attn_out,
    prev_softmax_max,
    prev_softmax_sum,
    cur_attn_out,
    cur_softmax_max,
    cur_softmax_sum,
    *,
    actual_seq_qlen=None,
    input_layout="SBH",
    input_softmax_layout="",
):
    """Attention over the keys of two calls of npu_fusion_attention, from both outputs, maxima and
    sums: the three for all keys. It has no gradient there either.
    """
    name = "torch_npu.npu_ring_attention_update"
    if wants_grad(prev_attn_out, cur_attn_out):
        raise missing(name, "its gradient; call it inside of a torch.autograd.Function")
    if input_layout not in ("SBH", "TND"):
        raise ValueError(f"{name}: input_layout must be 'SBH' or 'TND', got {input_layout!r}")
    heads = prev_softmax_max._a.shape[1]
    ends = None if actual_seq_qlen is None else _without_start(actual_seq_qlen)
    call = _call(name, heads, input_layout, None, None, 1.0, (_FAR, _FAR), None, (ends, None), 0, 1)
    sides = []
    for output, *softmax in (
        (prev_attn_out, prev_softmax_max, prev_softmax_sum),
        (cur_attn_out, cur_softmax_max, cur_softmax_sum),
    ):
        numbers = [_row_numbers(call, t, input_softmax_layout) for t in softmax]
        sides.append((dense(_by_heads(call, output)), *numbers))
    (one, max1, sum1), (other, max2, sum2) = sides
    logarithms = (wrap(_logarithms(max1, sum1)), wrap(_logarithms(max2, sum2)))
    output, log_sum = unrecorded_all(
        msops.ring_attention_update, one, logarithms[0], other, logarithms[1]
    )
    rows = (log_sum, wrap(numpy.maximum(max1, max2)))
    return (_result(call, output), *_statistics(call, *rows, input_softmax_layout))


def _without_start(ends):
    numbers = numbers_of(ends)
    return numbers[1:] if numbers and numbers[0] == 0 else numbers


def _call(name, heads, layout, pse, mask, scale, reach, prefix, ends, mode, pse_type):
    if layout not in _TO_HEADS:
        raise ValueError(
            f"{name}: input_layout must be one of {', '.join(_TO_HEADS)}, got {layout!r}"
        )
    if layout == "TND":
        if ends[0] is None:
            raise ValueError(f"{name}: input_layout TND needs actual_seq_qlen")
        ends = tuple(None if one is None else _without_unused(numbers_of(one)) for one in ends)
    elif any(one is not None for one in ends):
        raise missing(name, f"actual_seq_qlen and actual_seq_kvlen with input_layout {layout}")
    if pse is not None and pse_type not in (0, 1):
        raise missing(name, f"pse_type {pse_type}; there are 0 and 1")
    return _Call(name, heads, layout, pse, mask, scale, *reach, prefix, ends, mode, pse_type)


def _without_unused(ends):
    """Without the zeros at the end, which are sequences that take no part."""
    while len(ends) > 1 and ends[-1] == 0:
        ends = ends[:-1]
    return ends


# Views of (batch, heads, length, size), and of the total length for TND.
_TO_HEADS = {
    "BNSD": lambda x, heads: x,
    "BSND": lambda x, heads: views.transpose(x, 1, 2),
    "BSH": lambda x, heads: views.transpose(views.unflatten(x, 2, (heads, -1)), 1, 2),
    "SBH": lambda x, heads: views.permute(views.unflatten(x, 2, (heads, -1)), (1, 2, 0, 3)),
    "TND": lambda x, heads: x,
}
_FROM_HEADS = {
    "BNSD": lambda x: x,
    "BSND": lambda x: views.transpose(x, 1, 2),
    "BSH": lambda x: views.flatten(views.transpose(x, 1, 2), 2),
    "SBH": lambda x: views.flatten(views.permute(x, (2, 0, 1, 3)), 2),
    "TND": lambda x: x,
}


def _by_heads(call, tensor, heads=None):
    return _TO_HEADS[call.layout](tensor, call.heads if heads is None else heads)


def _result(call, tensor):
    return _FROM_HEADS[call.layout](tensor)


def _operands(call, query, key, value):
    """Query, key and value by heads; with the sizes of both known, so are the heads of the key."""
    query = _by_heads(call, query)
    if query._a.shape[1] != call.heads:
        raise ValueError(
            f"{call.name}: head_num is {call.heads}, and query has {query._a.shape[1]} heads"
        )
    heads = call.heads
    if call.layout in ("BSH", "SBH"):
        heads = key._a.shape[2] // max(query._a.shape[3], 1)
    return query, _by_heads(call, key, heads), _by_heads(call, value, heads)


def _seen(call, query, key):
    """The mask and the options of msops that say which keys are seen, and the scale."""
    options = {"scale": call.scale}
    if call.layout == "TND":
        options["actual_seq_qlen"] = call.ends[0]
        options["actual_seq_kvlen"] = call.ends[1] or call.ends[0]
        if call.pse is not None or (call.mask is not None and call.mode not in (2, 3, 4)):
            raise missing(
                call.name,
                f"input_layout TND with pse, or a mask and sparse_mode {call.mode}; with a mask "
                "there are 2, 3 and 4",
            )
    seen = None
    if call.mask is not None:
        if call.mode in (2, 3, 4):
            _check_compressed(call)
            options.update(_WINDOWS[call.mode](call))
        elif call.mode in (0, 1):
            seen = numpy.logical_not(call.mask._a.astype(bool))
            if call.mode == 0 and min(call.before, call.after) < _FAR:
                options["window"] = (call.before, call.after)
        elif call.mode in (5, 6):
            seen = _prefix_seen(call, query, key)
        else:
            raise missing(call.name, f"sparse_mode {call.mode}; there are 0 to 6")
    if call.pse is None:
        return None if seen is None else wrap(seen), options
    return _shifted(call, query, seen), options


_WINDOWS = {
    2: lambda call: {"causal": True},
    3: lambda call: {"causal": True, "from_end": True},
    4: lambda call: {"window": (call.before, call.after), "from_end": True},
}


def _check_compressed(call):
    size = _COMPRESSED
    mask = call.mask._a
    if mask.shape[-2:] != (size, size) or mask.size != size * size:
        raise ValueError(
            f"{call.name}: with sparse_mode {call.mode} atten_mask must have the shape ({size}, "
            f"{size}), got {mask.shape}; sparse_mode 1 takes a whole mask"
        )
    if not numpy.array_equal(mask.reshape(size, size).astype(bool), ~numpy.tri(size, dtype=bool)):
        raise ValueError(
            f"{call.name}: with sparse_mode {call.mode} atten_mask must hide what is right of the "
            "diagonal, and nothing else; sparse_mode 1 takes any mask"
        )


def _prefix_seen(call, query, key):
    """(batch, 1, length, key length): causal to the last key, and the first keys of each batch."""
    batch, _, length, _ = query._a.shape
    keys = key._a.shape[2]
    if call.prefix is None or len(call.prefix) != batch:
        raise ValueError(f"{call.name}: sparse_mode {call.mode} needs a prefix for each batch")
    causal = numpy.tri(length, keys, keys - length, dtype=bool)
    first = numpy.arange(keys) < numpy.asarray(numbers_of(call.prefix))[:, None]
    seen = causal[None, None] | first[:, None, None]
    if call.mode == 5 and not numpy.array_equal(
        numpy.broadcast_to(~call.mask._a.astype(bool), (batch, *call.mask._a.shape[1:])),
        numpy.broadcast_to(seen, (batch, *call.mask._a.shape[1:])),
    ):
        raise ValueError(f"{call.name}: atten_mask is not the mask that prefix describes")
    return seen


def _shifted(call, query, seen):
    """What is added to the scores, of the dtype of query."""
    pse = call.pse
    if wants_grad(pse):
        raise missing(call.name, "a gradient of pse; detach it, or compose the attention")
    if pse._a.ndim == 4 and pse._a.shape[2] not in (1, query._a.shape[2]):
        raise missing(call.name, "a pse of the last 1024 rows alone; give all of its rows")
    if call.pse_type == 1:
        pse = pointwise.mul(pse, call.scale)
    added = pse._a
    if seen is not None:
        added = numpy.where(seen, added.astype(numpy.float32), -numpy.inf)
    return wrap(added.astype(query._a.dtype, copy=False))


def _dropout(keep_prob):
    if keep_prob == 1:
        return {}
    if not 0 < keep_prob < 1:
        raise ValueError(
            f"torch_npu.npu_fusion_attention: keep_prob must be in (0, 1], got {keep_prob}"
        )
    return {"dropout": 1 - keep_prob, "seed": int(integers(0, 2**62, 1)[0]), "offset": 0}


def _numbers(call, query, key):
    if call.layout != "TND":
        return int(numpy.prod(query._a.shape[:3])) * key._a.shape[2]
    lengths = (numpy.diff(ends, prepend=0) for ends in (call.ends[0], call.ends[1] or call.ends[0]))
    return call.heads * int(numpy.prod(list(lengths), axis=0).sum())


def _logarithms(largest, sums):
    with numpy.errstate(divide="ignore"):
        return largest + numpy.log(sums)


def _statistics(call, log_sum, largest, softmax_layout):
    """Maxima and sums as torch_npu lays them out."""
    highest, logarithms = largest._a, log_sum._a
    with numpy.errstate(invalid="ignore"):
        sums = numpy.exp(logarithms - highest)
    sums = numpy.where(numpy.isneginf(logarithms), 0, sums)
    return tuple(
        wrap(_laid_out(call, numbers.astype(numpy.float32, copy=False), softmax_layout))
        for numbers in (highest, sums)
    )


def _laid_out(call, numbers, softmax_layout):
    if call.layout == "TND" and softmax_layout != "TND":
        # There each sequence lies by heads, in the shape of one that lies by tokens.
        blocks = [numbers[a:b].T.reshape(-1) for a, b in _sequences(call)]
        numbers = numpy.concatenate(blocks).reshape(numbers.shape)
    return numpy.repeat(numbers[..., None], _COPIES, -1)


def _row_numbers(call, tensor, softmax_layout):
    """The opposite: one number a query."""
    numbers = numpy.ascontiguousarray(tensor._a[..., 0])
    if call.layout == "TND" and softmax_layout != "TND":
        flat, heads = numbers.reshape(-1), numbers.shape[1]
        blocks = [flat[a * heads : b * heads].reshape(heads, b - a).T for a, b in _sequences(call)]
        numbers = numpy.concatenate(blocks)
    return numbers


def _sequences(call):
    if call.ends[0] is None:
        raise ValueError(f"{call.name}: input_layout TND needs actual_seq_qlen")
    ends = call.ends[0]
    return zip([0, *ends[:-1]], ends, strict=True)
