# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Sums, means, extrema and norms over dimensions."""

import builtins
import collections
import math

import numpy

from mstorch import _dtypes
from mstorch._autograd import attach, derivative, remember, wants_grad
from mstorch._errors import missing
from mstorch._ops import pointwise, views
from mstorch._ops._operands import (
    floating,
    tensor_argument,
    up,
    wrap_dim,
    wrap_dims,
    write_out,
)
from mstorch._quiet import quiet
from mstorch._registry import operator
from mstorch._tensor import Tensor, wrap, wrap_laid_out


def _spread(grad, shape, dims, keepdim):
    """A reduced gradient expanded back over the dimensions that were reduced."""
    kept = [1 if d in dims else size for d, size in enumerate(shape)]
    if not wants_grad(grad):
        return wrap(numpy.broadcast_to(grad._a.reshape(kept), shape).copy())
    if not keepdim and grad._a.ndim != len(shape):
        grad = views.reshape(grad, kept)
    return views.expand(grad, shape)


@derivative("SumBackward1")
def _sum_backward(ctx, grad):
    shape, dims, keepdim, kind = ctx.context
    return views.cast(_spread(grad, shape, dims, keepdim), kind)


def _sum_type(array, dtype):
    if dtype is not None:
        return _dtypes.numpy_of(dtype)
    return numpy.dtype(numpy.int64) if array.dtype.kind in "biu" else array.dtype


@operator("torch.sum", "Tensor.sum", ascend="mindspore.mint.sum")
def sum(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The sum over dimensions; integers are summed as int64."""
    array = input._a
    dims = wrap_dims(dim, array.ndim)
    kind = _sum_type(array, dtype)
    wide = up(array) if dtype is None else up(array.astype(kind, copy=False))
    sum_kind = wide.dtype if wide.dtype.kind in "fc" else kind
    with quiet():
        total = numpy.add.reduce(wide, dims, sum_kind, keepdims=keepdim)
    result = wrap(numpy.asarray(total).astype(kind, copy=False))
    if wants_grad(input):
        result = attach(
            _sum_backward, result, (input,), (), (array.shape, dims, keepdim, input.dtype)
        )
    return write_out(out, result)


@derivative("MeanBackward1")
def _mean_backward(ctx, grad):
    shape, dims, keepdim, kind, count = ctx.context
    return views.cast(pointwise.div(_spread(grad, shape, dims, keepdim), count), kind)


@operator("torch.mean", "Tensor.mean", ascend="mindspore.mint.mean")
def mean(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The mean over dimensions, of a floating point tensor."""
    array = input._a if dtype is None else input._a.astype(_dtypes.numpy_of(dtype), copy=False)
    if array.dtype.kind in "biu":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            "complex dtype. "
            f"Got: {input.dtype}"
        )
    dims = wrap_dims(dim, array.ndim)
    count = 1
    for d in dims:
        count *= array.shape[d]
    wide = up(array)
    with quiet():
        total = numpy.add.reduce(wide, dims, keepdims=keepdim) / wide.dtype.type(count)
    result = wrap(numpy.asarray(total).astype(array.dtype, copy=False))
    if wants_grad(input):
        result = attach(
            _mean_backward, result, (input,), (), (array.shape, dims, keepdim, input.dtype, count)
        )
    return write_out(out, result)


@operator("torch.var", "Tensor.var")
def var(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """The variance over dimensions; divided by `count - correction`."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    correction = (1 if unbiased else 0) if correction is None else correction
    dims = wrap_dims(dim, input._a.ndim)
    count = 1
    for d in dims:
        count *= input._a.shape[d]
    centred = pointwise.sub(input, mean(input, dims, True))
    return pointwise.div(
        sum(pointwise.square(centred), dims, keepdim), builtins.max(count - correction, 0)
    )


@operator("torch.std", "Tensor.std")
def std(input, dim=None, unbiased=True, keepdim=False, *, correction=None):
    """The square root of the variance."""
    return pointwise.sqrt(var(input, dim, unbiased, keepdim, correction=correction))


@derivative("ProdBackward0")
def _prod_backward(ctx, grad):
    (x,) = ctx.saved
    dims, keepdim = ctx.context
    array = x._a
    if (up(array) == 0).any():
        if wants_grad(x, grad):
            raise missing("torch.prod", "the second derivative where an element is zero")
        spread = _spread(grad, array.shape, dims, keepdim)
        others = _products_of_others(up(array), dims)
        return wrap((up(spread._a) * others).astype(array.dtype, copy=False))
    product = _spread(
        pointwise.mul(grad, prod(x, None if len(dims) == array.ndim else dims[0], keepdim)),
        array.shape,
        dims,
        keepdim,
    )
    return pointwise.div(product, x)


def _products_of_others(array, dims):
    """For each element the product of all others over the dimensions, without dividing."""
    rest = [d for d in range(array.ndim) if d not in dims]
    order = (*rest, *dims)
    lines = array.transpose(order).reshape([array.shape[d] for d in rest] + [-1])
    ones = numpy.ones_like(lines[..., :1])
    before = numpy.cumprod(numpy.concatenate((ones, lines[..., :-1]), -1), -1)
    backwards = lines[..., ::-1]
    after = numpy.cumprod(numpy.concatenate((ones, backwards[..., :-1]), -1), -1)[..., ::-1]
    shape = [array.shape[d] for d in order]
    return (before * after).reshape(shape).transpose(numpy.argsort(order))


@operator("torch.prod", "Tensor.prod", ascend="mindspore.mint.prod")
def prod(input, dim=None, keepdim=False, *, dtype=None):
    """The product over one dimension, or all."""
    dims = wrap_dims(dim, input._a.ndim)
    kind = _sum_type(input._a, dtype)
    wide = up(input._a.astype(kind, copy=False))
    product = numpy.multiply.reduce(wide, dims, keepdims=keepdim)
    result = wrap(numpy.asarray(product).astype(kind, copy=False))
    return (
        attach(_prod_backward, result, (input,), (input,), (dims, keepdim))
        if wants_grad(input)
        else result
    )


def _truth(name, ufunc):
    def function(input, dim=None, keepdim=False, *, out=None):
        array = input._a if input._a.dtype.kind == "b" else up(input._a) != 0
        found = numpy.asarray(ufunc.reduce(array, wrap_dims(dim, array.ndim), keepdims=keepdim))
        return write_out(
            out, wrap(found.astype(input._a.dtype) if input._a.dtype == numpy.uint8 else found)
        )

    function.__name__ = name
    return operator(f"torch.{name}", f"Tensor.{name}", ascend=f"mindspore.mint.{name}")(function)


all = _truth("all", numpy.logical_and)
any = _truth("any", numpy.logical_or)


@operator("torch.count_nonzero", "Tensor.count_nonzero")
def count_nonzero(input, dim=None):
    """The number of elements that are not zero, as int64."""
    return wrap(
        numpy.asarray(numpy.count_nonzero(input._a, wrap_dims(dim, input._a.ndim)), numpy.int64)
    )


# Extrema

_PAIRS = {
    name: collections.namedtuple(name, ("values", "indices"))
    for name in ("max", "min", "sort", "topk", "mode", "median", "kthvalue", "cummax", "cummin")
}


def pair(name, values, indices):
    """The named pair that torch returns, with `.values` and `.indices`."""
    return _PAIRS[name](values, indices)


@derivative("MaxBackward1")
def _extremum_all_backward(ctx, grad):
    x, found = ctx.saved
    hits = x._a == found._a
    share = wrap((hits / hits.sum()).astype(x._a.dtype))
    return pointwise.mul(grad, share)


@derivative("MaxBackward0")
def _pick_backward(ctx, grad):
    """The gradient of values picked by index along a dimension."""
    shape, dim = ctx.context
    indices = ctx.one_saved(0)
    if indices._a.ndim < len(shape):
        indices, grad = views.unsqueeze(indices, dim), views.unsqueeze(grad, dim)
    zeros = wrap(numpy.zeros(shape, grad._a.dtype))
    return zeros.scatter(dim, indices, grad) if shape else views.reshape(grad, shape)


def picked(name, input, values, indices, dim):
    """A (values, indices) pair, with the gradient of the values."""
    values, indices = wrap_laid_out(values), wrap_laid_out(indices)
    if wants_grad(input):
        values = attach(_pick_backward, values, (input,), (indices,), (input._a.shape, dim))
    return pair(name, values, indices)


def _extremum(name, along, arg, elementwise):
    def function(input, dim=None, keepdim=False, *, other=None, out=None):
        tensor_argument(name, "input", input)
        if isinstance(dim, Tensor) or other is not None:
            return elementwise(input, dim if other is None else other, out=out)
        array = input._a
        if dim is None:
            if not array.size:
                raise RuntimeError(
                    f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
                )
            result = wrap(along(array))
            if wants_grad(input):
                result = attach(_extremum_all_backward, result, (input,), (input, remember(result)))
            return write_out(out, result)
        return write_out(out, along_dim(input, wrap_dim(dim, array.ndim), keepdim), exact=True)

    def along_dim(input, dim, keepdim):
        array = input._a
        if not array.ndim:
            return picked(name, input, array.copy(), numpy.zeros((), numpy.int64), dim)
        if array.shape[dim] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")
        places = numpy.expand_dims(arg(up(array), dim), dim)
        values = numpy.take_along_axis(array, places, dim)
        if not keepdim:
            values, places = values.squeeze(dim), places.squeeze(dim)
        return picked(name, input, values, places, dim)

    function.__name__ = name
    return operator(f"torch.{name}", f"Tensor.{name}", ascend=f"mindspore.mint.{name}")(function)


max = _extremum("max", numpy.max, numpy.argmax, pointwise.maximum)
min = _extremum("min", numpy.min, numpy.argmin, pointwise.minimum)


@derivative("AmaxBackward0")
def _amax_backward(ctx, grad):
    x, values = ctx.saved
    dims, keepdim = ctx.context
    hits = x._a == (values._a if keepdim else numpy.expand_dims(values._a, dims))
    share = wrap((hits / hits.sum(dims, keepdims=True)).astype(x._a.dtype))
    return pointwise.mul(_spread(grad, x._a.shape, dims, keepdim), share)


def _check_not_empty(name, array, dim, dims):
    """IndexError or RuntimeError where there is nothing to take an extremum of."""
    if array.size:
        return
    if dim is None or dim == () or dim == []:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
            "reduction dim with the 'dim' argument."
        )
    for d in dims:
        if not array.shape[d]:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _extremum_over(name, along):
    def function(input, dim=(), keepdim=False, *, out=None):
        dims = wrap_dims(dim, input._a.ndim)
        _check_not_empty(name, input._a, dim, dims)
        result = wrap(along(input._a, axis=dims, keepdims=keepdim))
        if wants_grad(input):
            result = attach(
                _amax_backward, result, (input,), (input, remember(result)), (dims, keepdim)
            )
        return write_out(out, result, exact=True)

    function.__name__ = name
    return operator(f"torch.{name}", f"Tensor.{name}", ascend=f"mindspore.mint.{name}")(function)


amax = _extremum_over("amax", numpy.max)
amin = _extremum_over("amin", numpy.min)


def _argument(name, arg):
    def function(input, dim=None, keepdim=False):
        array = up(input._a)
        if dim is None:
            found = numpy.asarray(arg(array), numpy.int64)
            return wrap(found.reshape((1,) * array.ndim) if keepdim else found)
        return wrap(
            arg(array, wrap_dim(dim, array.ndim), keepdims=keepdim)
            if array.ndim
            else numpy.zeros((), numpy.int64)
        )

    function.__name__ = name
    return operator(f"torch.{name}", f"Tensor.{name}", ascend=f"mindspore.mint.{name}")(function)


argmax = _argument("argmax", numpy.argmax)
argmin = _argument("argmin", numpy.argmin)

# Running sums


@derivative("CumsumBackward0")
def _cumsum_backward(ctx, grad):
    dim = ctx.context
    return views.flip(cumsum(views.flip(grad, (dim,)), dim), (dim,)) if grad._a.ndim else grad


@operator("torch.cumsum", "Tensor.cumsum", ascend="mindspore.mint.cumsum")
def cumsum(input, dim, *, dtype=None, out=None):
    """Running sums along a dimension; integers are summed as int64."""
    array = input._a
    dim = wrap_dim(dim, array.ndim)
    kind = _sum_type(array, dtype)
    wide = up(array.astype(kind, copy=False))
    result = wrap(
        (numpy.cumsum(wide, dim, wide.dtype) if array.ndim else wide.copy()).astype(
            kind, copy=False
        )
    )
    if wants_grad(input):
        result = attach(_cumsum_backward, result, (input,), (), dim)
    return write_out(out, result)


# Logarithms of sums, norms


@operator("torch.diff", "Tensor.diff")
def diff(input, n=1, dim=-1, prepend=None, append=None, *, out=None):
    """Each element less the one before it, n times over; of booleans, whether they differ."""
    if not input._a.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    parts = [part for part in (prepend, input, append) if part is not None]
    if builtins.any(part._a.ndim != input._a.ndim for part in parts):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    result = views.cat(parts, dim) if len(parts) > 1 else views.clone(input)
    for _ in range(builtins.min(n, result._a.shape[dim])):
        count = result._a.shape[dim] - 1
        after, before = views.narrow(result, dim, 1, count), views.narrow(result, dim, 0, count)
        changed = result._a.dtype.kind == "b"
        result = after.logical_xor(before) if changed else pointwise.sub(after, before)
    return write_out(out, result)


@derivative("LogsumexpBackward0")
def _logsumexp_backward(ctx, grad):
    (x,) = ctx.saved
    dims, keepdim = ctx.context
    total = logsumexp(x, dims, True)
    weights = pointwise.exp(pointwise.sub(x, total))
    return pointwise.mul(_spread(grad, x._a.shape, dims, keepdim), weights)


@operator("torch.logsumexp", "Tensor.logsumexp", ascend="mindspore.mint.logsumexp")
def logsumexp(input, dim, keepdim=False, *, out=None):
    """The logarithm of the sum of exponentials, without overflow."""
    array = up(floating(input._a))
    dims = wrap_dims(dim, array.ndim)
    with quiet():
        top = numpy.max(array, dims, keepdims=True)
        top = numpy.where(numpy.isfinite(top), top, 0)
        total = numpy.log(numpy.add.reduce(numpy.exp(array - top), dims, keepdims=True)) + top
    if not keepdim:
        total = total.squeeze(dims)
    result = wrap(numpy.asarray(total).astype(floating(input._a).dtype, copy=False))
    if wants_grad(input):
        result = attach(_logsumexp_backward, result, (input,), (input,), (dims, keepdim))
    return write_out(out, result)


@derivative("NormBackward0")
def _norm_backward(ctx, grad):
    x, value = ctx.saved
    order, dims, keepdim = ctx.context
    if wants_grad(grad, x) and x._a.dtype not in _dtypes.REDUCED:
        value = norm(x, order, dims, keepdim)
    if x._a.dtype in _dtypes.REDUCED:
        wide = views.cast(x, _dtypes.float32)
        grad = views.cast(grad, _dtypes.float32)
        value = norm(wide, order, dims, keepdim)
        slope = _norm_gradient(grad, wide, value, order, dims, keepdim)
        return None if slope is None else views.cast(slope, x.dtype)
    return _norm_gradient(grad, x, value, order, dims, keepdim)


def _norm_gradient(grad, x, value, order, dims, keepdim):
    grad = _spread(grad, x._a.shape, dims, keepdim)
    value = _spread(value, x._a.shape, dims, keepdim)
    if order == 2:
        scaled = pointwise.div(pointwise.mul(grad, x), value)
        return pointwise.masked_fill(scaled, value == 0, 0)
    if order == 1:
        return pointwise.mul(grad, pointwise.sign(x))
    if order == 0:
        return None
    if builtins.abs(order) == math.inf:
        hits = pointwise.abs(x) == value
        share = hits / hits.sum(dims, True)
        return pointwise.mul(pointwise.mul(grad, pointwise.sign(x)), views.cast(share, x.dtype))
    return pointwise.mul(grad, _power_norm_slope(x, value, order))


def _power_norm_slope(x, value, order):
    """sign(x) |x|^(p-1) / norm^(p-1); 0 where x or the norm is, as far as that needs saying."""
    size = pointwise.pow(pointwise.abs(x), order - 1)
    if order < 1:
        size = pointwise.masked_fill(size, x == 0, 0)
        return pointwise.mul(
            pointwise.mul(pointwise.sign(x), size), pointwise.pow(value, 1 - order)
        )
    by_norm = pointwise.reciprocal(pointwise.pow(value, order - 1))
    by_norm = pointwise.masked_fill(by_norm, value == 0, 0)
    return pointwise.mul(pointwise.mul(pointwise.sign(x), size), by_norm)


@operator("torch.linalg.vector_norm")
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None):
    """The p-norm over dimensions of the flattened tensor, or over the dimensions named."""
    return norm(x, ord, dim, keepdim, out, dtype)


@operator("torch.norm", "Tensor.norm")
def norm(input, p="fro", dim=None, keepdim=False, out=None, dtype=None):
    """The p-norm over dimensions: p is a number, infinity or "fro" (which is 2)."""
    if p == "nuc":
        raise missing("torch.norm(p='nuc')", "singular values")
    order = 2.0 if p in ("fro", None) else float(p)
    if dtype is not None:
        input = views.cast(input, dtype)
    array = up(input._a)
    if array.dtype.kind not in "fc":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{input.dtype}"
        )
    dims = wrap_dims(dim, array.ndim)
    size = numpy.abs(array)
    if order == math.inf:
        total = numpy.max(size, dims, keepdims=keepdim)
    elif order == -math.inf:
        total = numpy.min(size, dims, keepdims=keepdim)
    elif order == 0:
        total = numpy.add.reduce(size != 0, dims, array.dtype, keepdims=keepdim)
    elif order == 1:
        total = numpy.add.reduce(size, dims, keepdims=keepdim)
    elif order == 2:
        total = numpy.sqrt(numpy.add.reduce(size * size, dims, keepdims=keepdim))
    else:
        total = numpy.add.reduce(size**order, dims, keepdims=keepdim) ** (1 / order)
    result = wrap(numpy.asarray(total).astype(input._a.dtype, copy=False))
    if wants_grad(input):
        result = attach(
            _norm_backward, result, (input,), (input, remember(result)), (order, dims, keepdim)
        )
    return write_out(out, result)


@operator("torch.nansum", "Tensor.nansum")
def nansum(input, dim=None, keepdim=False, *, dtype=None, out=None):
    """The sum of what is a number; nan counts as 0."""
    if input._a.dtype.kind in "biu":
        return sum(input, dim, keepdim, dtype=dtype, out=out)
    zero = input.new_zeros(())
    return sum(pointwise.where(input.isnan(), zero, input), dim, keepdim, dtype=dtype, out=out)
