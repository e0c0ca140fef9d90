# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Normalisation over the last dimensions."""

import numpy

import msops
from mstorch import _dtypes
from mstorch._autograd import attach, derivative, wants_grad
from mstorch._ops import pointwise, reduction, views
from mstorch._ops._operands import gradient_for, up
from mstorch._registry import operator
from mstorch._tensor import adopt, wrap


def _check(name, input, normalized_shape, *parameters):
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
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
        by_x, by_weight = map(adopt, msops.parts.rms_norm_grad(grad, x, weight, scale))
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
    dims = _check("rms_norm", input, normalized_shape, weight)
    kind = up(input._a).dtype
    eps = float(numpy.finfo(kind).eps) if eps is None else eps
    if weight is None:
        weight = wrap(numpy.ones(_sizes(normalized_shape), input._a.dtype))
    y, scale = msops.parts.rms_norm(input, weight, eps)
    result = adopt(y)
    if wants_grad(input, weight):
        context = (dims, eps, scale)
        result = attach(_rms_norm_backward, result, (input, weight), (input, weight), context)
    return result


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


@operator("torch.nn.functional.normalize")
def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Slices along a dimension divided by their norm, or by eps where that is larger."""
    length = pointwise.clamp(reduction.norm(input, p, dim, True), min=eps)
    return pointwise.div(input, views.expand_as(length, input), out=out)
