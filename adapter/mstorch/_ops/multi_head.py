# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Attention of several heads with projections."""

import math

from mstorch import _dtypes
from mstorch._ops import activation, attention, creation, dropout, linalg, pointwise, views
from mstorch._registry import operator


def _added(mask, dtype):
    """A mask as numbers that are added to scores: where a boolean one is True, nothing is seen."""
    if mask is None or mask.dtype is not _dtypes.bool:
        return mask
    zeros = creation.zeros(mask._a.shape, dtype=dtype)
    return pointwise.masked_fill(zeros, mask, -math.inf)


def _one_more(mask):
    """A mask for one more key, which is seen."""
    return None if mask is None else views.pad(mask, (0, 1))


def _projected(query, key, value, width, whole, parts, bias):
    """The projections of query, key and value by one weight or three, and one bias or none."""
    weights = views.split(whole, width) if parts is None else parts
    biases = (None,) * 3 if bias is None else views.split(bias, width)
    return [
        linalg.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)
    ]


def _heads(x, batch, heads):
    """(L, N, E) as (N * heads, L, E / heads)."""
    length, width = x._a.shape[0], x._a.shape[-1] // heads
    return views.transpose(views.reshape(x, (length, batch * heads, width)), 0, 1)


def _merged_mask(mask, padding, batch, heads, length):
    """The attention mask and the mask of padded keys as one of (N * heads, L, S), or None."""
    if mask is not None and mask._a.ndim == 2:
        mask = views.unsqueeze(mask, 0)
    if padding is None:
        return mask
    keys = padding._a.shape[-1]
    wide = views.expand(views.reshape(padding, (batch, 1, 1, keys)), (batch, heads, length, keys))
    wide = views.reshape(wide, (batch * heads, length, keys))
    return wide if mask is None else pointwise.add(mask, wide)


def _check_masks(mask, padding, batch, heads, length, keys):
    shapes = ((length, keys), (batch * heads, length, keys))
    if mask is not None and mask._a.shape not in shapes:
        raise RuntimeError(
            f"The shape of the attn_mask is {tuple(mask.shape)}, but should be "
            f"{' or '.join(map(str, shapes))}."
        )
    if padding is not None and padding._a.shape != (batch, keys):
        raise AssertionError(
            f"expecting key_padding_mask shape of {(batch, keys)}, but got {tuple(padding.shape)}"
        )


@operator("torch.nn.functional.multi_head_attention_forward")
def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """Attention for (L, N, E) or (L, E), and its weights (N, L, S), or (N, heads, L, S) where they
    are not averaged, or None.

    Boolean masks are True where nothing is seen; others are added to the scores. `is_causal` is a
    hint that `attn_mask` is the causal one, which must be given.
    """
    batched = query._a.ndim == 3
    if not batched:
        query, key, value = (views.unsqueeze(x, 1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, width = query._a.shape
    if width != embed_dim_to_check or width % num_heads:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, divisible by num_heads "
            f"{num_heads}, but got {width}"
        )
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    _check_masks(attn_mask, key_padding_mask, batch, num_heads, length, key._a.shape[0])
    mask = _added(attn_mask, query.dtype)
    padding = _added(key_padding_mask, query.dtype)
    parts = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = _projected(query, key, value, width, in_proj_weight, parts, in_proj_bias)
    if bias_k is not None and bias_v is not None:
        k = views.cat([k, views.expand(bias_k, (1, batch, width))])
        v = views.cat([v, views.expand(bias_v, (1, batch, width))])
        mask, padding = _one_more(mask), _one_more(padding)
    q = _heads(q, batch, num_heads)
    k = _heads(k, batch, num_heads) if static_k is None else static_k
    v = _heads(v, batch, num_heads) if static_v is None else static_v
    if add_zero_attn:
        nothing = creation.zeros((batch * num_heads, 1, width // num_heads), dtype=k.dtype)
        k, v = views.cat([k, nothing], 1), views.cat([v, nothing], 1)
        mask, padding = _one_more(mask), _one_more(padding)
    mask = _merged_mask(mask, padding, batch, num_heads, length)
    p = dropout_p if training else 0.0
    seen, weights = (_weighed if need_weights else _unweighed)(q, k, v, mask, p, batch, num_heads)
    joined = views.reshape(views.transpose(seen, 0, 1), (length, batch, width))
    result = linalg.linear(joined, out_proj_weight, out_proj_bias)
    if weights is not None:
        weights = views.reshape(weights, (batch, num_heads, length, k._a.shape[1]))
        weights = weights.mean(1) if average_attn_weights else weights
    if batched:
        return result, weights
    return views.squeeze(result, 1), None if weights is None else views.squeeze(weights, 0)


def _weighed(q, k, v, mask, p, batch, heads):
    """Values by weight, and the weights, after dropout."""
    q = pointwise.mul(q, math.sqrt(1.0 / q._a.shape[-1]))
    scores = linalg.matmul(q, views.transpose(k, 1, 2))
    weights = activation.softmax(scores if mask is None else pointwise.add(scores, mask), -1)
    weights = dropout.dropout(weights, p, True) if p > 0 else weights
    return linalg.matmul(weights, v), weights


def _unweighed(q, k, v, mask, p, batch, heads):
    """Values by weight alone."""
    q, k, v = (views.reshape(x, (batch, heads, *x._a.shape[1:])) for x in (q, k, v))
    if mask is not None and mask._a.shape[0] != 1:
        mask = views.reshape(mask, (batch, heads, *mask._a.shape[1:]))
    seen = attention.scaled_dot_product_attention(q, k, v, mask, p)
    return views.reshape(seen, (batch * heads, *seen._a.shape[2:])), None
