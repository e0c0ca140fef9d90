# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""New tensors from numbers, arrays and patterns."""

import math

import numpy

from mstorch import _device, _dtypes, _meta
from mstorch._errors import missing
from mstorch._ops import views
from mstorch._ops._operands import result_dtype, sizes_of
from mstorch._quiet import quiet
from mstorch._registry import operator
from mstorch._tensor import Tensor, laid_out_like, wrap, wrap_laid_out


def finish(array, device=None, requires_grad=False, pin_memory=False):
    """A new leaf over an array, after the arguments that every creation function takes."""
    device = _device.wanted(device)
    meta = device is not None and _meta.is_meta(device)
    if device is not None and not meta:
        _device.check_device(device)
    if pin_memory:
        raise RuntimeError("Cannot access accelerator device when none is available.")
    tensor = _meta.with_outline(wrap(array)) if meta else wrap_laid_out(array)
    return tensor.requires_grad_() if requires_grad else tensor


def made(make, sizes, kind, device, **options):
    """`make(sizes, kind, **options)`; for the meta device memory that is never touched."""
    where = _device.wanted(device)
    if where is not None and _meta.is_meta(where):
        return numpy.zeros(sizes, kind)
    return make(sizes, kind, **options)


def made_like(tensor, making, kind, device, **options):
    """What the first of two makers makes of a tensor's sizes; or, where the dimensions of that lie
    in another order in memory, what the second makes of their number, laid out as the tensor is.
    """
    make, make_permuted = making
    if make_permuted is None or tensor.is_meta or tensor._a.flags.c_contiguous:
        return made(make, tuple(tensor.shape), kind, device, **options)
    elements = made(make_permuted, (tensor._a.size,), kind, device, **options)
    return laid_out_like(tensor._a, elements)


def where_it_is(tensor, device):
    """The device that is asked for, else that of the tensor which another is made after."""
    return tensor.device if device is None else device


def _kind(dtype):
    return _dtypes.numpy_of(_dtypes.get_default_dtype() if dtype is None else dtype)


def _plain(data):
    """Nested data with tensors replaced by their values."""
    if isinstance(data, Tensor):
        return data._a
    if isinstance(data, (list, tuple)):
        return [_plain(item) for item in data]
    return data


@operator("torch.tensor")
def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A copy of numbers, nested sequences, an array or a tensor."""
    plain = _plain(data)
    given = isinstance(plain, (numpy.ndarray, numpy.generic))
    try:
        array = numpy.array(plain)
    except ValueError as error:
        raise ValueError(
            f"expected sequences of equal length at every dimension: {error}"
        ) from error
    if array.dtype == object:
        raise TypeError(f"could not infer the type of a tensor from {type(data).__name__}")
    if dtype is not None:
        with quiet():
            array = array.astype(_dtypes.numpy_of(dtype), copy=False)
    elif not given and array.dtype.kind == "f":
        array = array.astype(_tensor_elements_type(data) or _kind(None))
    elif not given and array.dtype.kind == "c":
        array = array.astype(numpy.complex64 if _kind(None) == numpy.float32 else numpy.complex128)
    return finish(array, device, requires_grad, pin_memory)


def _tensor_elements_type(data):
    """The type of the first tensor inside nested sequences; torch infers from it."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data._a.dtype if isinstance(data, Tensor) else None


@operator("torch.as_tensor", "torch.asarray")
def as_tensor(data, dtype=None, device=None):
    """Like tensor(), sharing memory with arrays and tensors where it can."""
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype or data.dtype)
    if isinstance(data, numpy.ndarray) and (dtype is None or _dtypes.numpy_of(dtype) == data.dtype):
        _device.check_device(device)
        return from_numpy(data)
    return tensor(data, dtype=dtype, device=device)


@operator("torch.from_numpy")
def from_numpy(ndarray):
    """A tensor over the array's own memory."""
    if not isinstance(ndarray, numpy.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if ndarray.dtype not in _dtypes.BY_NUMPY:
        raise TypeError(f"can't convert np.ndarray of type {ndarray.dtype}.")
    if min(ndarray.strides, default=0) < 0:
        raise ValueError(
            "At least one stride in the given numpy array is negative; make a copy of it with "
            ".copy()."
        )
    if ndarray.flags.c_contiguous:
        return wrap(ndarray)
    if ndarray.flags.f_contiguous:
        return views.permute(wrap(ndarray.T), tuple(range(ndarray.ndim - 1, -1, -1)))
    raise missing(
        "torch.from_numpy",
        "an array that is neither C nor Fortran contiguous; make a copy of it with .copy()",
    )


@operator("torch.frombuffer")
def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A one-dimensional tensor over the memory of a bytes-like object."""
    return finish(
        numpy.frombuffer(buffer, _dtypes.numpy_of(dtype), count, offset), None, requires_grad
    )


def legacy_tensor(*args, dtype=None, device=None):
    """torch.Tensor(...) and torch.FloatTensor(...): sizes make uninitialised memory, anything
    else is copied.
    """
    if (
        len(args) == 1
        and isinstance(args[0], (list, tuple, numpy.ndarray))
        and not isinstance(args[0], _device.Size)
    ):
        return tensor(args[0], dtype=dtype or _dtypes.get_default_dtype(), device=device)
    if len(args) == 1 and isinstance(args[0], Tensor):
        return args[0].to(dtype or _dtypes.get_default_dtype()).detach()
    return empty(*(args or (0,)), dtype=dtype, device=device)


def legacy_type(name, dtype):
    """A class like torch.FloatTensor: a constructor, and an isinstance test on the dtype."""

    class Meta(type):
        def __instancecheck__(cls, instance):
            return isinstance(instance, Tensor) and instance._a.dtype == dtype.numpy

        def __call__(cls, *args, device=None):
            return legacy_tensor(*args, dtype=dtype, device=device)

        def __repr__(cls):
            return f"<class 'torch.{name}'>"

    return Meta(
        name, (), {"dtype": dtype, "__doc__": f"The legacy constructor of {dtype} tensors."}
    )


def sized(name, make, ascend=None):
    """Register a function of sizes, such as zeros; `make(sizes, kind, **options)` fills them."""

    def function(
        *size,
        dtype=None,
        device=None,
        requires_grad=False,
        layout=None,
        pin_memory=False,
        **options,
    ):
        sizes = sizes_of((options.pop("size"),) if "size" in options else size)
        if min(sizes, default=0) < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {min(sizes)}: {list(sizes)}"
            )
        array = made(make, sizes, _kind(dtype), device, **options)
        return finish(array, device, requires_grad, pin_memory)

    function.__name__ = name
    function.__doc__ = f"torch.{name}: a new tensor of the given sizes."
    return operator(f"torch.{name}", ascend=ascend)(function)


def sized_like(name, make, ascend=None, make_permuted=None):
    """Register a function that takes sizes and type from another tensor, such as zeros_like.

    `make_permuted` takes the place of `make` where that tensor is not contiguous.
    """
    make_permuted = make_permuted or make

    def function(
        input,
        *,
        dtype=None,
        device=None,
        requires_grad=False,
        layout=None,
        pin_memory=False,
        memory_format=None,
        **options,
    ):
        kind = _dtypes.numpy_of(input.dtype if dtype is None else dtype)
        device = where_it_is(input, device)
        keeps = memory_format is None or memory_format is _device.preserve_format
        making = (make, make_permuted if keeps else None)
        array = made_like(input, making, kind, device, **options)
        return finish(array, device, requires_grad, pin_memory)

    function.__name__ = name
    function.__doc__ = f"torch.{name}: a new tensor in the shape and type of another."
    return operator(f"torch.{name}", ascend=ascend)(function)


def _zeros(sizes, kind):
    return numpy.zeros(sizes, kind)


def _ones(sizes, kind):
    return numpy.ones(sizes, kind)


# Uninitialised memory is zeroed: reading it is a bug that should at least be the same bug every
# time.
empty = sized("empty", _zeros, "mindspore.mint.empty")
zeros = sized("zeros", _zeros, "mindspore.mint.zeros")
ones = sized("ones", _ones, "mindspore.mint.ones")
empty_like = sized_like("empty_like", _zeros, "mindspore.mint.empty_like")
zeros_like = sized_like("zeros_like", _zeros, "mindspore.mint.zeros_like")
ones_like = sized_like("ones_like", _ones, "mindspore.mint.ones_like")


def _new(name, make):
    def function(
        self, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False
    ):
        kind = _dtypes.numpy_of(self.dtype if dtype is None else dtype)
        device = where_it_is(self, device)
        return finish(made(make, sizes_of(size), kind, device), device, requires_grad, pin_memory)

    function.__name__ = f"new_{name}"
    operator(f"Tensor.new_{name}")(function)


_new("empty", _zeros)
_new("zeros", _zeros)
_new("ones", _ones)


@operator("Tensor.new_tensor")
def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False):
    """A copy of data in the type of this tensor."""
    return tensor(
        data,
        dtype=dtype or self.dtype,
        device=where_it_is(self, device),
        requires_grad=requires_grad,
    )


def _fill_kind(value, dtype):
    if dtype is not None:
        return _dtypes.numpy_of(dtype)
    return (value.dtype if isinstance(value, Tensor) else _dtypes.scalar_dtype(value)).numpy


@operator("torch.full", ascend="mindspore.mint.full")
def full(
    size,
    fill_value,
    *,
    dtype=None,
    device=None,
    requires_grad=False,
    layout=None,
    pin_memory=False,
):
    """A tensor of one value; the type follows the value."""
    number = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    kind = _fill_kind(fill_value, dtype)
    return finish(
        made(lambda sizes, kind: numpy.full(sizes, number, kind), sizes_of((size,)), kind, device),
        device,
        requires_grad,
        pin_memory,
    )


@operator("torch.full_like")
def full_like(
    input,
    fill_value,
    *,
    dtype=None,
    device=None,
    requires_grad=False,
    layout=None,
    memory_format=None,
):
    """A tensor of one value in the shape and type of another."""
    kind = _dtypes.numpy_of(dtype or input.dtype)
    device = where_it_is(input, device)
    number = fill_value.item() if isinstance(fill_value, Tensor) else fill_value

    def fill(sizes, kind):
        return numpy.full(sizes, number, kind)

    return finish(made_like(input, (fill, fill), kind, device), device, requires_grad)


@operator("Tensor.new_full")
def new_full(self, size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """A tensor of one value in the type of this tensor."""
    return full(
        size,
        fill_value,
        dtype=dtype or self.dtype,
        device=where_it_is(self, device),
        requires_grad=requires_grad,
    )


@operator("torch.arange", ascend="mindspore.mint.arange")
def arange(
    start,
    end=None,
    step=1,
    *,
    dtype=None,
    device=None,
    requires_grad=False,
    layout=None,
    pin_memory=False,
):
    """Numbers from start, included, to end, excluded."""
    if end is None:
        start, end = 0, start
    numbers = [n.item() if isinstance(n, Tensor) else n for n in (start, end, step)]
    if numbers[2] == 0:
        raise RuntimeError("step must be nonzero")
    if not all(abs(n) < math.inf for n in numbers[:2]):
        raise RuntimeError(f"unsupported range: {numbers[0]} -> {numbers[1]}")
    if (numbers[1] - numbers[0]) * numbers[2] < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype is None:
        dtype = (
            _dtypes.int64
            if all(isinstance(n, (int, numpy.integer)) for n in numbers)
            else _dtypes.get_default_dtype()
        )
    kind = _dtypes.numpy_of(dtype)
    if kind.kind in "iu" and not int(numbers[2]):
        raise ValueError("step must be nonzero")
    if kind == numpy.int64:
        array = numpy.arange(*(int(n) for n in numbers), dtype=kind)
    else:
        count = int(numpy.ceil((numbers[1] - numbers[0]) / numbers[2]))
        first, step = numbers[0], numbers[2]
        if kind.kind in "iu":
            first, step = int(first), int(step)
        array = (first + numpy.arange(count, dtype=numpy.float64) * step).astype(kind)
    return finish(array, device, requires_grad, pin_memory)


@operator("torch.linspace", ascend="mindspore.mint.linspace")
def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False):
    """Evenly spaced numbers, both ends included; the second half is counted from the end, as torch
    does.
    """
    if not isinstance(steps, (int, Tensor)):
        raise TypeError(f"linspace(): argument 'steps' must be int, not {type(steps).__name__}")
    steps = int(steps)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = _kind(dtype)
    wide = numpy.float32 if kind in _dtypes.REDUCED or kind == numpy.float32 else numpy.float64
    first, last = wide(float(start)), wide(float(end))
    if steps == 1:
        return finish(numpy.asarray([first]).astype(kind), device, requires_grad)
    step = (last - first) / wide(steps - 1)
    index = numpy.arange(steps)
    up_from_start = first + step * index.astype(wide)
    down_from_end = last - step * (steps - 1 - index).astype(wide)
    return finish(
        numpy.where(index < steps // 2, up_from_start, down_from_end).astype(kind),
        device,
        requires_grad,
    )


@operator("torch.eye", ascend="mindspore.mint.eye")
def eye(n, m=None, *, dtype=None, device=None, requires_grad=False):
    """Ones on the diagonal."""
    for name, count in (("n", n), ("m", m)):
        if count is not None and count < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {count}")
    return finish(numpy.eye(n, m, dtype=_kind(dtype)), device, requires_grad)


@operator("torch.scalar_tensor")
def scalar_tensor(s, *, dtype=None, device=None, requires_grad=False):
    """A tensor without dimensions."""
    return finish(numpy.asarray(s, _kind(dtype)), device, requires_grad)


@operator("torch.result_type")
def result_type(tensor1, tensor2):
    """The type that an operation on two operands computes in."""
    return result_dtype(tensor1, tensor2)


@operator("torch.promote_types")
def promote_types(type1, type2):
    """The smallest type that holds both."""
    return _dtypes.promote_types(type1, type2)


@operator("torch.can_cast")
def can_cast(from_, to):
    """Whether torch converts implicitly: never to a lower category, nor signed to unsigned."""
    if from_.category > to.category:
        return False
    return not (from_.is_signed and from_.category == to.category == 1 and not to.is_signed)
