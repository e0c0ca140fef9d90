# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Rotary position embedding. torch has no such operator: fused parts of other packages ask."""

import msops
from mstorch._autograd import attach, derivative, unrecorded, wants_grad
from mstorch._errors import missing
from mstorch._tensor import adopt, dense


@derivative("RotaryPositionEmbeddingBackward0")
def _rotary_backward(ctx, grad):
    x, cos, sin = ctx.saved
    if wants_grad(grad, x, cos, sin):
        raise missing(
            "rotary_position_embedding", "its gradient is not differentiable; compose it instead"
        )
    by_x, by_cos, by_sin = ctx.needs
    result = [None, None, None]
    if by_x:
        result[0] = adopt(msops.parts.rotary_position_embedding_grad(grad, cos, sin, *ctx.context))
    if by_cos or by_sin:
        result[1:] = map(
            adopt,
            msops.parts.rotary_position_embedding_table_grad(grad, x, cos, sin, *ctx.context),
        )
    return tuple(result)


def _with_dense_rows(x):
    """What msops reads without a copy: a view of some columns, as an MLA query's rope part is."""
    array = x._a
    return x if not array.ndim or array.strides[-1] == array.itemsize else dense(x)


def rotary_position_embedding(x, cos, sin, layout="half", start=0):
    """`msops.rotary_position_embedding`, which says what the layouts are; recorded."""
    kept = [_with_dense_rows(x), dense(cos), dense(sin)]
    result = unrecorded(msops.rotary_position_embedding, *kept, layout, start)
    if wants_grad(x, cos, sin):
        result = attach(_rotary_backward, result, (x, cos, sin), kept, (layout, start))
    return result
