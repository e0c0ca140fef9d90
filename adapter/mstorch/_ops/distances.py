# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Distances between vectors, and the losses that compare them: made of other operators."""

import math

from mstorch._ops import pointwise, reduction, views
from mstorch._ops._operands import result_dtype
from mstorch._ops.activation import logsigmoid
from mstorch._ops.loss import _reduce, reduction_of
from mstorch._registry import operator


@operator("torch.nn.functional.cosine_similarity", "torch.cosine_similarity")
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors along a dimension; norms are at least eps."""
    common = result_dtype(x1, x2)
    if not common.is_floating_point:
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is {common}"
        )
    x1, x2 = (
        x / pointwise.clamp(reduction.norm(x, 2, dim, keepdim=True), min=eps)
        for x in views.broadcast_tensors(x1.to(common), x2.to(common))
    )
    return (x1 * x2).sum(dim)


@operator("torch.nn.functional.pairwise_distance", "torch.pairwise_distance")
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of `x1 - x2 + eps` along the last dimension."""
    return reduction.norm(x1 - x2 + eps, p, -1, keepdim)


@operator("torch.cdist")
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The p-norm distance of every row of x1 from every row of x2, in the last two dimensions."""
    if not (x1.is_floating_point() and x2.is_floating_point()):
        raise RuntimeError(
            f"cdist only supports floating-point dtypes, X1 got: {x1.dtype}, X2 got: {x2.dtype}"
        )
    if x1.ndim < 2 or x2.ndim < 2:
        raise RuntimeError("cdist only supports at least 2D tensors")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    apart = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    if p == 0:
        return pointwise.abs(pointwise.sign(apart)).sum(-1)
    if apart.shape[-1] == 0:
        return apart.sum(-1)
    return reduction.norm(apart, p, -1)


@operator("torch.nn.functional.cosine_embedding_loss", "torch.cosine_embedding_loss")
def cosine_embedding_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """1 minus the cosine where the target is 1, what the cosine is above a margin where -1."""
    squares = ((x * x).sum(-1) + 1e-12 for x in (input1, input2))
    cosine = (input1 * input2).sum(-1) / pointwise.sqrt(pointwise.mul(*squares))
    alike, other = 1 - cosine, pointwise.clamp(cosine - margin, min=0)
    zero = cosine.new_zeros(cosine.shape)
    losses = pointwise.where(target == 1, alike, zero) + pointwise.where(target == -1, other, zero)
    return _reduce(losses, reduction_of(size_average, reduce, reduction))


@operator("torch.nn.functional.margin_ranking_loss", "torch.margin_ranking_loss")
def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """`max(0, margin - target * (input1 - input2))`."""
    losses = pointwise.clamp((-target) * (input1 - input2) + margin, min=0)
    return _reduce(losses, reduction_of(size_average, reduce, reduction))


@operator("torch.nn.functional.soft_margin_loss")
def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """`log(1 + exp(-target * input))`."""
    losses = -logsigmoid(target * input)
    return _reduce(losses, reduction_of(size_average, reduce, reduction))


@operator("torch.nn.functional.hinge_embedding_loss", "torch.hinge_embedding_loss")
def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """The input where the target is 1, what it is below a margin where -1."""
    zero = input.new_zeros(input.shape)
    near = pointwise.where(target != 1, pointwise.clamp(margin - input, min=0), zero)
    losses = near + pointwise.where(target != -1, input, zero)
    return _reduce(losses, reduction_of(size_average, reduce, reduction))


@operator("torch.nn.functional.triplet_margin_loss", "torch.triplet_margin_loss")
def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """How much farther than a margin the negative is not, beyond the positive."""
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = pointwise.minimum(far, pairwise_distance(positive, negative, p, eps))
    losses = pointwise.clamp(margin + near - far, min=0)
    return _reduce(losses, reduction_of(size_average, reduce, reduction))


@operator("torch.nn.functional.poisson_nll_loss")
def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
):
    """The negative logarithm of a Poisson probability, with Stirling's term where `full`."""
    if log_input:
        losses = pointwise.exp(input) - target * input
    else:
        losses = input - target * pointwise.log(input + eps)
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        losses = losses + pointwise.where(target > 1, stirling, stirling.new_zeros(()))
    return _reduce(losses, reduction_of(size_average, reduce, reduction))


@operator("torch.nn.functional.multilabel_soft_margin_loss")
def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """The mean over classes of the cross entropy of each with its own yes or no."""
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    losses = losses if weight is None else losses * weight
    return _reduce(losses.mean(-1), reduction_of(size_average, reduce, reduction))
