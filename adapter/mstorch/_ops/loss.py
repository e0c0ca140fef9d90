# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Losses."""

import numpy

import msops
from mstorch._autograd import attach, derivative, owned, wants_grad
from mstorch._ops import activation, pointwise, views
from mstorch._ops._operands import up
from mstorch._quiet import quiet
from mstorch._registry import operator
from mstorch._tensor import adopt, wrap


def reduction_of(size_average, reduce, reduction):
    """The reduction that the two older arguments mean, where one of them is given."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is not None and not reduce:
        return "none"
    return "mean" if size_average is None or size_average else "sum"


def _reduce(losses, reduction):
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"{reduction} is not a valid value for reduction")


@derivative("NllLossBackward0")
def _nll_backward(ctx, grad):
    shape, places, weights, total = ctx.context
    if wants_grad(grad):
        share = pointwise.mul(grad, wrap(-weights if total is None else -weights / total))
        zeros = wrap(numpy.zeros(shape, grad._a.dtype))
        return zeros.scatter(1, wrap(places[:, None]), views.unsqueeze(share, 1))
    memory = numpy.zeros(shape, grad._a.dtype)
    share = grad._a * weights if total is None else grad._a * weights / total
    numpy.put_along_axis(
        memory, places[:, None], -numpy.broadcast_to(share, places.shape)[:, None], 1
    )
    return wrap(memory.astype(grad._a.dtype, copy=False))


@operator("torch.nn.functional.nll_loss")
def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
):
    """The negative of the log probability of the target class; classes are in dimension 1."""
    reduction = reduction_of(size_average, reduce, reduction)
    if input._a.ndim != 2:
        return _nll_spread(input, target, weight, ignore_index, reduction)
    if target._a.dtype.kind not in "iu":
        raise RuntimeError(f"expected scalar type Long but found {target.dtype}")
    used = target._a != ignore_index
    places = numpy.where(used, target._a, 0)
    _check_bounds(places, input._a.shape[1])
    weights = used.astype(input._a.dtype) if weight is None else weight._a[places] * used
    logs = up(input._a)[numpy.arange(len(places)), places]
    losses = -logs * up(weights)
    total = up(weights).sum() if reduction == "mean" else None
    if reduction == "mean":
        with quiet():
            value = losses.sum() / total
    elif reduction == "sum":
        value = losses.sum()
    elif reduction == "none":
        value = losses
    else:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    result = wrap(numpy.asarray(value).astype(input._a.dtype, copy=False))
    if wants_grad(input):
        result = attach(
            _nll_backward, result, (input,), (), (input._a.shape, places, weights, total)
        )
    return result


def _check_bounds(places, classes):
    if places.size and (places.min() < 0 or places.max() >= classes):
        bad = places.min() if places.min() < 0 else places.max()
        raise IndexError(f"Target {bad} is out of bounds.")


def _nll_spread(input, target, weight, ignore_index, reduction):
    """nll_loss for one sample, or with dimensions after the classes: the same on rows."""
    if input._a.ndim == 1:
        single = nll_loss(
            views.unsqueeze(input, 0),
            views.reshape(target, (1,)),
            weight,
            None,
            ignore_index,
            None,
            reduction,
        )
        return owned(views.reshape(single, ()))
    rows = views.reshape(views.movedim(input, 1, -1), (-1, input._a.shape[1]))
    losses = nll_loss(
        rows, views.reshape(target, (-1,)), weight, None, ignore_index, None, reduction
    )
    return owned(views.reshape(losses, target._a.shape)) if reduction == "none" else losses


@operator("torch.nn.functional.cross_entropy")
def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """nll_loss of log_softmax over dimension 1, or over the only one. Classes without weights are
    served by msops, which keeps the logits where torch keeps their log_softmax: if they are changed
    in place before backward, that is an error.
    """
    reduction = reduction_of(size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = 0 if input._a.ndim == 1 else 1
    if _served_by_msops(input, target, weight, dim):
        return _fused(input, target, dim, ignore_index, label_smoothing, reduction)
    logs = activation.log_softmax(input, dim)
    if target._a.shape == input._a.shape and target.is_floating_point():
        return _soft_targets(logs, target, weight, reduction, label_smoothing, dim)
    losses = nll_loss(logs, target, weight, None, ignore_index, None, reduction)
    if not label_smoothing:
        return losses
    smooth = _smoothing(logs, target, weight, ignore_index, reduction, dim)
    share = label_smoothing / logs._a.shape[dim]
    return losses * (1 - label_smoothing) + smooth * share


def _served_by_msops(input, target, weight, dim):
    rows = input._a.shape[:dim] + input._a.shape[dim + 1 :]
    return (
        weight is None
        and input.is_floating_point()
        and input._a.ndim > 0
        and input._a.shape[dim] > 0
        and target._a.dtype in (numpy.int32, numpy.int64)
        and target._a.shape == rows
    )


def _fused(input, target, dim, ignore_index, smoothing, reduction):
    """cross_entropy with a class for each row."""
    if input._a.ndim > 2:
        rows = views.reshape(views.movedim(input, 1, -1), (-1, input._a.shape[1]))
        flat = views.reshape(target, (-1,))
        losses = _fused(rows, flat, 1, ignore_index, smoothing, reduction)
        return owned(views.reshape(losses, target._a.shape)) if reduction == "none" else losses
    classes = input._a.shape[dim]
    used = target._a != ignore_index
    _check_bounds(numpy.where(used, target._a, 0), classes)
    pieces = msops.parts.vocab_pieces(input, target)
    losses = adopt(msops.parts.vocab_loss(pieces, target, classes, ignore_index, smoothing))._a
    count = numpy.sum(used, dtype=losses.dtype) if reduction == "mean" else None
    if reduction == "mean":
        with quiet():
            losses = losses.sum() / count
    elif reduction == "sum":
        losses = losses.sum()
    elif reduction != "none":
        raise ValueError(f"{reduction} is not a valid value for reduction")
    result = wrap(numpy.asarray(losses).astype(input._a.dtype, copy=False))
    if wants_grad(input):
        context = (pieces[:2], count, ignore_index, smoothing)
        result = attach(_fused_backward, result, (input,), (input, target), context)
    return result


@derivative("NllLossBackward0")
def _fused_backward(ctx, grad):
    logits, target = ctx.saved
    (largest, exponentials), count, ignore_index, smoothing = ctx.context
    if wants_grad(grad, logits):
        return _composed_slope(grad, logits, target, count, ignore_index, smoothing)
    with quiet():
        share = up(grad._a) if count is None else up(grad._a) / count
    share = wrap(numpy.broadcast_to(share, target._a.shape))
    classes = logits._a.shape[-1]
    return adopt(
        msops.parts.vocab_grad(
            share,
            logits,
            target,
            largest,
            exponentials,
            classes,
            ignore_index=ignore_index,
            label_smoothing=smoothing,
        )
    )


def _composed_slope(grad, logits, target, count, ignore_index, smoothing):
    """The gradient of `_fused` in operators, for a derivative of it."""
    classes = logits._a.shape[-1]
    hit = target._a[..., None] == numpy.arange(classes)
    wanted = (hit * (1 - smoothing) + smoothing / classes).astype(logits._a.dtype)
    slope = pointwise.sub(activation.softmax(logits, -1), wrap(wanted))
    slope = pointwise.masked_fill(slope, wrap(target._a[..., None] == ignore_index), 0)
    grad = views.unsqueeze(grad, -1) if grad._a.ndim == target._a.ndim else grad
    return slope * (grad if count is None else grad / count.item())


def _class_weights(weight, logs, dim):
    return views.reshape(weight, [-1 if d == dim else 1 for d in range(logs._a.ndim)])


def _soft_targets(logs, target, weight, reduction, label_smoothing, dim):
    """cross_entropy with a probability for each class."""
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / logs._a.shape[dim]
    terms = logs * target
    if weight is not None:
        terms = terms * _class_weights(weight, logs, dim)
    losses = pointwise.neg(terms.sum(dim))
    if reduction == "mean":
        return losses.sum() / max(logs._a.size // max(logs._a.shape[dim], 1), 1)
    return _reduce(losses, reduction)


def _smoothing(logs, target, weight, ignore_index, reduction, dim):
    """The sum over all classes of the negative log probabilities: what smoothing adds."""
    terms = logs if weight is None else logs * _class_weights(weight, logs, dim)
    losses = pointwise.neg(terms.sum(dim))
    ignored = target.eq(ignore_index)
    losses = pointwise.masked_fill(losses, ignored, 0)
    if reduction != "mean":
        return _reduce(losses, reduction)
    used = numpy.logical_not(ignored._a)
    if weight is None:
        return losses.sum() / int(used.sum())
    return losses.sum() / up(weight._a)[numpy.where(used, target._a, 0)][used].sum().item()


@operator("torch.nn.functional.mse_loss")
def mse_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Squared differences."""
    reduction = reduction_of(size_average, reduce, reduction)
    return _reduce(pointwise.square(pointwise.sub(input, target)), reduction)


@operator("torch.nn.functional.l1_loss")
def l1_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Absolute differences."""
    reduction = reduction_of(size_average, reduce, reduction)
    return _reduce(pointwise.abs(pointwise.sub(input, target)), reduction)


@operator("torch.nn.functional.binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """The log loss of sigmoid(input)."""
    reduction = reduction_of(size_average, reduce, reduction)
    log_sigmoid = activation.logsigmoid(input)
    if pos_weight is not None:
        log_sigmoid = pointwise.mul(log_sigmoid, (pos_weight - 1) * target + 1)
    losses = pointwise.sub(pointwise.mul(pointwise.sub(1, target), input), log_sigmoid)
    return _reduce(losses if weight is None else pointwise.mul(losses, weight), reduction)


@operator("torch.nn.functional.binary_cross_entropy")
def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """The log loss of probabilities; logarithms are limited to -100."""
    reduction = reduction_of(size_average, reduce, reduction)
    if input._a.shape != target._a.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if input._a.size and not ((up(input._a) >= 0) & (up(input._a) <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")
    hit = pointwise.clamp(pointwise.log(input), min=-100)
    miss = pointwise.clamp(pointwise.log(pointwise.sub(1, input)), min=-100)
    losses = pointwise.neg(target * hit + (1 - target) * miss)
    return _reduce(losses if weight is None else pointwise.mul(losses, weight), reduction)


@operator("torch.nn.functional.smooth_l1_loss")
def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """Half the squared difference over beta, and from beta on the absolute one less beta / 2."""
    reduction = reduction_of(size_average, reduce, reduction)
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    size = pointwise.abs(pointwise.sub(input, target))
    losses = pointwise.where(
        size.lt(beta), pointwise.square(size) * (0.5 / beta), size - 0.5 * beta
    )
    return _reduce(losses, reduction)


@operator("torch.nn.functional.huber_loss")
def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """Half the squared difference, and from delta on delta * (the absolute one - delta / 2)."""
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    size = pointwise.abs(pointwise.sub(input, target))
    losses = pointwise.where(
        size.lt(delta), pointwise.square(size) * 0.5, (size - 0.5 * delta) * delta
    )
    return _reduce(losses if weight is None else pointwise.mul(losses, weight), reduction)


@operator("torch.nn.functional.kl_div")
def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """The Kullback-Leibler divergence of log probabilities from a target."""
    reduction = reduction_of(size_average, reduce, reduction)
    if log_target:
        losses = pointwise.mul(pointwise.exp(target), pointwise.sub(target, input))
    else:
        safe = pointwise.where(target.gt(0), pointwise.log(target), 0.0)
        losses = pointwise.sub(pointwise.mul(target, safe), pointwise.mul(target, input))
    return (
        losses.sum() / input._a.shape[0] if reduction == "batchmean" else _reduce(losses, reduction)
    )
