# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The functions that a pickled tensor calls to be built again, with torch's arguments.

What they are given comes from a file: a tensor that would reach outside its storage is an error.
"""

import numpy

from mstorch import _dtypes, _meta
from mstorch._tensor import INTERNAL, Tensor, alias, storage_of, strided, wrap
from mstorch.nn.parameter import Parameter


def rebuild_tensor(storage, storage_offset, size, stride):
    """A tensor over a storage, of the storage's type; offset and strides count elements."""
    return _view(storage.untyped(), storage.dtype, storage_offset, size, stride)


def rebuild_tensor_v2(
    storage, storage_offset, size, stride, requires_grad, backward_hooks, metadata=None
):
    """As rebuild_tensor, with what autograd knows. torch writes no hooks."""
    tensor = rebuild_tensor(storage, storage_offset, size, stride)
    return _finished(tensor, requires_grad, metadata)


def rebuild_tensor_v3(
    storage, storage_offset, size, stride, requires_grad, backward_hooks, dtype, metadata=None
):
    """As rebuild_tensor_v2 over bytes, for the types that have no storage of their own."""
    tensor = _view(storage.untyped(), dtype, storage_offset, size, stride)
    return _finished(tensor, requires_grad, metadata)


def rebuild_parameter(data, requires_grad, backward_hooks):
    """A Parameter over the memory of a tensor."""
    parameter = Parameter(data, requires_grad)
    parameter._s = storage_of(data)
    return parameter


def rebuild_parameter_with_state(data, requires_grad, backward_hooks, state):
    """A Parameter with the attributes that code had set on it."""
    return _with_state(rebuild_parameter(data, requires_grad, backward_hooks), state)


def rebuild_from_type_v2(function, new_type, arguments, state):
    """A tensor of a subclass, or with the attributes that code had set on it."""
    if function not in (rebuild_tensor, rebuild_tensor_v2, rebuild_tensor_v3, rebuild_parameter):
        raise TypeError(f"{function!r} does not rebuild a tensor")
    if not (isinstance(new_type, type) and issubclass(new_type, Tensor)):
        raise TypeError(f"{new_type!r} is no class of tensors")
    tensor = function(*arguments)
    if type(tensor) is not new_type:
        tensor.__class__ = new_type
    return _with_state(tensor, state)


def _view(untyped, dtype, offset, size, stride):
    kind = _dtypes.numpy_of(dtype)
    size, stride = tuple(size), tuple(stride)
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or not all(type(n) is int and n >= 0 for n in numbers):
        raise RuntimeError(
            f"a tensor of sizes {size}, strides {stride} and offset {offset} cannot be built"
        )
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    memory = untyped._memory
    elements = memory[: memory.size // kind.itemsize * kind.itemsize].view(kind)
    if 0 in size:
        array = numpy.empty(size, kind)
    elif (last + 1) * kind.itemsize > memory.size:
        raise RuntimeError(
            f"a tensor of sizes {size}, strides {stride} and offset {offset} needs "
            f"{(last + 1) * kind.itemsize} bytes, and its storage has {memory.size}"
        )
    else:
        steps = tuple(s * kind.itemsize for s in stride)
        array = strided(elements, size, steps, offset * kind.itemsize)
    tensor = alias(array)
    tensor._m = elements
    tensor._s = untyped.record
    return _meta.with_outline(tensor) if untyped.device == _meta.META else tensor


def _finished(tensor, requires_grad, metadata):
    """Apply what torch does lazily to complex tensors (which leaves the storage), and mark leaves
    for autograd.
    """
    if metadata and metadata.get("conj"):
        tensor = wrap(numpy.conj(tensor._a))
    if metadata and metadata.get("neg"):
        tensor = wrap(numpy.negative(tensor._a))
    return tensor.requires_grad_(True) if requires_grad else tensor


def _with_state(tensor, state):
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    for name, value in {**(attributes or {}), **(slots or {})}.items():
        if name in INTERNAL or not isinstance(name, str):
            raise TypeError(f"{name!r} is not an attribute that code sets on a tensor")
        tensor.__dict__[name] = value
    return tensor
