# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writing and adding at indices.

Sums at repeated places are exact and in order: nothing here runs on several threads.
"""

import numpy

from mstorch._autograd import attach, derivative, owned, wants_grad
from mstorch._errors import missing
from mstorch._ops import indexing, inplace, views
from mstorch._ops._operands import up, wrap_dim
from mstorch._registry import operator
from mstorch._tensor import Tensor, wrap


def _prepare(name, input, dim, index):
    dim = wrap_dim(dim, input._a.ndim)
    places = index._a
    if places.size and places.dtype not in indexing.INDEX_TYPES:
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    indexing.check_places(name, places, input._a.shape[dim] if input._a.ndim else 1, dim)
    return dim, places.astype(numpy.int64, copy=False)


def _source(src, places):
    """The part of the source that the index uses."""
    return (
        src._a[tuple(slice(0, n) for n in places.shape)] if src._a.shape != places.shape else src._a
    )


@derivative("ScatterBackward0")
def _scatter_backward(ctx, grad):
    dim, shape = ctx.context
    index = ctx.one_saved(0)
    by_input = by_source = None
    if ctx.needs[0]:
        by_input = scatter(grad, dim, index, 0)
    if len(ctx.needs) > 1 and ctx.needs[1]:
        by_source = _unused_as_zero(grad.gather(dim, index), shape)
    return (by_input, by_source)[: len(ctx.needs)]


def _unused_as_zero(gathered, shape):
    if gathered._a.shape == shape:
        return gathered
    sizes = zip(reversed(shape), reversed(gathered._a.shape), strict=True)
    return views.pad(gathered, [width for n, used in sizes for width in (0, n - used)])


@operator("torch.scatter", "Tensor.scatter", ascend="mindspore.mint.scatter")
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """A copy with values, a tensor or a number, written at an index along a dimension."""
    src = value if src is None else src
    if reduce is not None:
        return _scatter_with(input, dim, index, src, reduce)
    dim, places = _prepare("scatter", input, dim, index)
    if isinstance(src, Tensor) and src._a.dtype != input._a.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    array = input._a.copy()
    target = array if array.ndim else array.reshape(1)
    key = indexing.along(places, dim) if places.ndim else places.reshape(1)
    target[key] = _source(src, places) if isinstance(src, Tensor) else src
    result = wrap(array)
    inputs = (input, src) if isinstance(src, Tensor) else (input,)
    if wants_grad(*inputs):
        shape = src._a.shape if isinstance(src, Tensor) else None
        result = attach(_scatter_backward, result, inputs, (index,), (dim, shape))
    return result


_COMBINE = {"add": numpy.add, "multiply": numpy.multiply}


def _scatter_with(input, dim, index, src, reduce):
    """scatter that adds or multiplies; not differentiable, as in torch."""
    if reduce not in _COMBINE:
        raise RuntimeError("reduce argument must be either add or multiply.")
    if wants_grad(*(t for t in (input, src) if isinstance(t, Tensor))):
        raise missing(f"torch.scatter(reduce={reduce!r})", "the gradient; use scatter_reduce")
    dim, places = _prepare("scatter", input, dim, index)
    array = up(input._a.copy())
    target = array if array.ndim else array.reshape(1)
    key = indexing.along(places, dim) if places.ndim else places.reshape(1)
    if isinstance(src, Tensor):
        values = up(_source(src, places))
    else:
        values = numpy.asarray(src).astype(input._a.dtype)
    _COMBINE[reduce].at(target, key, values)
    return wrap(array.astype(input._a.dtype, copy=False))


@derivative("ScatterAddBackward0")
def _scatter_add_backward(ctx, grad):
    dim, shape = ctx.context
    index = ctx.one_saved(0)
    return grad, _unused_as_zero(grad.gather(dim, index), shape) if ctx.needs[1] else None


@operator("torch.scatter_add", "Tensor.scatter_add", ascend="mindspore.mint.scatter_add")
def scatter_add(input, dim, index, src):
    """A copy with values added at an index along a dimension; repeated places add up."""
    dim, places = _prepare("scatter_add", input, dim, index)
    if src._a.dtype != input._a.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    array = input._a.copy()
    _add_along(array, dim, places, _source(src, places))
    result = wrap(array)
    if wants_grad(input, src):
        result = attach(_scatter_add_backward, result, (input, src), (index,), (dim, src._a.shape))
    return result


def _add_along(array, dim, places, values):
    """Add values at an index along a dimension, in place; a row index that was only expanded is
    added row by row.
    """
    if not array.ndim:
        numpy.add.at(array.reshape(1), places.reshape(-1), values.reshape(-1))
        return
    expanded = all(
        s == 0 or n == 1
        for d, (s, n) in enumerate(zip(places.strides, places.shape, strict=False))
        if d != 0
    )
    if (
        dim == 0
        and array.ndim > 1
        and expanded
        and places.shape[1:] == array.shape[1:]
        and places.size
    ):
        indexing.add_rows(array, places[(slice(None),) + (0,) * (array.ndim - 1)], values)
    else:
        numpy.add.at(array, indexing.along(places, dim), values)


@derivative("IndexAddBackward0")
def _index_add_backward(ctx, grad):
    dim, alpha = ctx.context
    index = ctx.one_saved(0)
    return grad, grad.index_select(dim, index) * alpha if ctx.needs[1] else None


@operator("torch.index_add", "Tensor.index_add", ascend="mindspore.mint.index_add")
def index_add(input, dim, index, source, *, alpha=1):
    """A copy with slices added along a dimension; repeated numbers add up."""
    dim = wrap_dim(dim, input._a.ndim)
    array = input._a.copy()
    if not array.ndim:
        whole = index_add(
            views.reshape(input, (1,)), 0, index, views.reshape(source, (-1,)), alpha=alpha
        )
        return owned(views.reshape(whole, ()))
    if source._a.dtype != array.dtype:
        raise RuntimeError("index_add_(): self and source must have the same scalar type")
    fitting = (*array.shape[:dim], index._a.size, *array.shape[dim + 1 :])
    if source._a.ndim and source._a.shape != fitting:
        raise RuntimeError(
            f"index_add_(): source of shape {list(fitting)} expected, got {list(source._a.shape)}"
        )
    values = source._a if alpha == 1 else source._a * source._a.dtype.type(alpha)
    if dim == 0 and array.ndim > 1 and array.size:
        indexing.add_rows(array, index._a, values)
    else:
        numpy.add.at(array, (slice(None),) * dim + (index._a,), values)
    result = wrap(array)
    if wants_grad(input, source):
        result = attach(_index_add_backward, result, (input, source), (index,), (dim, alpha))
    return result


@operator("torch.index_copy", "Tensor.index_copy")
def index_copy(input, dim, index, source):
    """A copy with slices replaced along a dimension."""
    if not input._a.ndim:
        whole = index_copy(views.reshape(input, (1,)), 0, index, views.reshape(source, (-1,)))
        return owned(views.reshape(whole, ()))
    key = (slice(None),) * wrap_dim(dim, input._a.ndim) + (views.reshape(index, (-1,)),)
    copy = views.contiguous_clone(input)
    copy[key] = source
    return copy


@operator("torch.index_fill", "Tensor.index_fill")
def index_fill(input, dim, index, value):
    """A copy with slices filled along a dimension."""
    if not input._a.ndim:
        return owned(views.reshape(index_fill(views.reshape(input, (1,)), 0, index, value), ()))
    dim = wrap_dim(dim, input._a.ndim)
    # A number that is listed twice is filled once, so that the value's gradient counts it once.
    places = numpy.unique(numpy.where(index._a < 0, index._a + input._a.shape[dim], index._a))
    copy = views.clone(input)
    copy[(slice(None),) * dim + (wrap(places),)] = value
    return copy


for _name, _function in (
    ("scatter_", scatter),
    ("scatter_add_", scatter_add),
    ("index_add_", index_add),
    ("index_copy_", index_copy),
    ("index_fill_", index_fill),
):
    operator(f"Tensor.{_name}")(inplace.in_place(_function))


@operator("torch.bincount", "Tensor.bincount", ascend="mindspore.mint.bincount")
def bincount(input, weights=None, minlength=0):
    """How often each non-negative integer occurs, or the sum of its weights."""
    if input._a.ndim != 1 or input._a.dtype.kind not in "biu":
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return wrap(numpy.bincount(input._a, minlength=minlength).astype(numpy.int64, copy=False))
    counts = numpy.bincount(input._a, weights._a, minlength)
    return wrap(
        counts.astype(
            weights._a.dtype if weights._a.dtype.kind == "f" else numpy.float64, copy=False
        )
    )


@operator("torch.histc", "Tensor.histc")
def histc(input, bins=100, min=0, max=0):
    """Counts in equally wide bins between min and max, or the extrema where both are zero."""
    array = up(input._a)
    low, high = (array.min(), array.max()) if min == 0 and max == 0 and array.size else (min, max)
    if low == high:
        low, high = low - 1, high + 1
    counts, _ = numpy.histogram(array, bins, (low, high))
    return wrap(counts.astype(input._a.dtype))
