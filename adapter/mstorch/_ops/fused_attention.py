# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Attention that never holds its scores, with all that msops knows, for fused parts of other
packages. `F.scaled_dot_product_attention` is in attention.py.
"""

import msops
from mstorch._autograd import attach, derivative, remember, unrecorded_all, wants_grad
from mstorch._errors import missing


@derivative("FusionAttentionBackward0")
def _fusion_attention_backward(ctx, grad):
    query, key, value, output, *mask = ctx.saved
    log_sum, options = ctx.context
    if wants_grad(grad, query, key, value):
        raise missing(
            "fusion_attention",
            "its gradient is not differentiable; use F.scaled_dot_product_attention instead",
        )
    mask = mask[0] if mask else None
    operands = (grad, query, key, value, mask, output, log_sum)
    gradients = unrecorded_all(msops.parts.fusion_attention_grad, *operands, **options)
    return tuple(
        gradient if needed else None for gradient, needed in zip(gradients, ctx.needs, strict=True)
    )


def fusion_attention(query, key, value, mask=None, **options):
    """The output, the logarithm of the sums and the largest scores: `msops.parts.fusion_attention`.

    The output is recorded as a function of query, key and value; the others are not.
    """
    inputs = (query, key, value)
    output, log_sum, maximum = unrecorded_all(
        msops.parts.fusion_attention, *inputs, mask, **options
    )
    if wants_grad(*inputs):
        saved = (*inputs, remember(output), *(() if mask is None else (mask,)))
        output = attach(_fusion_attention_backward, output, inputs, saved, (log_sum, options))
    return output, log_sum, maximum
