# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Gated activations in one pass. torch has no such operator: fused parts of other packages ask."""

import msops
from mstorch import _dtypes
from mstorch._autograd import attach, derivative, unrecorded, wants_grad
from mstorch._errors import missing
from mstorch._ops import views
from mstorch._tensor import adopt, dense


@derivative("SwigluBackward0")
def _swiglu_backward(ctx, grad):
    x, *others = ctx.saved
    has_bias, has_scale = ctx.context
    bias = others[0] if has_bias else None
    scale = others[-1] if has_scale else None
    if wants_grad(grad, x):
        raise missing("swiglu", "its gradient is not differentiable; compose F.silu instead")
    gradients = msops.parts.swiglu_grad(grad, x, bias, scale)
    return tuple(
        adopt(gradient) if needed else None
        for gradient, needed in zip(gradients, ctx.needs, strict=True)
    )


def swiglu(x, bias=None, scale=None):
    """`silu(a) * b * scale`, `a` and `b` the halves of `x + bias` along the last dimension.

    `bias` has a value a column, `scale` one a row: the shape of x with 1 as its last dimension.
    Served by msops: rounded once.
    """
    if scale is not None:
        wide = x.dtype if x.dtype == _dtypes.float64 else _dtypes.float32
        scale = views.cast(scale, wide)
    kept = [dense(t) for t in (x, bias, scale) if t is not None]
    given = iter(kept)
    operands = [None if t is None else next(given) for t in (x, bias, scale)]
    result = unrecorded(msops.swiglu, *operands)
    inputs = (x, bias, scale)
    if wants_grad(*(t for t in inputs if t is not None)):
        context = (bias is not None, scale is not None)
        result = attach(_swiglu_backward, result, inputs, kept, context)
    return result
