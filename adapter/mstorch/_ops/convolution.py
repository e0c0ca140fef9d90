# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions, as one matrix product over columns of windows."""

import itertools
import math

import numpy

from mstorch._autograd import attach, derivative, owned, wants_grad
from mstorch._ops import linalg, pointwise, views
from mstorch._registry import operator
from mstorch._tensor import wrap


def _windows(sizes, kernel, stride, dilation):
    """How many windows fit along each dimension."""
    return tuple(
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
    )


def _taps(counts, kernel, stride, dilation):
    """For each place in a kernel, the slices of the input that its windows read there."""
    for place in itertools.product(*(range(k) for k in kernel)):
        yield (
            place,
            tuple(
                slice(p * d, p * d + (n - 1) * s + 1, s)
                for p, n, s, d in zip(place, counts, stride, dilation, strict=True)
            ),
        )


@derivative("Im2ColBackward0")
def _columns_backward(ctx, grad):
    sizes, *geometry = ctx.context
    return fold_columns(grad, sizes, *geometry[:-1])


@derivative("Col2ImBackward0")
def _fold_backward(ctx, grad):
    _, *geometry = ctx.context
    return columns(grad, *geometry)


def columns(input, kernel, stride, dilation, counts):
    """(N, C, *sizes) to (N, C, *kernel, *counts): what each window sees; a copy."""
    sizes = input._a.shape[2:]
    memory = numpy.empty((*input._a.shape[:2], *kernel, *counts), input._a.dtype)
    every = (slice(None), slice(None))
    for place, part in _taps(counts, kernel, stride, dilation):
        memory[(*every, *place)] = input._a[(*every, *part)]
    result = wrap(memory)
    if wants_grad(input):
        context = (sizes, kernel, stride, dilation, counts)
        result = attach(_columns_backward, result, (input,), (), context)
    return result


def fold_columns(input, sizes, kernel, stride, dilation):
    """The adjoint of columns: overlapping windows add up in (N, C, *sizes)."""
    counts = input._a.shape[2 + len(kernel) :]
    memory = numpy.zeros((*input._a.shape[:2], *sizes), input._a.dtype)
    every = (slice(None), slice(None))
    for place, part in _taps(counts, kernel, stride, dilation):
        memory[(*every, *part)] += input._a[(*every, *place)]
    result = wrap(memory)
    if wants_grad(input):
        context = (sizes, kernel, stride, dilation, counts)
        result = attach(_fold_backward, result, (input,), (), context)
    return result


def _each(name, value, count):
    values = (value,) * count if isinstance(value, int) else tuple(int(v) for v in value)
    if len(values) == 1:
        values *= count
    if len(values) != count:
        raise RuntimeError(f"expected {name} to be a single integer or a list of {count} values")
    return values


def _borders(padding, kernel, stride, dilation):
    """Widths before and after each dimension."""
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding == "same":
        if any(s != 1 for s in stride):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    if isinstance(padding, str):
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    widths = _each("padding", padding, len(kernel))
    if any(width < 0 for width in widths):
        raise RuntimeError("negative padding is not supported")
    return [(width, width) for width in widths]


def _check(name, input, weight, bias, groups, transposed):
    if input._a.dtype != weight._a.dtype:
        raise RuntimeError(
            f"{name}: expected input and weight of the same dtype, got {input.dtype} and "
            f"{weight.dtype}"
        )
    if input._a.ndim != weight._a.ndim:
        raise RuntimeError(
            f"Expected {weight._a.ndim}-dimensional input for {weight._a.ndim}-dimensional weight "
            f"{list(weight.shape)}, but got input of size {list(input.shape)} instead"
        )
    if bias is not None and bias._a.dtype != input._a.dtype:
        raise RuntimeError(
            f"Input type ({input.dtype}) and bias type ({bias.dtype}) should be the same"
        )
    channels, outputs = weight._a.shape[:2] if transposed else weight._a.shape[1::-1]
    wanted = channels if transposed else channels * groups
    outputs = outputs * groups if transposed else outputs
    if input._a.shape[1] != wanted or channels % (groups if transposed else 1):
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected "
            f"input{list(input.shape)} to have {wanted} channels, but got "
            f"{input._a.shape[1]} channels instead"
        )
    if bias is not None and bias._a.shape != (outputs,):
        raise RuntimeError(
            f"{name}: expected bias to be 1-dimensional with {outputs} elements, but got bias of "
            f"size {list(bias.shape)} instead"
        )


def _with_bias(result, bias, count):
    if bias is None:
        return result
    return pointwise.add(result, views.reshape(bias, (-1, *(1,) * count)))


def _batched(name, input, count, compute):
    """compute(batch); an input without a batch dimension gets one for the time being."""
    ndim = input._a.ndim
    if ndim == count + 1:
        return owned(views.squeeze(compute(views.unsqueeze(input, 0)), 0))
    if ndim != count + 2:
        raise RuntimeError(
            f"Expected {count + 1}D (unbatched) or {count + 2}D (batched) input to {name}, but "
            f"got input of size: {list(input.shape)}"
        )
    return compute(input)


def _padded(input, borders):
    widths = [width for pair in reversed(borders) for width in pair]
    return views.pad(input, widths) if any(widths) else input


def _convolve(name, count, input, weight, bias, stride, padding, dilation, groups):
    kernel = weight._a.shape[2:]
    if len(kernel) != count:
        raise RuntimeError(
            f"{name}: expected a weight of {count + 2} dimensions, got {list(weight.shape)}"
        )
    stride, dilation = _each("stride", stride, count), _each("dilation", dilation, count)
    borders = _borders(padding, kernel, stride, dilation)

    def compute(batch):
        _check(name, batch, weight, bias, groups, False)
        batch = _padded(batch, borders)
        counts = _windows(batch._a.shape[2:], kernel, stride, dilation)
        if min(counts) <= 0:
            raise RuntimeError(
                f"Calculated padded input size per channel: {batch._a.shape[2:]}. Kernel size: "
                f"{kernel}. Kernel size can't be greater than actual input size"
            )
        size, inner = batch._a.shape[0], weight._a.shape[1] * math.prod(kernel)
        seen = columns(batch, kernel, stride, dilation, counts)
        seen = views.reshape(seen, (size, groups, inner, math.prod(counts)))
        filters = views.reshape(weight, (groups, weight._a.shape[0] // groups, inner))
        product = linalg.matmul(filters, seen)
        product = owned(views.reshape(product, (size, weight._a.shape[0], *counts)))
        return _with_bias(product, bias, count)

    return _batched(name, input, count, compute)


def _convolution(count):
    name = f"conv{count}d"

    def function(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return _convolve(name, count, input, weight, bias, stride, padding, dilation, groups)

    function.__name__ = name
    function.__doc__ = f"Convolution over {count} dimensions; (N, C, ...) or (C, ...)."
    return operator(
        f"torch.nn.functional.{name}",
        f"torch.{name}",
        ascend=f"mindspore.mint.nn.functional.{name}",
    )(function)


conv1d = _convolution(1)
conv2d = _convolution(2)
conv3d = _convolution(3)


def _spread_out(name, count, input, weight, bias, stride, padding, extra, groups, dilation):
    kernel = weight._a.shape[2:]
    stride, dilation = _each("stride", stride, count), _each("dilation", dilation, count)
    padding, extra = _each("padding", padding, count), _each("output_padding", extra, count)

    def compute(batch):
        _check(name, batch, weight, bias, groups, True)
        size, channels, *places = batch._a.shape
        inner = weight._a.shape[1] * math.prod(kernel)
        filters = views.reshape(weight, (groups, channels // groups, inner))
        rows = views.reshape(batch, (size, groups, channels // groups, math.prod(places)))
        product = linalg.matmul(views.transpose(filters, 1, 2), rows)
        outputs = weight._a.shape[1] * groups
        whole = tuple(
            (n - 1) * s + d * (k - 1) + 1 + e
            for n, s, d, k, e in zip(places, stride, dilation, kernel, extra, strict=True)
        )
        product = views.reshape(product, (size, outputs, *kernel, *places))
        result = fold_columns(product, whole, kernel, stride, dilation)
        result = _padded(result, [(-p, -p) for p in padding])
        return _with_bias(result, bias, count)

    return _batched(name, input, count, compute)


def _transposed(count):
    name = f"conv_transpose{count}d"

    def function(
        input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
    ):
        return _spread_out(
            name, count, input, weight, bias, stride, padding, output_padding, groups, dilation
        )

    function.__name__ = name
    function.__doc__ = f"The gradient of conv{count}d as an operator of its own."
    return operator(f"torch.nn.functional.{name}", f"torch.{name}")(function)


conv_transpose1d = _transposed(1)
conv_transpose2d = _transposed(2)
conv_transpose3d = _transposed(3)


@operator("torch.nn.functional.unfold")
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """(N, C, H, W) to (N, C * kernel, windows): what each window sees."""
    kernel, stride = _each("kernel_size", kernel_size, 2), _each("stride", stride, 2)
    dilation, padding = _each("dilation", dilation, 2), _each("padding", padding, 2)

    def compute(batch):
        batch = _padded(batch, [(p, p) for p in padding])
        counts = _windows(batch._a.shape[2:], kernel, stride, dilation)
        seen = columns(batch, kernel, stride, dilation, counts)
        shape = seen._a.shape
        return owned(views.reshape(seen, (shape[0], math.prod(shape[1:4]), math.prod(shape[4:]))))

    return _batched("unfold", input, 2, compute)


@operator("torch.nn.functional.fold")
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """(N, C * kernel, windows) to (N, C, H, W): overlapping windows add up."""
    sizes, kernel = _each("output_size", output_size, 2), _each("kernel_size", kernel_size, 2)
    dilation, padding = _each("dilation", dilation, 2), _each("padding", padding, 2)
    stride = _each("stride", stride, 2)
    whole = tuple(n + 2 * p for n, p in zip(sizes, padding, strict=True))
    counts = _windows(whole, kernel, stride, dilation)

    def compute(batch):
        channels = batch._a.shape[1] // math.prod(kernel)
        spread = views.reshape(batch, (batch._a.shape[0], channels, *kernel, *counts))
        result = fold_columns(spread, whole, kernel, stride, dilation)
        return _padded(result, [(-p, -p) for p in padding])

    return _batched("fold", input, 1, compute)
