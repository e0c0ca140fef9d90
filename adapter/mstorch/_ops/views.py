# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes: views over the same memory, copies in another shape or type, joining and splitting."""

import itertools

import numpy

from mstorch import _device, _dtypes, _meta
from mstorch._autograd import attach, derivative, owned, view, views_of, wants_grad
from mstorch._errors import missing
from mstorch._ops._operands import gradient_for, sizes_of, sum_to, wrap_dim, wrap_dims, write_out
from mstorch._quiet import quiet
from mstorch._registry import operator
from mstorch._tensor import (
    CHANNELS_LAST,
    Tensor,
    address_of,
    copied,
    is_in_format,
    share,
    strided,
    whole_memory_of,
    wrap,
    wrap_laid_out,
)

# Copies


@derivative("CloneBackward0")
def _clone_backward(ctx, grad):
    return grad


@operator("torch.clone", "Tensor.clone", ascend="mindspore.mint.clone")
def clone(input, *, memory_format=_device.preserve_format):
    """A copy with its own memory, whose dimensions lie as the tensor's do, or as asked for."""
    result = wrap_laid_out(_in_format(input._a, memory_format))
    return attach(_clone_backward, result, (input,)) if wants_grad(input) else result


def contiguous_clone(input):
    """A contiguous copy with its own memory."""
    return clone(input, memory_format=_device.contiguous_format)


def _in_format(array, memory_format, kind=None):
    """A copy whose dimensions lie in the order of a memory format."""
    kind = array.dtype if kind is None else kind
    if memory_format is _device.preserve_format or memory_format is None:
        return copied(array, kind)
    if memory_format is _device.contiguous_format:
        return array.astype(kind, order="C")
    ndim = CHANNELS_LAST[memory_format]
    if array.ndim != ndim:
        raise RuntimeError(f"required rank {ndim} tensor to use {memory_format} format")
    return numpy.moveaxis(numpy.moveaxis(array, 1, -1).astype(kind, order="C"), -1, 1)


@operator("Tensor.contiguous")
def contiguous(input, memory_format=_device.contiguous_format):
    """The tensor itself where it is contiguous, a copy otherwise."""
    if is_in_format(input._a, memory_format):
        return input
    return clone(input, memory_format=memory_format)


@operator("Tensor.detach", "torch.detach")
def detach(input):
    """The same memory, without history."""
    return share(input)


def _needs_no_change(array, memory_format):
    if memory_format is None or memory_format is _device.preserve_format:
        return True
    return is_in_format(array, memory_format)


@derivative("ToCopyBackward0")
def _to_backward(ctx, grad):
    return cast(grad, ctx.context)


def cast(input, dtype, copy=False, memory_format=None):
    """The tensor in another type and memory format; itself where nothing changes and no copy is
    asked for.
    """
    dtype = _dtypes.as_dtype(dtype)
    kind = _dtypes.numpy_of(dtype)
    array = input._a
    if array.dtype == kind and not copy and _needs_no_change(array, memory_format):
        return input
    with quiet():
        result = wrap_laid_out(_in_format(array, memory_format, kind))
    if wants_grad(input) and (dtype.is_floating_point or dtype.is_complex):
        return attach(_to_backward, result, (input,), (), input.dtype)
    return result


@operator("Tensor.to")
def to(input, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None):
    """`to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other)`, with non_blocking and copy."""
    dtype, device, copy = arguments_of_to(args, dtype, device, copy)
    if device is not None and _meta.is_meta(device):
        return _meta.like(input, dtype)
    _device.check_device(device)
    return cast(input, input.dtype if dtype is None else dtype, copy, memory_format)


def arguments_of_to(args, dtype, device, copy):
    """The type, the device and whether to copy, of what Tensor.to is given by position and name."""
    rest = list(args)
    if rest and isinstance(rest[0], Tensor):
        other = rest.pop(0)
        dtype, device = other.dtype, other.device
    else:
        if rest and (
            rest[0] is None
            or (isinstance(rest[0], (str, int, _device.device)) and not isinstance(rest[0], bool))
        ):
            device = rest.pop(0)
        if rest and not isinstance(rest[0], bool):
            dtype = rest.pop(0)
    if len(rest) > 2 or not all(isinstance(each, bool) for each in rest):
        raise TypeError(f"to() received an invalid combination of arguments: {args}")
    if len(rest) > 1:
        copy = rest[1]  # rest[0] is non_blocking: there is nothing to wait for
    return dtype, device, copy


def _conversion(name, dtype):
    def convert(input, memory_format=None):
        return cast(input, dtype, False, memory_format)

    convert.__name__ = name
    convert.__doc__ = f"The tensor as {dtype}."
    operator(f"Tensor.{name}")(convert)


for _name, _type in (
    ("float", _dtypes.float32),
    ("double", _dtypes.float64),
    ("half", _dtypes.float16),
    ("bfloat16", _dtypes.bfloat16),
    ("int", _dtypes.int32),
    ("long", _dtypes.int64),
    ("short", _dtypes.int16),
    ("byte", _dtypes.uint8),
    ("char", _dtypes.int8),
    ("bool", _dtypes.bool),
    ("cfloat", _dtypes.complex64),
    ("cdouble", _dtypes.complex128),
):
    _conversion(_name, _type)

LEGACY_TYPES = {
    "FloatTensor": _dtypes.float32,
    "DoubleTensor": _dtypes.float64,
    "HalfTensor": _dtypes.float16,
    "BFloat16Tensor": _dtypes.bfloat16,
    "IntTensor": _dtypes.int32,
    "LongTensor": _dtypes.int64,
    "ShortTensor": _dtypes.int16,
    "ByteTensor": _dtypes.uint8,
    "CharTensor": _dtypes.int8,
    "BoolTensor": _dtypes.bool,
}
_LEGACY_NAMES = {dtype: name for name, dtype in LEGACY_TYPES.items()}


@operator("Tensor.type")
def type_(input, dtype=None, non_blocking=False):
    """The legacy name of the tensor's type, such as `torch.FloatTensor`; or the tensor converted to
    a type.
    """
    if dtype is None:
        return f"torch.{_LEGACY_NAMES[input.dtype]}"
    if isinstance(dtype, str):
        module, _, name = dtype.rpartition(".")
        if module != "torch" or name not in LEGACY_TYPES:
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = LEGACY_TYPES[name]
    elif isinstance(dtype, type) and not hasattr(dtype, "dtype"):
        raise ValueError(f"invalid type: {dtype.__name__!r}")
    elif not isinstance(dtype, _dtypes.dtype):
        dtype = dtype.dtype
    return cast(input, dtype)


@operator("Tensor.type_as")
def type_as(input, other):
    """The tensor in the type of another."""
    return cast(input, other.dtype)


@operator("Tensor.cpu")
def cpu(input, memory_format=None):
    """The tensor on the CPU: itself where that is where it is."""
    _device.check_device("cpu")
    return input


@operator("Tensor.cuda")
def cuda(input, device=None, non_blocking=False, memory_format=None):
    """The tensor itself: the CPU stands in for CUDA devices."""
    return input


@operator("Tensor.pin_memory")
def pin_memory(input, device=None):
    """Page-locked memory only exists beside an accelerator."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


@operator("Tensor.to_dense")
def to_dense(input, dtype=None):
    """The tensor itself: every tensor of mstorch is dense."""
    return input if dtype is None else cast(input, dtype)


@operator("torch.dequantize", "Tensor.dequantize")
def dequantize(input):
    """The tensor in float32: no tensor of mstorch is quantised."""
    return cast(input, _dtypes.float32)


def _part_of_sparse(name, expected):
    @operator(f"Tensor.{name}")
    def part(input):
        raise RuntimeError(f"{name} expected {expected} but got Strided")

    part.__doc__ = f"{name} of a sparse tensor; every tensor of mstorch is dense."


_part_of_sparse("indices", "sparse coordinate tensor layout")
_part_of_sparse("values", "sparse tensor layout")


@operator("Tensor.record_stream")
def record_stream(input, s):
    """Nothing to note: everything is done when it is asked for."""


# Views


@derivative("ViewBackward0")
def _view_backward(ctx, grad):
    return grad.reshape(ctx.context)


def _infer(sizes, count):
    """Replace the one -1 among sizes."""
    if -1 in sizes:
        at = sizes.index(-1)
        known = 1
        for i, size in enumerate(sizes):
            if i != at:
                if size < 0:
                    raise RuntimeError(
                        f"invalid shape dimension {size}"
                        if size != -1
                        else "only one dimension can be inferred"
                    )
                known *= size
        if known == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(sizes)} because the "
                "unspecified dimension size -1 "
                "can be any value and is ambiguous"
            )
        if count % known == 0:
            return (*sizes[:at], count // known, *sizes[at + 1 :])
    elif _product(sizes) == count:
        return sizes
    raise RuntimeError(f"shape '{list(sizes)}' is invalid for input of size {count}")


def _product(sizes):
    count = 1
    for size in sizes:
        count *= size
    return count


def _try_view(array, sizes):
    """The array in another shape over the same memory, or None where strides do not allow it."""
    if array.flags.c_contiguous:
        return array.reshape(sizes)
    if array.size == 0:
        return numpy.lib.stride_tricks.as_strided(array, sizes)
    shaped = array.reshape(sizes)
    return shaped if numpy.may_share_memory(shaped, array) else None


@operator("Tensor.view")
def view_(input, *sizes, dtype=None):
    """The same memory in another shape; RuntimeError where that would take a copy. `view(dtype)`
    reinterprets bytes.
    """
    if dtype is not None or (len(sizes) == 1 and isinstance(sizes[0], (_dtypes.dtype, type))):
        return _view_dtype(input, _dtypes.as_dtype(sizes[0] if dtype is None else dtype))
    sizes = _infer(sizes_of(sizes), input._a.size)
    array = _try_view(input._a, sizes)
    if array is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return view(_view_backward, input, array, input._a.shape)


def _view_dtype(input, dtype):
    kind = _dtypes.numpy_of(dtype)
    if kind.itemsize != input._a.itemsize or wants_grad(input):
        raise missing("torch.Tensor.view(dtype)", "only types of the same size, without gradient")
    return view(_view_backward, input, input._a.view(kind), None)


@operator("torch.view_copy")
def view_copy(input, size):
    """A copy in another shape."""
    return owned(contiguous_clone(reshape(input, size)))


@operator("Tensor.view_as")
def view_as(input, other):
    """The same memory in the shape of another tensor."""
    return view_(input, other._a.shape)


@operator("torch.reshape", "Tensor.reshape", ascend="mindspore.mint.reshape")
def reshape(input, *shape, **named):
    """A view where strides allow it, a copy otherwise."""
    sizes = _infer(sizes_of((named["shape"],) if named else shape), input._a.size)
    array = _try_view(input._a, sizes)
    if array is None:
        result = wrap(input._a.reshape(sizes))
        if wants_grad(input):
            result = attach(_view_backward, result, (input,), (), input._a.shape)
        return result
    return view(_view_backward, input, array, input._a.shape)


@operator("Tensor.reshape_as")
def reshape_as(input, other):
    """The tensor in the shape of another."""
    return reshape(input, other._a.shape)


@operator("torch.flatten", "Tensor.flatten", ascend="mindspore.mint.flatten")
def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions from start to end, both included, made one."""
    shape = input._a.shape
    if not shape:
        return reshape(input, (1,))
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if start == end:
        return input
    return reshape(input, (*shape[:start], _product(shape[start : end + 1]), *shape[end + 1 :]))


@operator("torch.unflatten", "Tensor.unflatten")
def unflatten(input, dim, sizes):
    """One dimension made several."""
    shape = input._a.shape
    dim = wrap_dim(dim, len(shape))
    return view_(input, (*shape[:dim], *_infer(tuple(sizes), shape[dim]), *shape[dim + 1 :]))


@operator("torch.ravel", "Tensor.ravel")
def ravel(input):
    """One dimension, contiguous."""
    return reshape(contiguous(input), (-1,))


@derivative("PermuteBackward0")
def _permute_backward(ctx, grad):
    if not wants_grad(grad):
        return wrap(grad._a.transpose(ctx.context))
    return permute(grad, ctx.context)


@operator("torch.permute", "Tensor.permute", ascend="mindspore.mint.permute")
def permute(input, *dims, **named):
    """Dimensions in another order."""
    order = sizes_of((named["dims"],) if named else dims)
    ndim = input._a.ndim
    if len(order) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            "length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = "
            f"{len(order)}"
        )
    order = wrap_dims(order, ndim) if order else ()
    inverse = [0] * ndim
    for position, dim in enumerate(order):
        inverse[dim] = position
    return view(_permute_backward, input, input._a.transpose(order), tuple(inverse))


@derivative("TransposeBackward0")
def _transpose_backward(ctx, grad):
    if not wants_grad(grad) and grad._a.ndim:
        return wrap(grad._a.swapaxes(*ctx.context))
    return transpose(grad, *ctx.context)


@operator(
    "torch.transpose",
    "torch.swapaxes",
    "torch.swapdims",
    "Tensor.transpose",
    "Tensor.swapaxes",
    "Tensor.swapdims",
    ascend="mindspore.mint.transpose",
)
def transpose(input, dim0, dim1):
    """Two dimensions exchanged."""
    array = input._a
    first, second = wrap_dim(dim0, array.ndim), wrap_dim(dim1, array.ndim)
    swapped = array.swapaxes(first, second) if array.ndim else array.reshape(())
    return view(_transpose_backward, input, swapped, (first, second))


@operator("torch.t", "Tensor.t")
def t(input):
    """A matrix transposed; vectors and scalars as they are."""
    if input._a.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input._a.ndim}D"
        )
    return transpose(input, 0, 1) if input._a.ndim == 2 else view_(input, input._a.shape)


def _reverse_all(input):
    return permute(input, tuple(range(input._a.ndim - 1, -1, -1)))


Tensor.T = property(_reverse_all, doc="All dimensions in reverse order.")
Tensor.mT = property(lambda self: transpose(self, -2, -1), doc="The last two dimensions exchanged.")


@operator("torch.movedim", "torch.moveaxis", "Tensor.movedim", "Tensor.moveaxis")
def movedim(input, source, destination):
    """Dimensions moved, the others kept in order."""
    ndim = input._a.ndim
    moved, places = wrap_dims(source, ndim), wrap_dims(destination, ndim)
    if len(moved) != len(places):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({source} dims) should contain "
            f"the same number of dims as destination ({destination} dims)"
        )
    order = [d for d in range(ndim) if d not in moved]
    for place, dim in sorted(zip(places, moved, strict=False)):
        order.insert(place, dim)
    return permute(input, order)


@operator("torch.unsqueeze", "Tensor.unsqueeze", ascend="mindspore.mint.unsqueeze")
def unsqueeze(input, dim):
    """A dimension of size 1 inserted."""
    array = input._a
    dim = wrap_dim(dim, array.ndim + 1)
    shape = array.shape
    return view(_view_backward, input, numpy.expand_dims(array, dim), shape)


@operator("torch.squeeze", "Tensor.squeeze", ascend="mindspore.mint.squeeze")
def squeeze(input, dim=None):
    """Dimensions of size 1 removed: all, or those named."""
    array = input._a
    dims = range(array.ndim)
    if dim is not None:
        dims = wrap_dims(dim, array.ndim) if dim != () and dim != [] else ()
    gone = tuple(d for d in dims if array.ndim and array.shape[d] == 1)
    return view(
        _view_backward, input, numpy.squeeze(array, gone) if gone else array[...], array.shape
    )


@derivative("ExpandBackward0")
def _expand_backward(ctx, grad):
    return sum_to(grad, ctx.context)


@operator("Tensor.expand")
def expand(input, *sizes, implicit=False):
    """Dimensions of size 1 repeated without copying; -1 keeps a size."""
    wanted = list(sizes_of(sizes))
    array = input._a
    offset = len(wanted) - array.ndim
    if offset < 0:
        raise RuntimeError(
            f"expand({list(array.shape)}, size={wanted}): the number of sizes provided "
            f"({len(wanted)}) must be greater or "
            f"equal to the number of dimensions in the tensor ({array.ndim})"
        )
    strides = [0] * len(wanted)
    for i in range(offset, len(wanted)):
        have = array.shape[i - offset]
        if wanted[i] == -1 or wanted[i] == have:
            wanted[i], strides[i] = have, array.strides[i - offset]
        elif have != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted[i]}) must match the existing size "
                f"({have}) at non-singleton "
                f"dimension {i}.  Target sizes: {wanted}.  Tensor sizes: {list(array.shape)}"
            )
    return view(_expand_backward, input, strided(array, tuple(wanted), tuple(strides)), array.shape)


@operator("torch.expand_copy")
def expand_copy(input, size):
    """expand, copied."""
    return contiguous_clone(expand(input, size))


@operator("Tensor.expand_as")
def expand_as(input, other):
    """The tensor expanded to the shape of another."""
    return expand(input, other._a.shape)


@operator("torch.broadcast_to", "Tensor.broadcast_to")
def broadcast_to(input, size):
    """expand, as a function."""
    return expand(input, tuple(size))


@operator("torch.broadcast_shapes")
def broadcast_shapes(*shapes):
    """The shape that all the given shapes broadcast to."""
    return _device.Size(
        numpy.broadcast_shapes(*(tuple(s) if not isinstance(s, int) else (s,) for s in shapes))
    )


@operator("torch.broadcast_tensors")
def broadcast_tensors(*tensors):
    """All tensors expanded to their common shape."""
    common = numpy.broadcast_shapes(*(t._a.shape for t in tensors))
    return tuple(expand(t, common) for t in tensors)


@derivative("AsStridedBackward0")
def _as_strided_backward(ctx, grad):
    shape, sizes, strides, offset = ctx.context
    return spread_at(grad, shape, flat_places(sizes, strides, offset))


def spread_at(values, shape, places):
    """Zeros of a shape with values added at positions in the flattened tensor; differentiable."""
    memory = numpy.zeros(_product(shape), values._a.dtype)
    if not wants_grad(values):
        numpy.add.at(memory, places, values._a)
        return wrap(memory.reshape(shape))
    flat = reshape(values, (-1,))
    return reshape(wrap(memory).index_add(0, wrap(places.reshape(-1)), flat), shape)


def flat_places(sizes, strides, offset):
    """The flat positions that a strided view covers."""
    places = numpy.full(sizes, offset, numpy.int64)
    for dim, (size, step) in enumerate(zip(sizes, strides, strict=False)):
        places += (numpy.arange(size) * step).reshape(
            [-1 if i == dim else 1 for i in range(len(sizes))]
        )
    return places


@operator("torch.as_strided", "Tensor.as_strided")
def as_strided(input, size, stride, storage_offset=None):
    """A view of the tensor's memory with any sizes and steps, in elements.

    Differentiable for contiguous tensors.
    """
    size, stride = tuple(size), tuple(stride)
    offset = input.storage_offset() if storage_offset is None else storage_offset
    last = (
        offset + sum((n - 1) * s for n, s in zip(size, stride, strict=False)) if all(size) else -1
    )
    memory = whole_memory_of(input).view(input._a.dtype)
    if last >= memory.size or min(stride, default=0) < 0 or offset < 0:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} are "
            "out of bounds for storage "
            f"of {memory.size} elements"
        )
    if wants_grad(input) and not (
        input._a.flags.c_contiguous and input._a.size == memory.size and input._base is None
    ):
        raise missing(
            "torch.as_strided", "the gradient through a view; make the tensor contiguous first"
        )
    item = memory.itemsize
    array = strided(memory, size, tuple(s * item for s in stride), offset * item)
    return view(_as_strided_backward, input, array, (input._a.shape, size, stride, offset))


@derivative("SelectBackward0")
def _select_backward(ctx, grad):
    shape, dim, index = ctx.context
    return select_scatter_zeros(grad, shape, dim, index)


def select_scatter_zeros(grad, shape, dim, index):
    """Zeros of a shape with one slice set; differentiable."""
    return _place(grad, shape, (slice(None),) * dim + (index,))


@derivative("PlaceBackward0")
def _place_backward(ctx, grad):
    from mstorch._ops import indexing

    return indexing.basic_view(grad, ctx.context)


def _place(grad, shape, key):
    """Zeros of a shape with the tensor put at a basic index."""
    memory = numpy.zeros(shape, grad._a.dtype)
    memory[key] = grad._a
    result = wrap(memory)
    return attach(_place_backward, result, (grad,), (), key) if wants_grad(grad) else result


@derivative("SliceBackward0")
def slice_backward(ctx, grad):
    """The gradient of any basic index: zeros outside it."""
    shape, key = ctx.context
    return _place(grad, shape, key)


@operator("torch.select", "Tensor.select", ascend="mindspore.mint.select")
def select(input, dim, index):
    """One slice along a dimension, without that dimension."""
    array = input._a
    if not array.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim, index = wrap_dim(dim, array.ndim), int(index)
    if not -array.shape[dim] <= index < array.shape[dim]:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(array.shape)} at "
            f"dimension {dim}"
        )
    key = (slice(None),) * dim + (index,)
    return view(_select_backward, input, _as_array(array, key), (array.shape, dim, index))


def _as_array(array, key):
    """Index with a basic key; an array also where the result has no dimensions."""
    return array[(*key, Ellipsis)] if Ellipsis not in key else array[key]


@operator("torch.narrow", "Tensor.narrow", ascend="mindspore.mint.narrow")
def narrow(input, dim, start, length):
    """`length` slices along a dimension, from `start`."""
    array = input._a
    if not array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor) and (start._a.ndim or start._a.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    dim, start = wrap_dim(dim, array.ndim), int(start)
    size = array.shape[dim]
    if not -size <= start <= size:
        raise IndexError(
            f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        )
    start = start + size if start < 0 else start
    if length < 0 or start + length > size or start < 0:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    key = (slice(None),) * dim + (slice(start, start + length),)
    return view(slice_backward, input, array[key], (array.shape, key))


@derivative("DiagonalBackward0")
def _diagonal_backward(ctx, grad):
    shape, *place = ctx.context
    whole = wrap(numpy.zeros(shape, grad._a.dtype))
    diagonal(whole, *place).copy_(grad)
    return whole


@operator("torch.diagonal", "Tensor.diagonal")
def diagonal(input, offset=0, dim1=0, dim2=1):
    """The diagonal of two dimensions, as the last dimension."""
    ndim = input._a.ndim
    dim1, dim2 = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    array = numpy.diagonal(input._a, offset, dim1, dim2)
    start = address_of(array) - address_of(input._a) if array.size else 0
    return view(
        _diagonal_backward,
        input,
        strided(input._a, array.shape, array.strides, start),
        (input._a.shape, offset, dim1, dim2),
    )


_diagonal_of = diagonal


@derivative("DiagBackward0")
def _diag_backward(ctx, grad):
    return clone(diagonal(grad, ctx.context))


@operator("torch.diag", "Tensor.diag")
def diag(input, diagonal=0, *, out=None):
    """The diagonal of a matrix, as a copy, or a matrix with a vector on its diagonal."""
    if input._a.ndim == 2:
        return write_out(out, clone(_diagonal_of(input, diagonal)))
    if input._a.ndim != 1:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input._a.ndim}D")
    result = wrap(numpy.diag(input._a, diagonal))
    if wants_grad(input):
        result = attach(_diag_backward, result, (input,), (), diagonal)
    return write_out(out, result)


# Splitting and joining


@derivative("SplitBackward0")
def _split_backward(ctx, *grads):
    return cat(grads, ctx.context) if len(grads) > 1 else grads[0]


@operator("torch.split", "Tensor.split", "torch.split_with_sizes", "Tensor.split_with_sizes")
def split(input, split_size_or_sections, dim=0):
    """Views of pieces along a dimension, of one size (the last may be smaller) or of the sizes
    listed.
    """
    sections = split_size_or_sections
    size = input._a.shape[wrap_dim(dim, input._a.ndim)]
    if isinstance(sections, (int, Tensor)):
        step = int(sections)
        if step < 0 or (step == 0 and size):
            raise RuntimeError(
                f"split expects split_size be non-negative, but got split_size={step}"
            )
        sections = [step] * (size // step) + ([size % step] if size % step else []) if size else [0]
    else:
        sections = [int(s) for s in sections]
        if sum(sections) != size:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's "
                f"size at dimension {dim}), "
                f"but got split_sizes={sections}"
            )
    dim = wrap_dim(dim, input._a.ndim)
    pieces, start = [], 0
    for length in sections:
        pieces.append(input._a[(slice(None),) * dim + (slice(start, start + length),)])
        start += length
    return views_of(_split_backward, input, pieces, dim)


@operator("torch.chunk", "Tensor.chunk")
def chunk(input, chunks, dim=0):
    """Views of at most `chunks` pieces of equal size along a dimension."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input._a.shape[wrap_dim(dim, input._a.ndim)]
    step = -(-size // chunks)
    if step == 0:
        return tuple(narrow(input, dim, 0, 0) for _ in range(chunks))
    return split(input, step, dim)


@operator("torch.tensor_split", "Tensor.tensor_split")
def tensor_split(input, indices_or_sections, dim=0):
    """Views of pieces along a dimension, the first ones larger by one, or cut at the positions
    listed.
    """
    size = input._a.shape[wrap_dim(dim, input._a.ndim)]
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        small, larger = divmod(size, indices_or_sections)
        lengths = [small + 1] * larger + [small] * (indices_or_sections - larger)
        return split(input, lengths, dim)
    cuts = [0, *(min(int(i), size) for i in indices_or_sections), size]
    return tuple(narrow(input, dim, a, max(b - a, 0)) for a, b in itertools.pairwise(cuts))


@operator("torch.unbind", "Tensor.unbind")
def unbind(input, dim=0):
    """Views of all slices along a dimension."""
    dim = wrap_dim(dim, input._a.ndim)
    return tuple(select(input, dim, i) for i in range(input._a.shape[dim]))


def _piece(grad, dim, start, length):
    """A contiguous copy of some slices along a dimension."""
    if wants_grad(grad):
        return contiguous(narrow(grad, dim, start, length))
    return wrap(grad._a[(slice(None),) * dim + (slice(start, start + length),)].copy())


@derivative("CatBackward0")
def _cat_backward(ctx, grad):
    dim, specs = ctx.context
    pieces = []
    start = 0
    for needed, (shape, kind, skipped) in zip(ctx.needs, specs, strict=False):
        length = 0 if skipped else shape[dim]
        if not needed:
            pieces.append(None)
        elif skipped:
            pieces.append(wrap(numpy.zeros(shape, kind)))
        else:
            pieces.append(gradient_for(_piece(grad, dim, start, length), shape, kind))
        start += length
    return tuple(pieces)


@operator("torch.cat", "torch.concat", "torch.concatenate", ascend="mindspore.mint.cat")
def cat(tensors, dim=0, *, axis=None, out=None):
    """Tensors joined along a dimension; one-dimensional empty tensors are skipped, as in torch."""
    if isinstance(tensors, Tensor):
        raise TypeError(
            "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"
        )
    tensors = tuple(tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for position, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"expected Tensor as element {position} in argument 0, but got "
                f"{type(tensor).__name__}"
            )
    dim = dim if axis is None else axis
    skipped = [t._a.ndim == 1 and t._a.size == 0 for t in tensors]
    used = [t for t, skip in zip(tensors, skipped, strict=False) if not skip] or [tensors[0]]
    dim = wrap_dim(dim, used[0]._a.ndim)
    kind = used[0].dtype
    for tensor in tensors:
        kind = _dtypes.promote_types(kind, tensor.dtype)
    try:
        result = wrap(numpy.concatenate([t._a.astype(kind.numpy, copy=False) for t in used], dim))
    except ValueError as error:
        shapes = [list(t.shape) for t in tensors]
        raise RuntimeError(
            f"Sizes of tensors must match except in dimension {dim}. Got {shapes}"
        ) from error
    if wants_grad(*tensors):
        specs = [(t._a.shape, t._a.dtype, skip) for t, skip in zip(tensors, skipped, strict=False)]
        result = attach(_cat_backward, result, tensors, (), (dim, specs))
    return write_out(out, result)


@derivative("StackBackward0")
def _stack_backward(ctx, grad):
    dim, kinds = ctx.context
    return tuple(
        cast(contiguous(select(grad, dim, i)), kind) if needed else None
        for i, (needed, kind) in enumerate(zip(ctx.needs, kinds, strict=False))
    )


@operator("torch.stack", ascend="mindspore.mint.stack")
def stack(tensors, dim=0, *, out=None):
    """Tensors of one shape joined along a new dimension."""
    tensors = tuple(tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    shape = tensors[0]._a.shape
    kind = tensors[0].dtype
    for i, tensor in enumerate(tensors):
        kind = _dtypes.promote_types(kind, tensor.dtype)
        if tensor._a.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and "
                f"{list(tensor.shape)} at "
                f"entry {i}"
            )
    dim = wrap_dim(dim, len(shape) + 1)
    result = wrap(numpy.stack([t._a.astype(kind.numpy, copy=False) for t in tensors], dim))
    if wants_grad(*tensors):
        result = attach(_stack_backward, result, tensors, (), (dim, [t.dtype for t in tensors]))
    return write_out(out, result)


# Repeating and rearranging


@operator("Tensor.repeat")
def repeat(input, *sizes):
    """Copies of the tensor side by side along each dimension."""
    times = sizes_of(sizes)
    array = input._a
    if len(times) < array.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    shape = (1,) * (len(times) - array.ndim) + array.shape
    spread = [n for pair in zip(times, shape, strict=False) for n in pair]
    single = [n for size in shape for n in (1, size)]
    wide = expand(reshape(input, single), spread)
    copy = contiguous_clone(wide)
    return owned(reshape(copy, [r * s for r, s in zip(times, shape, strict=False)]))


@operator("torch.tile", "Tensor.tile")
def tile(input, *dims, **named):
    """repeat, with missing leading counts taken as 1."""
    times = sizes_of((named["dims"],) if named else dims)
    return repeat(input, (1,) * (input._a.ndim - len(times)) + times)


@operator("torch.repeat_interleave", "Tensor.repeat_interleave")
def repeat_interleave(input, repeats, dim=None, *, output_size=None):
    """Each slice along a dimension repeated in place."""
    if dim is None:
        input, dim = reshape(input, (-1,)), 0
    counts = repeats._a if isinstance(repeats, Tensor) else repeats
    places = numpy.repeat(numpy.arange(input._a.shape[dim]), counts)
    return input.index_select(dim, wrap(places))


@derivative("RollBackward0")
def _roll_backward(ctx, grad):
    shifts, dims = ctx.context
    return roll(grad, tuple(-s for s in shifts), dims)


@operator("torch.roll", "Tensor.roll", ascend="mindspore.mint.roll")
def roll(input, shifts, dims=None):
    """Elements moved round along dimensions, or through the flattened tensor."""
    if dims is None or dims == ():
        return owned(reshape(roll(reshape(input, (-1,)), shifts, 0), input._a.shape))
    shifts = (int(shifts),) if isinstance(shifts, (int, Tensor)) else tuple(shifts)
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    if len(shifts) != len(dims):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}"
        )
    result = wrap(numpy.roll(input._a, shifts, dims))
    return (
        attach(_roll_backward, result, (input,), (), (shifts, dims))
        if wants_grad(input)
        else result
    )


@derivative("FlipBackward0")
def _flip_backward(ctx, grad):
    return flip(grad, ctx.context)


@operator("torch.flip", "Tensor.flip", ascend="mindspore.mint.flip")
def flip(input, *dims, **named):
    """Dimensions reversed; a copy."""
    dims = sizes_of((named["dims"],) if named else dims)
    dims = wrap_dims(dims, input._a.ndim) if dims else ()
    array = copied(input._a)
    array[...] = numpy.flip(input._a, dims)
    result = wrap_laid_out(array)
    return attach(_flip_backward, result, (input,), (), dims) if wants_grad(input) else result


def _triangle(name, kernel):
    @derivative(f"{name.capitalize()}Backward0")
    def backward(ctx, grad):
        return function(grad, ctx.context)

    def function(input, diagonal=0, *, out=None):
        if input._a.ndim < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        result = wrap(kernel(input._a, diagonal))
        if wants_grad(input):
            result = attach(backward, result, (input,), (), diagonal)
        return write_out(out, result)

    function.__name__ = name
    return operator(f"torch.{name}", f"Tensor.{name}", ascend=f"mindspore.mint.{name}")(function)


tril = _triangle("tril", numpy.tril)
triu = _triangle("triu", numpy.triu)


@derivative("ConstantPadNdBackward0")
def _pad_backward(ctx, grad):
    from mstorch._ops import indexing

    return contiguous(indexing.basic_view(grad, ctx.context))


def _mirrored(size, before, after):
    if before >= size or after >= size:
        raise RuntimeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but "
            f"got: padding ({before}, {after}) at a dimension of size {size}"
        )
    places = numpy.abs(numpy.arange(-before, size + after))
    return size - 1 - numpy.abs(size - 1 - places)


def _nearest(size, before, after):
    return numpy.clip(numpy.arange(-before, size + after), 0, size - 1)


def _around(size, before, after):
    if before > size or after > size:
        raise RuntimeError("Padding value causes wrapping around more than once.")
    kept = numpy.arange(max(-before, 0), size - max(-after, 0))
    left = kept[len(kept) - max(before, 0) :]
    return numpy.concatenate((left, kept, kept[: max(after, 0)]))


_BORDERS = {"reflect": _mirrored, "replicate": _nearest, "circular": _around}


def _pad_by_index(input, pad, mode, value):
    """Borders of copied elements: each dimension is read at the places that its border shows."""
    if mode not in _BORDERS:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise ValueError(f"Padding mode {mode!r} doesn't take in value argument")
    pairs = len(pad) // 2
    if len(pad) % 2 or input._a.ndim not in (pairs + 1, pairs + 2) or pairs > 3:
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    for i in range(pairs):
        before, after = int(pad[2 * i]), int(pad[2 * i + 1])
        dim = input._a.ndim - 1 - i
        if before or after:
            places = _BORDERS[mode](input._a.shape[dim], before, after)
            input = input.index_select(dim, wrap(places.astype(numpy.int64, copy=False)))
    return input


@operator("torch.nn.functional.pad")
def pad(input, pad, mode="constant", value=None):
    """Borders added, or with negative widths cut off, from the last dimension backwards."""
    if mode != "constant":
        return _pad_by_index(input, pad, mode, value)
    if len(pad) % 2 or len(pad) // 2 > input._a.ndim:
        raise RuntimeError(
            "Length of pad must be even and no more than twice the number of dimensions, got "
            f"{len(pad)}"
        )
    widths = [(0, 0)] * input._a.ndim
    for i in range(len(pad) // 2):
        widths[-1 - i] = (int(pad[2 * i]), int(pad[2 * i + 1]))
    cut = tuple(
        slice(max(-a, 0), size - max(-b, 0))
        for (a, b), size in zip(widths, input._a.shape, strict=False)
    )
    if any(a < 0 or b < 0 for a, b in widths):
        input = input[cut]
    added = [(max(a, 0), max(b, 0)) for a, b in widths]
    result = wrap(numpy.pad(input._a, added, constant_values=0 if value is None else value))
    inner = tuple(slice(a, a + size) for (a, _), size in zip(added, input._a.shape, strict=False))
    return attach(_pad_backward, result, (input,), (), inner) if wants_grad(input) else result


@operator("torch.numel")
def numel(input):
    """The number of elements."""
    return input._a.size


@operator("torch.meshgrid")
def meshgrid(*tensors, indexing="ij"):
    """Coordinate grids."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tensors[0]
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'indexing must be one of "xy" or "ij", but received: {indexing}')
    swapped = indexing == "xy" and len(tensors) > 1
    if swapped:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    shape = tuple(t._a.size for t in tensors)
    grids = [
        expand(reshape(t, [-1 if i == d else 1 for i in range(len(tensors))]), shape)
        for d, t in enumerate(tensors)
    ]
    return (grids[1], grids[0], *grids[2:]) if swapped else tuple(grids)


@operator("torch.diag_embed", "Tensor.diag_embed")
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices with the last dimension on a diagonal and zeros elsewhere."""
    ndim = input._a.ndim + 1
    first, second = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if first > second:
        first, second, offset = second, first, -offset
    side = input._a.shape[-1] + abs(offset)
    rest = list(input._a.shape[:-1])
    rest.insert(first, side)
    rest.insert(second, side)
    result = input.new_zeros(rest)
    diagonal(result, offset, first, second).copy_(input)
    return result


def _at_least(count, tensors, widen):
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tensors[0]
        return tuple(widen(t) if t._a.ndim < count else t for t in tensors)
    made = tuple(widen(t) if t._a.ndim < count else t for t in tensors)
    return made[0] if len(made) == 1 else made


@operator("torch.atleast_1d")
def atleast_1d(*tensors):
    """Tensors without dimensions as vectors of one element."""
    return _at_least(1, tensors, lambda t: reshape(t, (1,)))


@operator("torch.atleast_2d")
def atleast_2d(*tensors):
    """Tensors of less than two dimensions as matrices of one row."""
    return _at_least(2, tensors, lambda t: reshape(t, (1, t._a.size)))


@operator("torch.atleast_3d")
def atleast_3d(*tensors):
    """Tensors of less than three dimensions with dimensions of one element added."""

    def widen(tensor):
        if tensor._a.ndim == 2:
            return unsqueeze(tensor, -1)
        return reshape(tensor, (1, tensor._a.size, 1))

    return _at_least(3, tensors, widen)


@operator("Tensor.unfold")
def unfold(self, dimension, size, step):
    """A view of all windows of a size along a dimension, `step` apart, in a last dimension."""
    array = self._a
    if not array.ndim:
        wrap_dim(dimension, 1)
        return unfold(reshape(self, (1,)), 0, size, step)[0]
    dimension = wrap_dim(dimension, array.ndim)
    length = array.shape[dimension]
    if size > length:
        raise RuntimeError(
            f"maximum size for tensor at dimension {dimension} is {length} but size is {size}"
        )
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    item = array.itemsize
    steps = [stride // item for stride in array.strides]
    shape = [*array.shape, size]
    shape[dimension] = (length - size) // step + 1
    strides = [*steps, steps[dimension]]
    strides[dimension] *= step
    return as_strided(self, shape, strides, self.storage_offset())
