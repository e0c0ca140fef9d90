# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Scaled dot product attention."""

import math

import numpy

import msops
from mstorch import _dtypes, _engine
from mstorch._autograd import attach, derivative, remember, wants_grad
from mstorch._ops import activation, dropout, linalg, pointwise, views
from mstorch._registry import operator
from mstorch._tensor import adopt, wrap


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
    Served by msops, which never holds the scores, where there are many and no dropout, which draws
    as torch does.
    """
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    if enable_gqa:
        repeats = query._a.shape[-3] // key._a.shape[-3]
        key = views.repeat_interleave(key, repeats, -3)
        value = views.repeat_interleave(value, query._a.shape[-3] // value._a.shape[-3], -3)
    scale = 1 / math.sqrt(query._a.shape[-1]) if scale is None else scale
    if dropout_p == 0 and _served_by_msops(query, key, value, attn_mask):
        return _fused(query, key, value, attn_mask, is_causal, scale)
    if is_causal:
        attn_mask = _causal_mask(query, key)
    kind = query.dtype
    query, key, value = (_wide(t) for t in (query, key, value))
    weights = _weights(query, key, attn_mask, scale)
    if dropout_p > 0:
        weights = dropout.dropout(weights, dropout_p, True)
    return views.cast(linalg.matmul(weights, value), kind)


def _causal_mask(query, key):
    return wrap(numpy.tril(numpy.ones((query._a.shape[-2], key._a.shape[-2]), bool)))


def _weights(query, key, mask, scale):
    scores = pointwise.mul(linalg.matmul(query, views.transpose(key, -2, -1)), scale)
    unseen = None
    if mask is not None:
        if mask._a.dtype.kind == "b":
            hidden = wrap(numpy.logical_not(mask._a))
            scores = pointwise.masked_fill(scores, hidden, -math.inf)
        else:
            scores = pointwise.add(scores, _wide(mask))
        unseen = wrap(numpy.isneginf(scores._a).all(-1, keepdims=True))
    weights = activation.softmax(scores, -1)
    if unseen is not None and unseen._a.any():
        weights = pointwise.masked_fill(weights, unseen, 0.0)
    return weights


# Of queries and of keys: with fewer the composed form is as fast.
_FEWEST = 32


def _served_by_msops(query, key, value, mask):
    shape, kind = query._a.shape, query._a.dtype
    return (
        len(shape) == 4
        and (kind == numpy.float32 or kind in _dtypes.REDUCED)
        and kind == key._a.dtype == value._a.dtype
        and key._a.shape == (*shape[:2], key._a.shape[2], shape[3])
        and value._a.shape[:3] == key._a.shape[:3]
        and min(*shape, *value._a.shape) > 0
        and min(shape[2], key._a.shape[2]) >= _FEWEST
        and (mask is None or _mask_served(mask, (*shape[:3], key._a.shape[2]), kind))
    )


def _mask_served(mask, scores, kind):
    sizes = mask._a.shape
    return (
        mask._a.dtype in (numpy.bool_, kind)
        and not wants_grad(mask)
        and len(sizes) <= 4
        and all(n in (1, m) for n, m in zip(sizes[::-1], scores[::-1], strict=False))
    )


def _fused(query, key, value, mask, causal, scale):
    _engine.set_grad_flag(False)  # msops would else record itself
    results = msops.fusion_attention(
        query, key, value, mask, scale=scale, causal=causal, log_sum_exp=True
    )
    output, log_sum = (adopt(result) for result in results)
    inputs = (query, key, value)
    if wants_grad(*inputs):
        saved = (*inputs, remember(output), *(() if mask is None else (mask,)))
        context = (log_sum, causal, scale)
        output = attach(_fused_backward, output, inputs, saved, context)
    return output


@derivative("ScaledDotProductFlashAttentionForCpuBackward0")
def _fused_backward(ctx, grad):
    query, key, value, output, *mask = ctx.saved
    log_sum, causal, scale = ctx.context
    mask = mask[0] if mask else None
    if _engine.is_recording():
        return _composed_gradients(grad, query, key, value, mask, causal, scale)
    _engine.set_grad_flag(False)
    gradients = msops.parts.fusion_attention_grad(
        grad, query, key, value, mask, output, log_sum, scale=scale, causal=causal
    )
    return tuple(adopt(gradient) for gradient in gradients)


def _composed_gradients(grad, query, key, value, mask, causal, scale):
    """The same by operators that are recorded."""
    kind = query.dtype
    mask = _causal_mask(query, key) if causal else mask
    grad, query, key, value = (_wide(t) for t in (grad, query, key, value))
    weights = _weights(query, key, mask, scale)
    by_weights = linalg.matmul(grad, views.transpose(value, -2, -1))
    along = pointwise.mul(by_weights, weights).sum(-1, True)
    slopes = pointwise.mul(pointwise.mul(weights, pointwise.sub(by_weights, along)), scale)
    gradients = (
        linalg.matmul(slopes, key),
        linalg.matmul(views.transpose(slopes, -2, -1), query),
        linalg.matmul(views.transpose(weights, -2, -1), grad),
    )
    return tuple(views.cast(gradient, kind) for gradient in gradients)


def _wide(tensor):
    """float32 for the half types: scores and weights are not rounded in between."""
    narrow = tensor._a.dtype in _dtypes.REDUCED
    return views.cast(tensor, _dtypes.float32) if narrow else tensor
