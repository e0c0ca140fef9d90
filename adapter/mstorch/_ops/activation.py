# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Activations and softmax."""

import math

import numpy

import msops
from mstorch import _dtypes, _engine
from mstorch._autograd import attach, derivative, remember, unrecorded, wants_grad
from mstorch._ops import inplace, pointwise, views
from mstorch._ops._operands import gradient_for, up, wrap_dim
from mstorch._quiet import quiet
from mstorch._registry import operator
from mstorch._tensor import adopt, dense, laid_out_as_torch, wrap, wrap_laid_out


def _kernel(compute, array):
    """Run a float kernel on an array; the half types are computed in float32 and rounded once."""
    with quiet():
        return compute(up(array)).astype(array.dtype, copy=False)


def _activation(name, forward, backward):
    """Register F.name from an array kernel `forward(x)` and a derivative `backward(grad, x)` in
    operators.
    """

    @derivative(f"{name.capitalize()}Backward0")
    def node(ctx, grad):
        (x,) = ctx.saved
        return backward(grad, x)

    def function(input, inplace=False):
        result = wrap_laid_out(_kernel(forward, input._a))
        if wants_grad(input):
            result = attach(node, result, (input,), (input,))
        return _into(input, result) if inplace else result

    function.__name__ = name
    return operator(f"torch.nn.functional.{name}", ascend=f"mindspore.mint.nn.functional.{name}")(
        function
    )


def _into(input, result):
    inplace.check_writable(input)
    return inplace.write_result(input, result)


def _silu_backward(grad, x):
    if wants_grad(grad, x):
        gate = pointwise.sigmoid(x)
        return grad * (gate * (1 + x * (1 - gate)))
    return wrap_laid_out(_two(_silu_slope, grad._a, x._a))


def _two(compute, grad, x):
    with quiet():
        return compute(up(grad), up(x)).astype(grad.dtype, copy=False)


def _silu_slope(grad, x):
    gate = 1 / (1 + numpy.exp(-x))
    return grad * gate * (1 + x * (1 - gate))


silu = _activation("silu", lambda x: x / (1 + numpy.exp(-x)), _silu_backward)


@derivative("ReluBackward0")
def _relu_backward(ctx, grad):
    return pointwise.mul(grad, ctx.one_saved(0).gt(0))


@operator("torch.nn.functional.relu", ascend="mindspore.mint.nn.functional.relu")
def relu(input, inplace=False):
    """x above zero, else 0."""
    result = wrap_laid_out(_kernel(lambda x: numpy.maximum(x, 0), input._a))
    if wants_grad(input):
        result = attach(_relu_backward, result, (input,), (remember(result),))
    return _into(input, result) if inplace else result


operator("torch.relu", "Tensor.relu")(relu)
operator("Tensor.relu_", "torch.relu_", "torch.nn.functional.relu_")(inplace.in_place(relu))
logsigmoid = _activation(
    "logsigmoid",
    lambda x: numpy.minimum(x, 0) - numpy.log1p(numpy.exp(-numpy.abs(x))),
    lambda g, x: pointwise.mul(g, pointwise.sigmoid(pointwise.neg(x))),
)


@derivative("GeluBackward0")
def _gelu_backward(ctx, grad):
    (x,) = ctx.saved
    return _gelu_slope(grad, x, ctx.context)


def _gelu_slope(grad, x, approximate):
    if not wants_grad(grad, x):
        return adopt(msops.parts.gelu_grad(grad, x, approximate))
    slope = _gelu_tanh_slope if approximate == "tanh" else _gelu_erf_slope
    return slope(grad, x)


_ROOT_2_OVER_PI = math.sqrt(2 / math.pi)
_CUBIC = 0.044715


def _gelu_erf_slope(grad, x):
    below = (pointwise.erf(x * math.sqrt(0.5)) + 1) * 0.5
    density = pointwise.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return grad * (below + x * density)


def _gelu_tanh_slope(grad, x):
    square = x * x
    bent = pointwise.tanh((x + square * x * _CUBIC) * _ROOT_2_OVER_PI)
    inner = (square * (3 * _CUBIC) + 1) * _ROOT_2_OVER_PI
    return grad * ((bent + 1) * 0.5 + x * 0.5 * (1 - bent * bent) * inner)


@operator("torch.nn.functional.gelu", ascend="mindspore.mint.nn.functional.gelu")
def gelu(input, approximate="none"):
    """x times the normal distribution's cumulative function; `approximate="tanh"` for the usual
    approximation. Served by msops.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    if not input.is_floating_point():
        raise NotImplementedError(f'"GeluKernelImpl" not implemented for {input.dtype}')
    result = unrecorded(msops.gelu, input, approximate)
    if not input._a.flags.c_contiguous:
        result = wrap_laid_out(laid_out_as_torch(result._a, input._a))
    return (
        attach(_gelu_backward, result, (input,), (input,), approximate)
        if wants_grad(input)
        else result
    )


@derivative("BiasGeluBackward0")
def _bias_gelu_backward(ctx, grad):
    x, bias = ctx.saved
    gradient = _gelu_slope(grad, pointwise.add(x, bias), ctx.context)
    return gradient, gradient_for(gradient, bias._a.shape, bias._a.dtype)


def bias_gelu(input, bias, approximate="none"):
    """gelu of `input + bias`, a value a column, which is not rounded in between. torch has no such
    operator: fused parts of other packages ask. Served by msops.
    """
    kept = (dense(input), dense(bias))
    result = unrecorded(msops.bias_gelu, *kept, approximate)
    if wants_grad(input, bias):
        result = attach(_bias_gelu_backward, result, (input, bias), kept, approximate)
    return result


@operator("torch.nn.functional.leaky_relu")
def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x above zero, a fraction of it below."""
    result = pointwise.where(input.gt(0), input, pointwise.mul(input, negative_slope))
    return _into(input, result) if inplace else result


@operator("torch.nn.functional.hardtanh")
def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """x limited to [min_val, max_val]; the slope is 0 at the limits and outside."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    inside = input.gt(min_val).logical_and(input.lt(max_val))
    limited = views.cast(pointwise.clamp(input.detach(), min_val, max_val), input.dtype)
    result = pointwise.where(inside, input, limited)
    return _into(input, result) if inplace else result


@operator("torch.nn.functional.relu6")
def relu6(input, inplace=False):
    """x limited to [0, 6]."""
    return hardtanh(input, 0.0, 6.0, inplace)


@operator("torch.nn.functional.mish")
def mish(input, inplace=False):
    """x times tanh(softplus(x))."""
    wide = views.cast(input, _dtypes.float32) if input._a.dtype in _dtypes.REDUCED else input
    result = pointwise.mul(wide, pointwise.tanh(softplus(wide)))
    result = views.cast(result, input.dtype)
    return _into(input, result) if inplace else result


@operator("torch.nn.functional.prelu", "torch.prelu")
def prelu(input, weight):
    """x above zero, a learnt fraction of it below: one for all, or one a channel (dimension 1)."""
    if weight._a.ndim > 1:
        raise RuntimeError(
            "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = "
            f"{weight._a.ndim}"
        )
    if weight._a.size != 1:
        shape = [-1 if d == min(1, input._a.ndim - 1) else 1 for d in range(input._a.ndim)]
        weight = views.reshape(weight, shape)
    return pointwise.where(input.gt(0), input, pointwise.mul(input, weight))


@derivative("SoftplusBackward0")
def _softplus_backward(ctx, grad):
    (x,) = ctx.saved
    beta, threshold = ctx.context
    scaled = pointwise.mul(x, beta)
    return pointwise.where(
        scaled.gt(threshold), grad, pointwise.mul(grad, pointwise.sigmoid(scaled))
    )


@operator("torch.nn.functional.softplus")
def softplus(input, beta=1.0, threshold=20.0):
    """`log(1 + exp(beta * x)) / beta`, linear where beta * x is above the threshold."""

    def compute(x):
        scaled = x * x.dtype.type(beta)
        return numpy.where(
            scaled > threshold, x, numpy.log1p(numpy.exp(scaled)) / x.dtype.type(beta)
        )

    result = wrap_laid_out(_kernel(compute, input._a))
    return (
        attach(_softplus_backward, result, (input,), (input,), (beta, threshold))
        if wants_grad(input)
        else result
    )


@operator("torch.nn.functional.glu")
def glu(input, dim=-1):
    """The first half times the sigmoid of the second."""
    first, second = views.chunk(input, 2, dim)
    return pointwise.mul(first, pointwise.sigmoid(second))


# Softmax


def _softmax_kernel(dim):
    def compute(x):
        if not x.size:
            return x.copy()
        weights = numpy.exp(x - x.max(dim, keepdims=True))
        weights /= numpy.add.reduce(weights, dim, keepdims=True)
        return weights

    return compute


@derivative("SoftmaxBackward0")
def _softmax_backward(ctx, grad):
    dim = ctx.context
    if _engine.is_recording():
        y = softmax(ctx.one_saved(0), dim)
        return pointwise.mul(pointwise.sub(grad, pointwise.mul(grad, y).sum(dim, True)), y)

    def compute(g, weights):
        weighted = g * weights
        return weighted - weights * numpy.add.reduce(weighted, dim, keepdims=True)

    return wrap(_two(compute, grad._a, ctx.one_saved(1)._a))


def _softmax_input(input, dtype):
    if dtype is not None:
        return views.cast(input, dtype)
    if input._a.dtype.kind in "biu":
        raise NotImplementedError(f'"softmax_kernel_impl" not implemented for {input.dtype}')
    return input


@operator(
    "torch.softmax", "Tensor.softmax", "torch.special.softmax", ascend="mindspore.mint.softmax"
)
def softmax(input, dim, dtype=None):
    """Exponentials along a dimension, divided by their sum."""
    input = _softmax_input(input, dtype)
    dim = wrap_dim(dim, input._a.ndim)
    if not input._a.ndim:
        return pointwise.exp(pointwise.sub(input, input))
    result = wrap(_kernel(_softmax_kernel(dim), input._a))
    if wants_grad(input):
        result = attach(_softmax_backward, result, (input,), (input, remember(result)), dim)
    return result


@derivative("LogSoftmaxBackward0")
def _log_softmax_backward(ctx, grad):
    dim = ctx.context
    if _engine.is_recording():
        y = log_softmax(ctx.one_saved(0), dim)
        return pointwise.sub(grad, pointwise.mul(pointwise.exp(y), grad.sum(dim, True)))
    return wrap(
        _two(
            lambda g, logs: g - numpy.exp(logs) * numpy.add.reduce(g, dim, keepdims=True),
            grad._a,
            ctx.one_saved(1)._a,
        )
    )


def _log_softmax_kernel(dim):
    def compute(x):
        if not x.size:
            return x.copy()
        centred = x - x.max(dim, keepdims=True)
        return centred - numpy.log(numpy.add.reduce(numpy.exp(centred), dim, keepdims=True))

    return compute


@operator(
    "torch.log_softmax",
    "Tensor.log_softmax",
    "torch.special.log_softmax",
    ascend="mindspore.mint.special.log_softmax",
)
def log_softmax(input, dim, dtype=None):
    """The logarithm of softmax."""
    input = _softmax_input(input, dtype)
    dim = wrap_dim(dim, input._a.ndim)
    if not input._a.ndim:
        return pointwise.sub(input, input)
    result = wrap(_kernel(_log_softmax_kernel(dim), input._a))
    if wants_grad(input):
        result = attach(_log_softmax_backward, result, (input,), (input, remember(result)), dim)
    return result


@operator("torch.nn.functional.softmax")
def functional_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """softmax; without a dimension the one that torch guesses."""
    return softmax(input, _guess(input, dim), dtype)


@operator("torch.nn.functional.log_softmax")
def functional_log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """log_softmax; without a dimension the one that torch guesses."""
    return log_softmax(input, _guess(input, dim), dtype)


def _guess(input, dim):
    return dim if dim is not None else (0 if input._a.ndim in (0, 1, 3) else 1)
