# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""`x[key]` and `x[key] = value`: slices, integers, None, Ellipsis, masks and integer tensors."""

import numpy

from mstorch._autograd import attach, derivative, view, wants_grad
from mstorch._ops import inplace, views
from mstorch._ops._operands import wrap_dim, write_out
from mstorch._registry import operator
from mstorch._tensor import MindSporeTensor, Tensor, adopt, bits, wrap, wrap_laid_out

INDEX_TYPES = (numpy.dtype(numpy.int64), numpy.dtype(numpy.int32))

_BASIC = (int, slice, type(None), type(Ellipsis), numpy.integer)


def _is_basic(item):
    return isinstance(item, _BASIC) and not isinstance(item, bool)


def _normal(key, shape):
    """A tuple key whose tensors are arrays, and whether it is basic (slices, integers, None and
    Ellipsis only).
    """
    items = key if isinstance(key, tuple) else (key,)
    basic = True
    plain = []
    for item in items:
        if isinstance(item, MindSporeTensor):
            array = adopt(item)._a if not isinstance(item, Tensor) else item._a
            if array.ndim == 0 and array.dtype.kind in "iu":
                item = int(array)
            else:
                item = array if array.dtype != numpy.uint8 else array.astype(bool)
                basic = False
        elif isinstance(item, (list, numpy.ndarray, range)):
            item = (
                numpy.asarray([i.item() if isinstance(i, Tensor) else i for i in item])
                if not isinstance(item, numpy.ndarray)
                else item
            )
            item = item.astype(numpy.int64) if not item.size else item
            basic = False
        elif isinstance(item, slice):
            item = slice(
                *(None if p is None else int(p) for p in (item.start, item.stop, item.step))
            )
            if item.step is not None and item.step <= 0:
                raise ValueError("step must be greater than zero")
        elif isinstance(item, bool):
            basic = False
        elif not _is_basic(item):
            raise TypeError(f"tensors cannot be indexed with {type(item).__name__}")
        if (
            not isinstance(item, (slice, int, type(None), type(Ellipsis), bool, numpy.integer))
            and item.dtype.kind not in "biu"
        ):
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        plain.append(item)
    return tuple(plain), basic


def basic_view(input, key):
    """A view by a key of slices, integers, None and Ellipsis."""
    array = input._a
    try:
        part = array[key if Ellipsis in key else (*key, Ellipsis)]
    except IndexError as error:
        raise IndexError(_out_of_range(error)) from error
    return view(views.slice_backward, input, part, (array.shape, key))


def _out_of_range(error):
    return str(error).replace("axis", "dimension").replace("array", "tensor")


@derivative("IndexBackward0")
def _index_backward(ctx, grad):
    ctx.check_saved()
    return index_zeros_add(grad, *ctx.context)


@derivative("IndexPutBackward0")
def _index_zeros_backward(ctx, grad):
    return advanced(grad, ctx.context)


def index_zeros_add(grad, shape, key):
    """Zeros of a shape, with the tensor added at an advanced index; repeated places add up."""
    memory = numpy.zeros(shape, grad._a.dtype)
    _add_at(memory, key, grad._a)
    result = wrap(memory)
    return attach(_index_zeros_backward, result, (grad,), (), key) if wants_grad(grad) else result


def _add_at(memory, key, values):
    if all(not isinstance(k, numpy.ndarray) or k.dtype.kind == "b" for k in key):
        # A mask names no place twice.
        sums = bits(memory)[key].view(memory.dtype) + values
        bits(memory)[key] = bits(sums)
    elif len(key) == 1 or not any(isinstance(k, numpy.ndarray) for k in key[1:]):
        rows = key[0]
        if (
            isinstance(rows, numpy.ndarray)
            and memory.ndim > 1
            and all(k in (slice(None), Ellipsis) for k in key[1:])
        ):
            add_rows(memory, rows, values)
        else:
            numpy.add.at(memory, key, values)
    else:
        numpy.add.at(memory, key, values)


def add_rows(memory, rows, values):
    """`memory[rows] += values` along the first dimension, repeated rows adding up in their order.

    numpy.add.at is slow on rows. Rows that repeat a few times are added in as many turns, each with
    different rows; where one repeats often, sorted runs are added with reduceat.
    """
    rows = rows.ravel()
    if not rows.size:
        return
    flat = values.reshape(rows.size, -1)
    rows = numpy.where(rows < 0, rows + memory.shape[0], rows)
    order = numpy.argsort(rows, kind="stable")
    sorted_rows = rows[order]
    starts = numpy.flatnonzero(numpy.concatenate(([True], sorted_rows[1:] != sorted_rows[:-1])))
    lengths = numpy.diff(starts, append=rows.size)
    target = memory.reshape(memory.shape[0], -1)
    turns = lengths.max()
    if turns > 4 and turns * 16 > rows.size:
        target[sorted_rows[starts]] += numpy.add.reduceat(flat[order], starts, axis=0)
        return
    for turn in range(turns):
        places = starts[lengths > turn] + turn
        target[sorted_rows[places]] += flat[order[places]]


def advanced(input, key, sources=()):
    """The elements at an advanced key; differentiable. `sources` are the tensors whose memory the
    key reads.
    """
    try:
        result = wrap(bits(input._a)[key].view(input._a.dtype))
    except IndexError as error:
        raise IndexError(_out_of_range(error)) from error
    return (
        attach(_index_backward, result, (input,), sources, (input._a.shape, key))
        if wants_grad(input)
        else result
    )


@operator("Tensor.__getitem__")
def getitem(input, key):
    """Basic keys give views, masks and integer tensors copies."""
    plain, basic = _normal(key, input._a.shape)
    return basic_view(input, plain) if basic else advanced(input, plain, _tensors_of(key))


def _tensors_of(key):
    """The tensors among the items of a key."""
    items = key if isinstance(key, (tuple, list)) else (key,)
    return [item for item in items if isinstance(item, Tensor)]


@operator("Tensor.__setitem__")
def setitem(input, key, value):
    """Write into the tensor's memory; differentiable in the value."""
    inplace.check_writable(input)
    plain, basic = _normal(key, input._a.shape)
    value = value if isinstance(value, Tensor) else _number(value, input)
    if basic:
        target = basic_view(input, plain)
        spare = value._a.ndim - target._a.ndim
        if spare > 0 and value._a.shape[:spare] == (1,) * spare:
            value = views.reshape(value, value._a.shape[spare:])
        target.copy_(value)
        return
    inplace.assign(input, plain, value, False, _tensors_of(key))


def _number(value, like):
    return wrap(numpy.asarray(value).astype(like._a.dtype))


@operator("Tensor.index_put_")
def index_put_(input, indices, values, accumulate=False):
    """Write, or add, values at integer or mask indices."""
    key, _ = _normal(tuple(slice(None) if i is None else i for i in indices), input._a.shape)
    inplace.assign(input, key, values, accumulate, _tensors_of(indices))
    return input


@operator("torch.index_put", "Tensor.index_put")
def index_put(input, indices, values, accumulate=False):
    """index_put_ on a copy."""
    return index_put_(views.clone(input), indices, values, accumulate)


@operator("torch.index_select", "Tensor.index_select", ascend="mindspore.mint.index_select")
def index_select(input, dim, index, *, out=None):
    """Slices along a dimension by number; repeated numbers are allowed."""
    if index._a.dtype.kind not in "iu":
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    dim = wrap_dim(dim, input._a.ndim)
    places = index._a.reshape(-1)
    size = input._a.shape[dim] if input._a.ndim else 1
    if places.size and (places.min() < 0 or places.max() >= size):
        raise IndexError("index out of range in self")
    if not input._a.ndim:
        return write_out(out, views.clone(input))
    return write_out(out, advanced(input, (slice(None),) * dim + (places,), (index,)))


@operator("torch.masked_select", "Tensor.masked_select", ascend="mindspore.mint.masked_select")
def masked_select(input, mask, *, out=None):
    """The elements where the mask is True, in one dimension; input and mask are broadcast."""
    shape = numpy.broadcast_shapes(input._a.shape, mask._a.shape)
    source = input if input._a.shape == shape else views.expand(input, shape)
    return write_out(out, advanced(source, (numpy.broadcast_to(mask._a, shape),), (mask,)))


@operator("torch.nonzero", "Tensor.nonzero", ascend="mindspore.mint.nonzero")
def nonzero(input, *, as_tuple=False, out=None):
    """Positions of the elements that are not zero, a row each, or a tuple with a tensor a
    dimension.
    """
    array = input._a
    if as_tuple:
        if out is not None:
            raise TypeError("nonzero(): argument 'out' must be Tensor, not tuple")
        return tuple(wrap(p) for p in numpy.nonzero(array if array.ndim else array.reshape(1)))
    return write_out(out, wrap_laid_out(numpy.argwhere(array).astype(numpy.int64, copy=False)))


@operator("torch.argwhere", "Tensor.argwhere")
def argwhere(input):
    """Positions of the elements that are not zero, a row each."""
    return nonzero(input)


@derivative("TakeBackward0")
def _take_backward(ctx, grad):
    return views.spread_at(grad, *ctx.context)


@operator("torch.take", "Tensor.take")
def take(input, index):
    """Elements by their position in the flattened tensor."""
    places = counted(index._a, input._a.size)
    result = wrap(numpy.take(input._a, places))
    return (
        attach(_take_backward, result, (input,), (), (input._a.shape, places))
        if wants_grad(input)
        else result
    )


def counted(places, size):
    """Positions counted from the front; IndexError outside."""
    if places.size and (places.min() < -size or places.max() >= size):
        raise IndexError(f"out of range: tried to access an index in {size} elements")
    return numpy.where(places < 0, places + size, places)


@derivative("GatherBackward0")
def _gather_backward(ctx, grad):
    shape, dim = ctx.context
    index = ctx.one_saved(0)
    return wrap(numpy.zeros(shape, grad._a.dtype)).scatter_add(dim, index, grad)


@operator("torch.gather", "Tensor.gather", ascend="mindspore.mint.gather")
def gather(input, dim, index, *, sparse_grad=False, out=None):
    """`out[i][j] = input[index[i][j]][j]` for dim 0, and so on."""
    array, places = input._a, index._a
    if places.size and places.dtype not in INDEX_TYPES:
        raise RuntimeError("gather(): Expected dtype int32/int64 for index")
    dim = wrap_dim(dim, array.ndim)
    if not places.size:
        nothing = numpy.zeros(places.shape, numpy.int64)
        return write_out(out, advanced(views.reshape(input, (-1,)), (nothing,)), exact=True)
    if places.ndim != array.ndim and array.ndim and places.ndim:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    check_places("gather", places, array.shape[dim] if array.ndim else 1, dim)
    places = places.astype(numpy.int64, copy=False)
    result = wrap(array[along(places, dim)] if array.ndim else array.reshape(1)[places])
    if wants_grad(input):
        result = attach(_gather_backward, result, (input,), (index,), (array.shape, dim))
    return write_out(out, result, exact=True)


def along(places, dim):
    """The NumPy key that gather and scatter use: an open grid with the index in one dimension."""
    key = [
        numpy.arange(size).reshape([-1 if i == d else 1 for i in range(places.ndim)])
        for d, size in enumerate(places.shape)
    ]
    key[dim] = places
    return tuple(key)


def check_places(name, places, size, dim):
    """RuntimeError, worded as torch words it, for an index outside its dimension."""
    if places.size:
        low, high = places.min(), places.max()
        if low < 0 or high >= size:
            bad = low if low < 0 else high
            raise RuntimeError(f"index {bad} is out of bounds for dimension {dim} with size {size}")


@operator("torch.take_along_dim", "Tensor.take_along_dim")
def take_along_dim(input, indices, dim=None):
    """gather, with the index broadcast against the input."""
    if dim is None:
        return gather(views.reshape(input, (-1,)), 0, views.reshape(indices, (-1,)))
    dim = wrap_dim(dim, input._a.ndim)
    shape = list(
        numpy.broadcast_shapes(
            [1 if d == dim else n for d, n in enumerate(input._a.shape)],
            [1 if d == dim else n for d, n in enumerate(indices._a.shape)],
        )
    )
    size = input._a.shape[dim]
    whole = [size if d == dim else n for d, n in enumerate(shape)]
    shape[dim] = indices._a.shape[dim]
    places = views.expand(indices, shape)._a
    places = wrap(numpy.where(places < 0, places + size, places))
    return gather(views.expand(input, whole), dim, places)
