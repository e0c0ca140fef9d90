# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""In-place operators. Without gradients they write into the memory, which every view sees.

Under gradients MindSpore's engine cannot follow a changed tensor, so the change is made functional:
the new value is computed as a recorded tensor, its elements are written into the shared memory, and
the Python objects of the tensor, of its base and of all live views are given new places in the
graph, derived from the changed base.
"""

import math

import numpy

from mstorch import _engine
from mstorch._autograd import attach, derivative, wants_grad
from mstorch._errors import missing
from mstorch._ops import comparison, indexing, linalg, pointwise, reduction, views  # noqa: F401  they register what is made in place here
from mstorch._ops._operands import gradient_for, refuse_overlap, sizes_of
from mstorch._quiet import quiet
from mstorch._registry import OPERATORS, operator
from mstorch._tensor import (
    Tensor,
    address_of,
    alias,
    bits,
    contiguous_strides,
    memory_order,
    storage_of,
    strided,
    whole_memory_of,
    wrap,
)


def check_writable(input):
    """Refuse what torch refuses: a leaf that requires grad, or memory where one element stands
    for several.
    """
    if input._requires_grad and _engine.is_recording():
        if "_of_function" in input.__dict__:
            raise RuntimeError(
                "an output of a custom Function is a view and is being modified inplace. This view "
                "was created inside a custom Function (or because an input was returned as-is) and "
                "the autograd logic to handle view+inplace would override the custom backward "
                "associated with the custom Function, leading to incorrect gradients. This "
                "behavior is forbidden. You can fix this by cloning the output of the custom "
                "Function."
            )
        if input._is_leaf:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        if input._base is not None and input._base._requires_grad and input._base._is_leaf:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place "
                "operation."
            )
    elif (
        input._base is not None
        and input._base._requires_grad
        and input._base._is_leaf
        and _engine.is_recording()
    ):
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )
    refuse_overlap(input._a)


def bump(input):
    """Note that the memory has changed."""
    storage_of(input).version += 1


def write(input, value, replaces=False):
    """Make `value`, a tensor of the same shape, the new value of `input`, in memory and in the
    graph. Where it `replaces` what was there before, that is differentiated too, as in torch.
    """
    with quiet():
        input._a[...] = value._a
    bump(input)
    if _engine.is_recording() and (value._requires_grad or input._requires_grad):
        _rebase(input, views.cast(value, input.dtype), replaces)
    return input


@derivative("CopySlices")
def _copy_slices_backward(ctx, grad):
    """The base keeps the gradient outside the part that was replaced, the new value gets it."""
    part, order = ctx.context
    if order is not None:
        grad = views.permute(grad, order)
    split = _split_recorded if wants_grad(grad) else _split
    outside, inside = split(grad, part, ctx.needs)
    if order is not None and outside is not None:
        outside = _in_given_order(outside, order)
    return outside, inside


def _order_of(base):
    """How the dimensions of a base lie in memory; None where they lie in the given order."""
    return None if base._a.flags.c_contiguous else memory_order(base._a)


def _in_given_order(tensor, order):
    return views.permute(tensor, numpy.argsort(order).tolist())


def _split(grad, part, needs):
    shape, strides, offset = part
    outside = None
    if needs[0]:
        memory = grad._a.copy()
        _part(memory, shape, strides, offset)[...] = 0
        outside = wrap(memory)
    inside = wrap(_part(grad._a, shape, strides, offset).copy()) if needs[1] else None
    return outside, inside


def _split_recorded(grad, part, needs):
    places = _flat_part(grad._a, *part)
    flat = views.reshape(grad, (-1,))
    outside = inside = None
    if needs[0]:
        outside = views.reshape(_zero_at(flat, (places,)), grad._a.shape)
    if needs[1]:
        inside = indexing.advanced(flat, (places,))
    return outside, inside


def _flat_part(memory, shape, strides, offset):
    """The positions of a part in the flattened memory of a contiguous array."""
    item = memory.itemsize
    return views.flat_places(shape, [s // item for s in strides], offset // item)


def _part(memory, shape, strides, offset):
    memory = numpy.ascontiguousarray(memory)
    return strided(memory, shape, strides, offset)


@derivative("AsStridedBackward0")
def _part_backward(ctx, grad):
    whole, order, *part = ctx.context
    if order is None:
        return _spread_part(grad, whole, *part)
    spread = _spread_part(grad, tuple(whole[d] for d in order), *part)
    return _in_given_order(spread, order)


def _spread_part(grad, whole, shape, strides, offset):
    overlaps = any(s == 0 and n > 1 for s, n in zip(strides, shape, strict=False))
    if overlaps or wants_grad(grad):
        return views.spread_at(grad, whole, _flat_part(grad._a, shape, strides, offset))
    memory = numpy.zeros(whole, grad._a.dtype)
    _part(memory, shape, strides, offset)[...] = grad._a
    return wrap(memory)


@derivative("CopyBackwards")
def _replaced_backward(ctx, grad):
    """The new value gets the gradient, what was overwritten zeros."""
    need = ctx.needs
    return (
        grad if need[0] else None,
        wrap(numpy.zeros_like(grad._a)) if len(need) > 1 and need[1] else None,
    )[: len(need)]


def become(input, value):
    """The tensor, whose memory a Function has changed, with the place in the graph of what that
    gave.
    """
    bump(input)
    if value._requires_grad:
        _rebase(input, value)
    return input


def _rebase(input, value, replaces=False):
    """Give the tensor, its base and its views their places in the graph after `value` was written
    into `input`.
    """
    base = input if input._base is None else input._base
    if base is input:
        inputs = (value,) if value._requires_grad and not replaces else (value, base)
        changed = attach(_replaced_backward, _memory_twin(base), inputs)
    else:
        part = (input._a.shape, input._a.strides, address_of(input._a) - address_of(base._a))
        context = part, _order_of(base)
        changed = attach(_copy_slices_backward, _memory_twin(base), (base, value), (), context)
    _replace(base, changed)
    for other in storage_of(base).live_views():
        if other._base is not base:
            continue  # a view of what was detached shares the memory and no gradients
        array = other._a
        offset = address_of(array) - address_of(base._a)
        place = (base._a.shape, _order_of(base), array.shape, array.strides, offset)
        _replace(other, attach(_part_backward, _memory_twin(other), (base,), (), place))


def _memory_twin(tensor):
    return alias(tensor._a)


def _replace(tensor, recorded):
    """Let the Python object `tensor` stand for `recorded`, which has the same memory. A gradient
    that is to be retained is that of what the tensor is now.
    """
    tensor.__dict__.pop("_grad_object", None)
    retained = tensor.__dict__.pop("_retained", None)
    if retained is not None:
        retained.remove()
    _engine.swap_implementation(tensor, recorded)
    if retained is not None:
        tensor.retain_grad()


def write_result(input, value):
    """As write. What the step of `value` has kept of its result is `input` from now on: whoever
    changes that again is noticed.
    """
    kept = value._s
    write(input, value)
    if kept is not None and value._requires_grad:
        saved = value._recorded_step().__dict__.get("_saved", ())
        for position, (tensor, _) in enumerate(saved):
            if tensor._s is kept:
                tensor._s = storage_of(input)
                saved[position] = tensor, tensor._s.version
    return input


def in_place(function):
    """The in-place form of an operator that makes a new tensor."""

    def operate(input, *args, **kwargs):
        check_writable(input)
        operands = (input, *args, *kwargs.values())
        recorded = wants_grad(*(t for t in operands if isinstance(t, Tensor)))
        # A recorded step may keep its operand, whose memory is about to change: it gets a copy.
        value = function(views.clone(input) if recorded else input, *args, **kwargs)
        _check_result(input, value, function.__name__)
        return write_result(input, value)

    operate.__name__ = f"{function.__name__}_"
    operate.__doc__ = f"{function.__name__}, writing into the tensor itself."
    return operate


def _check_result(input, value, name):
    if value._a.shape != input._a.shape:
        raise RuntimeError(
            f"output with shape {list(input._a.shape)} doesn't match the broadcast shape "
            f"{list(value._a.shape)}"
        )
    if value.dtype.category > input.dtype.category:
        raise RuntimeError(
            f"result type {_type_name(value)} can't be cast to the desired output type "
            f"{_type_name(input)}"
        )


def _type_name(tensor):
    return tensor.type().removeprefix("torch.").removesuffix("Tensor")


def _arithmetic(name, ufunc, *operators):
    """add_, sub_, mul_, div_: straight into the memory where nothing is recorded."""
    function = OPERATORS[f"Tensor.{name}"].cpu
    slow = in_place(function)

    def operate(input, other, **kwargs):
        array = input._a
        if (
            not kwargs
            and array.dtype.kind == "f"
            and not wants_grad(input, *((other,) if isinstance(other, Tensor) else ()))
        ):
            right = other._a if isinstance(other, Tensor) else array.dtype.type(other)
            if right.dtype is array.dtype and array.dtype.itemsize > 2 and right.ndim <= array.ndim:
                check_writable(input)
                with quiet():
                    try:
                        ufunc(array, right, out=array)
                    except ValueError as error:
                        raise RuntimeError(
                            f"output with shape {list(array.shape)}: {error}"
                        ) from error
                bump(input)
                return input
        return slow(input, other, **kwargs)

    operate.__name__ = f"{name}_"
    operate.__doc__ = slow.__doc__
    return operator(f"Tensor.{name}_", *operators)(operate)


add_ = _arithmetic("add", numpy.add, "Tensor.__iadd__")
sub_ = _arithmetic("sub", numpy.subtract, "Tensor.__isub__")
mul_ = _arithmetic("mul", numpy.multiply, "Tensor.__imul__")
div_ = _arithmetic("div", numpy.true_divide, "Tensor.__itruediv__")

for _name in (
    "exp",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "tanh",
    "sigmoid",
    "log",
    "log1p",
    "sin",
    "cos",
    "neg",
    "abs",
    "square",
    "sign",
    "floor",
    "ceil",
    "trunc",
    "round",
    "clamp",
    "clamp_min",
    "clamp_max",
    "masked_fill",
    "lerp",
    "addcmul",
    "addcdiv",
    "remainder",
    "floor_divide",
    "erf",
    "pow",
    "tril",
    "triu",
    "logical_and",
    "logical_or",
    "logical_not",
    "logical_xor",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_not",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "cumsum",
    "atan",
    "atan2",
    "tan",
    "sinh",
    "cosh",
    "log2",
    "log10",
    "expm1",
    "true_divide",
    "addmm",
    "baddbmm",
    "bitwise_left_shift",
    "bitwise_right_shift",
    "gcd",
    "lcm",
):
    operator(f"Tensor.{_name}_")(in_place(OPERATORS[f"Tensor.{_name}"].cpu))
for _name, _python in (
    ("floor_divide", "__ifloordiv__"),
    ("remainder", "__imod__"),
    ("pow", "__ipow__"),
    ("bitwise_and", "__iand__"),
    ("bitwise_or", "__ior__"),
    ("bitwise_xor", "__ixor__"),
):
    operator(f"Tensor.{_python}")(OPERATORS[f"Tensor.{_name}_"].cpu)


@operator("Tensor.copy_")
def copy_(input, src, non_blocking=False):
    """The elements of another tensor, broadcast and converted; differentiable in both."""
    check_writable(input)
    if not isinstance(src, Tensor):
        src = wrap(numpy.asarray(src))
    if src is input:
        bump(input)
        return input
    value = src
    if src._a.shape != input._a.shape:
        value = views.expand(src, input._a.shape)
    return write(input, value, replaces=True)


@operator("Tensor.fill_")
def fill_(input, value):
    """One value everywhere: a number or a tensor without dimensions."""
    return copy_(
        input, value if isinstance(value, Tensor) else wrap(numpy.asarray(value, input._a.dtype))
    )


@operator("Tensor.zero_", "torch.zero_")
def zero_(input):
    """Zeros everywhere."""
    return fill_(input, 0)


@operator("Tensor.fill_diagonal_")
def fill_diagonal_(input, fill_value, wrap=False):
    """One value on the main diagonal of a matrix."""
    check_writable(input)
    copy = views.clone(input)
    numpy.fill_diagonal(copy._a, fill_value, wrap)
    return write(input, copy)


@derivative("IndexPutBackward0")
def _assign_backward(ctx, grad):
    ctx.check_saved()
    key, spec, accumulate = ctx.context
    by_input = by_value = None
    if ctx.needs[0]:
        by_input = grad if accumulate else _zero_at(grad, key)
    if ctx.needs[1]:
        by_value = gradient_for(indexing.advanced(grad, key), *spec)
    return by_input, by_value


def _zero_at(grad, key):
    """A copy with zeros at an index; differentiable."""
    if wants_grad(grad):
        written = numpy.zeros(grad._a.shape, bool)
        written[key] = True
        return pointwise.masked_fill(grad, wrap(written), 0)
    memory = grad._a.copy()
    bits(memory)[key] = 0
    return wrap(memory)


def assign(input, key, value, accumulate, sources=()):
    """`input[key] = value`, or `+=` with repeated places adding up, for an advanced key.

    `sources` are the tensors whose memory the key reads.
    """
    check_writable(input)
    array = input._a.copy()
    values = value._a.astype(array.dtype, copy=False)
    if not accumulate:
        try:
            bits(array)[key] = bits(values)
        except ValueError as error:
            raise RuntimeError(f"shape mismatch: {error}") from error
    else:
        numpy.add.at(array, key, values)
    result = wrap(array)
    if wants_grad(input, value):
        result = attach(
            _assign_backward,
            result,
            (input, value),
            sources,
            (key, (value._a.shape, value._a.dtype), accumulate),
        )
    write(input, result)


@operator("Tensor.masked_scatter_")
def masked_scatter_(input, mask, source):
    """Elements of the source, in order, where the mask is True."""
    if mask._a.dtype.kind != "b":
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype}"
        )
    if source._a.dtype != input._a.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{input.dtype} and {source.dtype}"
        )
    places = views.expand(mask, input._a.shape)._a
    count = int(places.sum())
    if source._a.size < count:
        raise RuntimeError(
            f"masked_scatter: the source has {source._a.size} elements, the mask takes {count}"
        )
    assign(input, (places,), views.reshape(source, (-1,))[:count], False, (mask,))
    return input


@operator("torch.masked_scatter", "Tensor.masked_scatter")
def masked_scatter(input, mask, source):
    """masked_scatter_ on a copy that is broadcast with the mask."""
    shape = numpy.broadcast_shapes(input._a.shape, mask._a.shape)
    return masked_scatter_(views.contiguous_clone(views.expand(input, shape)), mask, source)


@operator("Tensor.resize_")
def resize_(input, *sizes, memory_format=None):
    """Other sizes in place: over the tensor's own memory where that is large enough, otherwise
    over new memory that begins with the old elements.
    """
    if input._requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = sizes_of(sizes)
    count = math.prod(shape)
    whole = whole_memory_of(input).view(input._a.dtype)
    if shape != input._a.shape:
        bump(input)
    if input.storage_offset() + count <= whole.size:
        start = address_of(input._a) - address_of(whole) if input._a.size else 0
        steps = tuple(s * whole.itemsize for s in contiguous_strides(shape))
        resized = alias(strided(whole, shape, steps, start))
        resized._m = whole
    else:
        if input._m is not None or storage_of(input).live_views():
            raise missing("torch.Tensor.resize_", "growing memory that other tensors share")
        memory = numpy.zeros(count, whole.dtype)
        memory[: whole.size] = whole.reshape(-1)
        resized = wrap(memory.reshape(shape))
    input.data = resized
    return input


@operator("Tensor.put_")
def put_(input, index, source, accumulate=False):
    """Write, or add, elements by their position in the flattened tensor."""
    if index._a.dtype != numpy.int64:
        raise IndexError(f"put_(): Expected a long tensor for index, but got {index.dtype}")
    if source._a.size != index._a.size:
        raise RuntimeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"{source._a.size} and {index._a.size}"
        )
    check_writable(input)
    flat = views.reshape(views.clone(input), (-1,))
    places = indexing.counted(index._a.reshape(-1), input._a.size)
    assign(flat, (places,), views.reshape(source, (-1,)), accumulate)
    return write(input, views.reshape(flat, input._a.shape))


@operator("torch.put", "Tensor.put")
def put(input, index, source, accumulate=False):
    """put_ on a copy."""
    return put_(views.clone(input), index, source, accumulate)


@operator("Tensor.detach_", "torch.detach_")
def detach_(input):
    """Take the tensor itself out of the graph."""
    if input._base is not None:
        raise RuntimeError("Can't detach views in-place. Use detach() instead.")
    if input._requires_grad:
        if not input._is_leaf:
            _engine.swap_implementation(input, _memory_twin(input))
        else:
            input._requires_grad = False
    return input
