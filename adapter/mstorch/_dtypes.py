# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Data types: torch's objects, their NumPy and MindSpore counterparts, torch's promotion rules."""

import builtins

import mindspore
import numpy

from mstorch._engine import bfloat16_numpy
from mstorch._errors import missing

# Promotion looks at the category first: a higher one always wins.
_BOOL, _INTEGER, _FLOAT, _COMPLEX = range(4)


class dtype:
    """A torch data type. `str()` gives torch's name, such as `torch.float32`."""

    __slots__ = ("category", "is_signed", "itemsize", "mindspore", "name", "numpy")

    def __init__(self, name, numpy_type, mindspore_type, itemsize, category, is_signed):
        self.name = name
        self.numpy = None if numpy_type is None else numpy.dtype(numpy_type)
        self.mindspore = mindspore_type
        self.itemsize = itemsize
        self.category = category
        self.is_signed = is_signed

    @property
    def is_floating_point(self) -> bool:
        return self.category == _FLOAT

    @property
    def is_complex(self) -> bool:
        return self.category == _COMPLEX

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self):
        return (by_name, (self.name,))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def by_name(name: str) -> dtype:
    """The type of a name, such as `float32`."""
    return ALL[name]


bool = dtype("bool", numpy.bool_, mindspore.bool_, 1, _BOOL, False)
uint8 = dtype("uint8", numpy.uint8, mindspore.uint8, 1, _INTEGER, False)
int8 = dtype("int8", numpy.int8, mindspore.int8, 1, _INTEGER, True)
int16 = dtype("int16", numpy.int16, mindspore.int16, 2, _INTEGER, True)
int32 = dtype("int32", numpy.int32, mindspore.int32, 4, _INTEGER, True)
int64 = dtype("int64", numpy.int64, mindspore.int64, 8, _INTEGER, True)
float16 = dtype("float16", numpy.float16, mindspore.float16, 2, _FLOAT, True)
bfloat16 = dtype("bfloat16", bfloat16_numpy, mindspore.bfloat16, 2, _FLOAT, True)
float32 = dtype("float32", numpy.float32, mindspore.float32, 4, _FLOAT, True)
float64 = dtype("float64", numpy.float64, mindspore.float64, 8, _FLOAT, True)
complex64 = dtype("complex64", numpy.complex64, mindspore.complex64, 8, _COMPLEX, True)
complex128 = dtype("complex128", numpy.complex128, mindspore.complex128, 16, _COMPLEX, True)
# Names that code compares with; tensors of these types cannot be made.
float8_e4m3fn = dtype("float8_e4m3fn", None, None, 1, _FLOAT, True)
float8_e5m2 = dtype("float8_e5m2", None, None, 1, _FLOAT, True)
uint16 = dtype("uint16", None, None, 2, _INTEGER, False)
uint32 = dtype("uint32", None, None, 4, _INTEGER, False)
uint64 = dtype("uint64", None, None, 8, _INTEGER, False)

ALL = {
    t.name: t
    for t in (
        bool,
        uint8,
        int8,
        int16,
        int32,
        int64,
        float16,
        bfloat16,
        float32,
        float64,
        complex64,
        complex128,
        float8_e4m3fn,
        float8_e5m2,
        uint16,
        uint32,
        uint64,
    )
}
ALIASES = {
    "half": float16,
    "float": float32,
    "double": float64,
    "short": int16,
    "int": int32,
    "long": int64,
    "cfloat": complex64,
    "cdouble": complex128,
}
BY_NUMPY = {t.numpy: t for t in ALL.values() if t.numpy is not None}
# Arithmetic in these types is done in float32 and rounded once, as torch does.
REDUCED = frozenset((float16.numpy, bfloat16.numpy))

_PYTHON_TYPES = {
    builtins.bool: bool,
    builtins.int: int64,
    builtins.float: float64,
    builtins.complex: complex128,
}

_default = float32


def get_default_dtype() -> dtype:
    """The type of floating point tensors made without a dtype."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the type of floating point tensors made without a dtype; only a floating point type is
    accepted.
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d!r}")
    _default = d


def as_dtype(d) -> dtype:
    """The type that code names, by torch's name or as one of Python's number types."""
    if isinstance(d, dtype):
        return d
    if isinstance(d, type) and d in _PYTHON_TYPES:
        return _PYTHON_TYPES[d]
    raise TypeError(f"dtype must be a torch.dtype, got {d!r}")


def numpy_of(d: dtype) -> numpy.dtype:
    """The NumPy type of a torch dtype; NotImplementedError where tensors of that type cannot be
    made.
    """
    d = as_dtype(d)
    if d.numpy is None:
        raise missing(repr(d), "tensors of this type cannot be made")
    return d.numpy


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest type that holds both, by torch's table."""
    if a is b:
        return a
    if a.category != b.category:
        low, high = (a, b) if a.category < b.category else (b, a)
        if high.category == _COMPLEX and low is float64:
            return complex128
        return high
    if a.category == _FLOAT and a.itemsize == b.itemsize:
        return float32  # float16 with bfloat16
    return (
        BY_NUMPY[numpy.promote_types(numpy_of(a), numpy_of(b))]
        if a.category == _INTEGER
        else max(a, b, key=_size)
    )


def _size(t: dtype) -> int:
    return t.itemsize


def scalar_dtype(value) -> dtype:
    """The type that a Python number stands for in promotion."""
    kind = type(value)
    if kind is float:
        return _default
    if kind is int:
        return int64
    if isinstance(value, (builtins.bool, numpy.bool_)):
        return bool
    if isinstance(value, (int, numpy.integer)):
        return int64
    if isinstance(value, (float, numpy.floating)):
        return _default
    if isinstance(value, complex):
        return complex128 if _default is float64 else complex64
    raise TypeError(f"expected a number or a tensor, got {kind.__name__}")
