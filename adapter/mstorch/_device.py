# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Devices, sizes, layouts and memory formats: the small value types that code passes around."""

import functools
import threading


class device:
    """A place where tensors live: `device("cpu")`, `device("npu", 0)`, `device("npu:0")`."""

    __slots__ = ("index", "type")

    def __init__(self, type="cpu", index=None):
        if isinstance(type, device):
            type, index = type.type, type.index
        if isinstance(type, int):
            type, index = "cuda", type
        if not isinstance(type, str):
            raise TypeError(f"device(): a device is a str, int or torch.device, got {type!r}")
        name, colon, number = type.partition(":")
        if colon:
            if index is not None or not number.isdigit():
                raise RuntimeError(f"Invalid device string: {type!r}")
            index = int(number)
        if name not in _TYPES:
            raise RuntimeError(
                f"Expected one of {', '.join(_TYPES)} device type at start of device string: {name}"
            )
        object.__setattr__(self, "type", name)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name, value):
        raise AttributeError("torch.device objects cannot be changed")

    def __eq__(self, other):
        if not isinstance(other, device):
            return NotImplemented
        return self.type == other.type and self.index == other.index

    def __hash__(self):
        return hash((self.type, self.index))

    def __repr__(self):
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type={self.type!r}{index})"

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self):
        return (device, (self.type,) if self.index is None else (self.type, self.index))

    def __enter__(self):
        """New tensors are on this device until the end of the with-block."""
        _default.stack.append(self)
        return self

    def __exit__(self, *error):
        _default.stack.pop()

    def __call__(self, function):
        """A decorator: the function makes its tensors on this device."""

        @functools.wraps(function)
        def call(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return call


class _Default(threading.local):
    """The devices that new tensors are made on, the innermost last; None is the computing one."""

    def __init__(self):
        self.stack = [None]


_default = _Default()


def wanted(device):
    """The device that an argument asks for, else the default; None for the computing one."""
    return _default.stack[-1] if device is None else device


def get_default_device():
    """The device of new tensors."""
    return _default.stack[-1] or HERE


def set_default_device(device):
    """Make new tensors on a device, unless they say where; None is the one that computes."""
    _default.stack[-1] = None if device is None else _as_device(device)


def _as_device(where):
    wanted = where if isinstance(where, device) else device(where)
    if wanted.type != "meta":
        check_device(wanted)
    return wanted


_TYPES = ("cpu", "cuda", "npu", "meta", "mps", "xpu")


HERE = device("cpu")


def check_device(where) -> None:
    """Accept the device that this process computes on, and CUDA and Ascend, which it stands in for;
    anything else is an error.
    """
    if where is None or where is HERE:
        return
    wanted = where if isinstance(where, device) else device(where)
    if wanted.type in (HERE.type, "cuda", "npu"):
        return
    raise NotImplementedError(
        f"torch.device({str(wanted)!r}): mstorch computes on {HERE} in this process"
    )


class Size(tuple):
    """The shape of a tensor: a tuple that can count its elements."""

    __slots__ = ()

    def numel(self) -> int:
        """The product of all sizes; 1 for a scalar."""
        count = 1
        for size in self:
            count *= size
        return count

    def __repr__(self):
        return f"torch.Size({list(self)})"

    def __getitem__(self, index):
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other):
        return Size(tuple.__add__(self, tuple(other)))

    def __radd__(self, other):
        return Size(tuple(other) + tuple(self))

    def __mul__(self, times):
        return Size(tuple.__mul__(self, times))

    def __reduce__(self):
        return (Size, (tuple(self),))


class _Named:
    """An enumeration-like constant with torch's name."""

    __slots__ = ("_name",)

    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return f"torch.{self._name}"

    def __reduce__(self):
        return (type(self)._lookup, (self._name,))


class memory_format(_Named):
    """How dimensions are laid out in memory."""

    __slots__ = ()

    @staticmethod
    def _lookup(name):
        return _MEMORY_FORMATS[name]


class layout(_Named):
    """Dense or sparse storage."""

    __slots__ = ()

    def __reduce__(self):
        return (layout_named, (str(self),))


def layout_named(name):
    """The layout that is written as `name`, such as `torch.strided`."""
    return _LAYOUTS[name.removeprefix("torch.")]


_MEMORY_FORMATS = {
    name: memory_format(name)
    for name in ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
}
_LAYOUTS = {name: layout(name) for name in ("strided", "sparse_coo")}
contiguous_format = _MEMORY_FORMATS["contiguous_format"]
preserve_format = _MEMORY_FORMATS["preserve_format"]
channels_last = _MEMORY_FORMATS["channels_last"]
channels_last_3d = _MEMORY_FORMATS["channels_last_3d"]
strided = _LAYOUTS["strided"]
sparse_coo = _LAYOUTS["sparse_coo"]
