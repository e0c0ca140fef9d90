# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Scaled dot product attention."""

import math

import numpy

from mstorch import _dtypes
from mstorch._ops import activation, dropout, linalg, pointwise, views
from mstorch._registry import operator
from mstorch._tensor import wrap


@operator("torch.nn.functional.scaled_dot_product_attention")
def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    scale=None,
    enable_gqa=False,
):
    """softmax(query @ key^T * scale + mask) @ value, for (..., L, E), (..., S, E), (..., S, V).

    A boolean mask says which keys are seen; rows that see none are 0. `scale` is 1 / sqrt(E).
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    kind = query.dtype
    query, key, value = (_wide(t) for t in (query, key, value))
    if enable_gqa:
        repeats = query._a.shape[-3] // key._a.shape[-3]
        key = views.repeat_interleave(key, repeats, -3)
        value = views.repeat_interleave(value, query._a.shape[-3] // value._a.shape[-3], -3)
    if is_causal:
        shape = (query._a.shape[-2], key._a.shape[-2])
        attn_mask = wrap(numpy.tril(numpy.ones(shape, bool)))
    scale = 1 / math.sqrt(query._a.shape[-1]) if scale is None else scale
    scores = pointwise.mul(linalg.matmul(query, views.transpose(key, -2, -1)), scale)
    unseen = None
    if attn_mask is not None:
        if attn_mask._a.dtype.kind == "b":
            hidden = wrap(numpy.logical_not(attn_mask._a))
            scores = pointwise.masked_fill(scores, hidden, -math.inf)
        else:
            scores = pointwise.add(scores, _wide(attn_mask))
        unseen = wrap(numpy.isneginf(scores._a).all(-1, keepdims=True))
    weights = activation.softmax(scores, -1)
    if unseen is not None and unseen._a.any():
        weights = pointwise.masked_fill(weights, unseen, 0.0)
    if dropout_p > 0:
        weights = dropout.dropout(weights, dropout_p, True)
    return views.cast(linalg.matmul(weights, value), kind)


def _wide(tensor):
    """float32 for the half types: scores and weights are not rounded in between."""
    narrow = tensor._a.dtype in _dtypes.REDUCED
    return views.cast(tensor, _dtypes.float32) if narrow else tensor
