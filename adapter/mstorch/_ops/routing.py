# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A mixture of experts: choosing experts, and the way of tokens there and back. torch has no such
operators: fused parts of other packages ask.
"""

import numpy

import msops
from mstorch._autograd import (
    attach,
    attach_all,
    derivative,
    unrecorded,
    unrecorded_all,
    wants_grad,
)
from mstorch._errors import missing
from mstorch._tensor import adopt, dense, wrap


def _refuse_second(name, *tensors):
    if wants_grad(*tensors):
        raise missing(name, "its gradient is not differentiable; compose it instead")


@derivative("MoeGatingBackward0")
def _gating_backward(ctx, by_probs, by_sums):
    (logits,) = ctx.saved
    indices, options = ctx.context
    _refuse_second("moe_gating", by_probs, by_sums, logits)
    return adopt(msops.parts.moe_gating_grad(by_probs, by_sums, logits, indices, **options))


def moe_gating(logits, top_k, *, bias=None, groups=1, top_groups=None, group_top_k=None, **options):
    """`msops.moe_gating`; probs and score_sums are recorded as functions of the logits."""
    kept = dense(logits)
    choice = {"groups": groups, "top_groups": top_groups, "group_top_k": group_top_k}
    bias = None if bias is None else dense(bias)
    parts = unrecorded_all(msops.moe_gating, kept, top_k, bias=bias, **choice, **options)
    result = msops.MoeGatingOutput(*parts)
    if not wants_grad(logits):
        return result
    context = (result.indices, options)
    probs, sums = attach_all(
        _gating_backward, (result.probs, result.score_sums), (logits,), (kept,), context
    )
    return result._replace(probs=probs, score_sums=sums)


@derivative("MoeTokenPermuteBackward0")
def _permute_backward(ctx, by_tokens, by_probs=None):
    (positions,) = ctx.saved
    _refuse_second("moe_token_permute", by_tokens, *(() if by_probs is None else (by_probs,)))
    gradients = [None, None]
    if ctx.needs[0]:
        gradients[0] = unrecorded(msops.moe_token_unpermute, by_tokens, positions)
    if by_probs is not None and ctx.needs[1]:
        gradients[1] = _chosen(by_probs, positions)
    return tuple(gradients)


def _chosen(rows, positions):
    """`rows[positions]`, and 0 where a choice has no row."""
    here = positions._a
    there = numpy.logical_and(here >= 0, here < rows._a.size)
    picked = numpy.zeros(here.shape, rows._a.dtype)
    picked[there] = rows._a[here[there]]
    return wrap(picked)


def moe_token_permute(tokens, indices, num_experts, probs=None, **options):
    """`msops.moe_token_permute`; tokens and probs are recorded."""
    operands = (dense(tokens), dense(indices), num_experts, None if probs is None else dense(probs))
    parts = unrecorded_all(msops.moe_token_permute, *operands, **options)
    result = msops.MoePermuteOutput(*parts)
    if not wants_grad(*(t for t in (tokens, probs) if t is not None)):
        return result
    if probs is None:
        rows = attach(_permute_backward, result.tokens, (tokens, None), (result.positions,))
        return result._replace(tokens=rows)
    rows, weights = attach_all(
        _permute_backward, (result.tokens, result.probs), (tokens, probs), (result.positions,)
    )
    return result._replace(tokens=rows, probs=weights)


@derivative("MoeTokenUnpermuteBackward0")
def _unpermute_backward(ctx, grad):
    permuted, positions, *probs = ctx.saved
    _refuse_second("moe_token_unpermute", grad, permuted, *probs)
    gradients = msops.parts.moe_token_unpermute_grad(grad, permuted, positions, *probs)
    wanted = zip(gradients, ctx.needs, strict=True)
    return tuple(adopt(gradient) if needed else None for gradient, needed in wanted)


def moe_token_unpermute(permuted, positions, probs=None):
    """`msops.moe_token_unpermute`, recorded."""
    kept = [dense(permuted), dense(positions), *(() if probs is None else (dense(probs),))]
    result = unrecorded(msops.moe_token_unpermute, *kept)
    if wants_grad(*(t for t in (permuted, probs) if t is not None)):
        result = attach(_unpermute_backward, result, (permuted, probs), kept)
    return result
