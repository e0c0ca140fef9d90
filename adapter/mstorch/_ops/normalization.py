# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Normalisation over the last dimensions, over batches and over groups of channels."""

import numpy

import msops
from mstorch import _dtypes
from mstorch._autograd import attach, attach_all, derivative, owned, remember, wants_grad
from mstorch._dtypes import BY_NUMPY
from mstorch._errors import missing
from mstorch._ops import pointwise, reduction, views
from mstorch._ops._operands import gradient_for, up
from mstorch._registry import operator
from mstorch._tensor import adopt, dense, wrap


def _check(name, input, normalized_shape, *parameters):
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            f"{name}: Expected normalized_shape to be at least 1-dimensional, i.e., containing at "
            "least one element, but got normalized_shape = []"
        )
    if input._a.shape[input._a.ndim - len(shape) :] != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, "
            f"{', '.join(map(str, shape))}], but got "
            f"input of size{list(input._a.shape)}"
        )
    for parameter in parameters:
        if parameter is not None and parameter._a.shape != shape:
            raise RuntimeError(
                f"{name}: expected a parameter of shape {list(shape)}, got "
                f"{list(parameter._a.shape)}"
            )
    kinds = {parameter.dtype for parameter in parameters if parameter is not None}
    allowed = {input.dtype} | ({_dtypes.float32} if input._a.dtype in _dtypes.REDUCED else set())
    if len(kinds) > 1 or not kinds <= allowed:
        raise RuntimeError(f"{name}: expected parameters of {input.dtype}, got {kinds}")
    return tuple(range(input._a.ndim - len(shape), input._a.ndim))


@derivative("RmsNormBackward0")
def _rms_norm_backward(ctx, grad):
    x, weight = ctx.saved
    dims, eps, scale = ctx.context
    if not wants_grad(grad, x, weight):
        by_x, by_weight = map(
            adopt, msops.parts.rms_norm_grad(grad, dense(x), dense(weight), scale)
        )
        return by_x if ctx.needs[0] else None, by_weight if ctx.needs[1] else None
    scale = pointwise.rsqrt(reduction.mean(pointwise.square(x), dims, True) + eps)
    normal = pointwise.mul(x, scale)
    scaled = pointwise.mul(grad, weight)
    along = pointwise.mul(normal, reduction.mean(pointwise.mul(scaled, normal), dims, True))
    by_weight = gradient_for(pointwise.mul(grad, normal), weight._a.shape, weight._a.dtype)
    return pointwise.mul(scaled - along, scale), by_weight


@operator("torch.nn.functional.rms_norm", "torch.rms_norm")
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """`x / sqrt(mean(x^2) + eps) * weight`; eps defaults to the smallest step of the type at 1.
    Served by msops.
    """
    if weight is None:
        weight = wrap(numpy.ones(_sizes(normalized_shape), input._a.dtype))
    if eps is None:
        eps = float(numpy.finfo(up(input._a).dtype).eps)
    return scaled_rms_norm(input, normalized_shape, weight, eps)[0]


def scaled_rms_norm(input, normalized_shape, weight, eps):
    """rms_norm, and `1 / sqrt(mean(x^2) + eps)` of each row, which is not recorded."""
    dims = _check("rms_norm", input, normalized_shape, weight)
    y, scale = map(adopt, msops.parts.rms_norm(dense(input), dense(weight), eps))
    if wants_grad(input, weight):
        y = attach(_rms_norm_backward, y, (input, weight), (input, weight), (dims, eps, scale))
    return y, scale


@derivative("AddRmsNormBackward0")
def _add_rms_norm_backward(ctx, by_y, by_sum):
    total, weight = ctx.saved
    if wants_grad(by_y, by_sum, total, weight):
        raise missing("add_rms_norm", "its gradient is not differentiable; use F.rms_norm instead")
    by_total, by_weight = map(adopt, msops.parts.rms_norm_grad(by_y, total, weight, ctx.context))
    by_total = pointwise.add(by_total, by_sum)
    return by_total, by_total, by_weight


def add_rms_norm(x, residual, weight, eps):
    """rms_norm of `x + residual`, that sum, and `1 / sqrt(mean(sum ** 2) + eps)` of each row, which
    is not recorded. torch has no such operator: fused parts of other packages ask. Served by msops.
    """
    _check("add_rms_norm", x, weight._a.shape, weight)
    inputs = (x, residual, weight)
    y, total, scale = map(adopt, msops.parts.add_rms_norm(*map(dense, inputs), eps))
    if wants_grad(*inputs):
        saved = (remember(total), dense(weight))
        y, total = attach_all(_add_rms_norm_backward, (y, total), inputs, saved, scale)
    return y, total, scale


def _sizes(shape):
    return (shape,) if isinstance(shape, int) else tuple(shape)


@derivative("NativeLayerNormBackward0")
def _layer_norm_backward(ctx, grad):
    x, weight = ctx.saved
    dims, eps, bias, statistics = ctx.context
    if not wants_grad(grad, x, weight):
        # The bias has the shape and dtype of the weight, and its values do not matter.
        gradients = msops.parts.layer_norm_grad(grad, x, weight, weight, *statistics)
        wanted = zip(gradients, ctx.needs, strict=True)
        return tuple(adopt(gradient) if needed else None for gradient, needed in wanted)
    mean = reduction.mean(x, dims, True)
    centred = pointwise.sub(x, mean)
    scale = pointwise.rsqrt(reduction.mean(pointwise.square(centred), dims, True) + eps)
    normal = pointwise.mul(centred, scale)
    by_x = by_weight = by_bias = None
    if ctx.needs[0]:
        scaled = pointwise.mul(grad, weight)
        along = pointwise.mul(normal, reduction.mean(pointwise.mul(scaled, normal), dims, True))
        by_x = pointwise.mul(scaled - reduction.mean(scaled, dims, True) - along, scale)
    if ctx.needs[1]:
        by_weight = gradient_for(pointwise.mul(grad, normal), weight._a.shape, weight._a.dtype)
    if ctx.needs[2]:
        by_bias = gradient_for(grad, *bias)
    return by_x, by_weight, by_bias


@operator(
    "torch.nn.functional.layer_norm",
    "torch.layer_norm",
    ascend="mindspore.mint.nn.functional.layer_norm",
)
def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True):
    """`(x - mean) / sqrt(var + eps) * weight + bias` over the last dimensions. Served by msops."""
    dims = _check("layer_norm", input, normalized_shape, weight, bias)
    if weight is None:
        kind = input._a.dtype if bias is None else bias._a.dtype
        weight = wrap(numpy.ones(_sizes(normalized_shape), kind))
    added = wrap(numpy.zeros(weight._a.shape, weight._a.dtype)) if bias is None else bias
    y, *statistics = msops.parts.layer_norm(input, weight, added, eps)
    result = adopt(y)
    inputs = (input, weight, bias)
    if wants_grad(*(t for t in inputs if t is not None)):
        spec = None if bias is None else (bias._a.shape, bias._a.dtype)
        context = (dims, eps, spec, statistics)
        result = attach(_layer_norm_backward, result, inputs, (input, weight), context)
    return result


def _by_channel(parameter, ndim):
    """A parameter of (C,) as (1, C, 1, ...)."""
    return views.reshape(parameter, (*(1,) * min(ndim - 1, 1), -1, *(1,) * (ndim - 2)))


def _scaled(normal, weight, bias):
    if weight is not None:
        normal = pointwise.mul(normal, _by_channel(weight, normal._a.ndim))
    return normal if bias is None else pointwise.add(normal, _by_channel(bias, normal._a.ndim))


@operator("torch.nn.functional.batch_norm")
def batch_norm(
    input,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
):
    """`(x - mean) / sqrt(var + eps) * weight + bias`, for (N, C, ...), by channel.

    Mean and (biased) variance are the batch's in training, and move the running ones, whose
    variance is unbiased, by `momentum`; otherwise they are the running ones.
    """
    shape = input._a.shape
    channels = shape[1] if len(shape) > 1 else 0
    given = {
        "running_mean": running_mean,
        "running_var": running_var,
        "weight": weight,
        "bias": bias,
    }
    for name, value in given.items():
        if value is not None and value._a.shape != (channels,):
            raise RuntimeError(f"{name} should contain {channels} elements not {value._a.size}")
    count = input._a.size // channels if channels else 0
    if training and count == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    kind, input = input.dtype, views.cast(input, BY_NUMPY[up(input._a).dtype])
    input = views.contiguous(input)
    if training:
        dims = (0, *range(2, len(shape)))
        mean = reduction.mean(input, dims, True)
        centred = pointwise.sub(input, mean)
        spread = reduction.mean(pointwise.square(centred), dims, True)
        for running, batch, factor in (
            (running_mean, mean, 1),
            (running_var, spread, count / max(count - 1, 1)),
        ):
            if running is not None:
                moved = running._a * (1 - momentum) + batch._a.reshape(-1) * (momentum * factor)
                # Their versions stay, as in torch: what evaluation has kept of them is not checked.
                running._a[...] = moved.astype(running._a.dtype, copy=False)
    else:
        centred = pointwise.sub(input, _by_channel(running_mean, len(shape)))
        spread = _by_channel(running_var, len(shape))
    normal = pointwise.mul(centred, pointwise.rsqrt(pointwise.add(spread, eps)))
    return views.cast(_scaled(normal, weight, bias), kind)


@operator("torch.nn.functional.group_norm", "torch.group_norm")
def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Layer normalisation of groups of channels of (N, C, ...), scaled and shifted by channel."""
    shape = input._a.shape
    if len(shape) < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {len(shape)}"
        )
    if shape[1] % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(shape)} and num_groups={num_groups}"
        )
    kind, input = input.dtype, views.cast(input, BY_NUMPY[up(input._a).dtype])
    groups = views.reshape(
        input, (shape[0], num_groups, input._a.size // max(shape[0] * num_groups, 1))
    )
    normal = owned(views.reshape(layer_norm(groups, groups._a.shape[2:], eps=eps), shape))
    return views.cast(_scaled(normal, weight, bias), kind)


@operator("torch.nn.functional.normalize")
def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Slices along a dimension divided by their norm, or by eps where that is larger."""
    length = pointwise.clamp(reduction.norm(input, p, dim, True), min=eps)
    return pointwise.div(input, views.expand_as(length, input), out=out)
