# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments of calls as data that a process of either framework can make its own tensors of.

`pack` replaces tensors by their memory, shape and strides, and types, devices and formats by their
names; `unpack` is the inverse in the other framework. Containers keep their types.
"""

from dataclasses import dataclass
from typing import Any

import numpy

CONSTANTS = ("dtype", "device", "memory_format", "layout")


class Unknown(Exception):
    """A value that cannot be sent: its type is named."""


@dataclass(frozen=True)
class Packed:
    """A tensor: its type's name, the elements that it spans, and how it lies on them."""

    dtype: str
    elements: numpy.ndarray
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    requires_grad: bool


@dataclass(frozen=True)
class Constant:
    """An object of the torch module, such as torch.float32."""

    kind: str
    name: str


def pack(torch: Any, value: Any) -> Any:
    """The value with everything of the framework replaced."""
    if isinstance(value, torch.Tensor):
        return _pack_tensor(torch, value)
    for kind in CONSTANTS:
        if isinstance(value, getattr(torch, kind)):
            return Constant(kind, str(value))
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, dict):
        return {key: pack(torch, item) for key, item in value.items()}
    if isinstance(value, tuple):  # pairs with names among them
        return tuple(pack(torch, item) for item in value)
    if isinstance(value, list):
        return [pack(torch, item) for item in value]
    if isinstance(value, slice):
        return slice(*(pack(torch, item) for item in (value.start, value.stop, value.step)))
    plain = (bool, int, float, complex, str, type(None), type(Ellipsis))
    if isinstance(value, (*plain, numpy.ndarray, numpy.generic)):
        return value
    raise Unknown(f"a value of type {type(value).__name__}")


def _pack_tensor(torch: Any, tensor: Any) -> Packed:
    if type(tensor) is not torch.Tensor or tensor.layout is not torch.strided:
        raise Unknown(f"a {tensor.layout} tensor of class {type(tensor).__name__}")
    if tensor.is_complex():
        raise Unknown("a complex tensor")
    shape, strides = tuple(tensor.shape), tuple(tensor.stride())
    extent = 0
    if tensor.numel():
        extent = 1 + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    flat = tensor.detach().as_strided((extent,), (1,))
    name = str(tensor.dtype).removeprefix("torch.")
    if name == "bfloat16":
        flat = flat.view(torch.int16)
    return Packed(name, flat.numpy().copy(), shape, strides, tensor.requires_grad)


def unpack(torch: Any, value: Any) -> Any:
    """The value in terms of a framework."""
    if isinstance(value, Packed):
        flat = torch.from_numpy(value.elements.copy())
        if value.dtype == "bfloat16":
            flat = flat.view(torch.bfloat16)
        tensor = flat.as_strided(value.shape, value.strides).detach()
        return tensor.requires_grad_() if value.requires_grad else tensor
    if isinstance(value, Constant):
        if value.kind == "device":
            return torch.device(value.name)
        return getattr(torch, value.name.removeprefix("torch."))
    if isinstance(value, dict):
        return {key: unpack(torch, item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(unpack(torch, item) for item in value)
    if isinstance(value, slice):
        return slice(*(unpack(torch, item) for item in (value.start, value.stop, value.step)))
    return value
