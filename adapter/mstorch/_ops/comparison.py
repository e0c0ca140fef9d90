# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Comparisons, logic and bits; the results are never differentiable."""

import numpy

from mstorch import _engine, _errors
from mstorch._ops._operands import arrays_of, tensor_argument, up, write_out
from mstorch._registry import operator
from mstorch._tensor import MindSporeTensor, Tensor, laid_out_as_torch, laid_out_like, wrap_laid_out


def _comparison(names, ufunc, ascend):
    name = names[0].rpartition(".")[2]
    ordered = name not in ("eq", "ne")

    def function(input, other, *, out=None):
        if not isinstance(other, (MindSporeTensor, int, float, complex, numpy.number, numpy.bool_)):
            return NotImplemented
        if not isinstance(input, MindSporeTensor):
            tensor_argument(function.__name__, "input", input)
        x, y = arrays_of(input, other)
        if ordered and x.dtype.kind == "c":
            raise RuntimeError(f"{name} is not implemented for {input.dtype}: no order of its own")
        with numpy.errstate(invalid="ignore"):
            try:
                result = ufunc(up(x), up(y))
            except ValueError as error:
                raise _errors.of_shapes(error) from error
        if not x.flags.c_contiguous:
            result = laid_out_as_torch(result, x, y)
        return write_out(out, wrap_laid_out(result))

    function.__name__ = name
    return operator(*names, ascend=ascend)(function)


eq = _comparison(("torch.eq", "Tensor.eq", "Tensor.__eq__"), numpy.equal, "mindspore.mint.eq")
ne = _comparison(
    ("torch.ne", "torch.not_equal", "Tensor.ne", "Tensor.not_equal", "Tensor.__ne__"),
    numpy.not_equal,
    "mindspore.mint.ne",
)
lt = _comparison(
    ("torch.lt", "torch.less", "Tensor.lt", "Tensor.less", "Tensor.__lt__"),
    numpy.less,
    "mindspore.mint.lt",
)
le = _comparison(
    ("torch.le", "torch.less_equal", "Tensor.le", "Tensor.less_equal", "Tensor.__le__"),
    numpy.less_equal,
    "mindspore.mint.le",
)
gt = _comparison(
    ("torch.gt", "torch.greater", "Tensor.gt", "Tensor.greater", "Tensor.__gt__"),
    numpy.greater,
    "mindspore.mint.gt",
)
ge = _comparison(
    ("torch.ge", "torch.greater_equal", "Tensor.ge", "Tensor.greater_equal", "Tensor.__ge__"),
    numpy.greater_equal,
    "mindspore.mint.ge",
)


def _logical(name, ufunc):
    def function(input, other, *, out=None):
        x = tensor_argument(name, "input", input)._a.astype(bool)
        y = tensor_argument(name, "other", other)._a.astype(bool)
        try:
            return write_out(out, wrap_laid_out(ufunc(x, y)))
        except ValueError as error:
            raise _errors.of_shapes(error) from error

    function.__name__ = name
    return operator(f"torch.{name}", f"Tensor.{name}", ascend=f"mindspore.mint.{name}")(function)


logical_and = _logical("logical_and", numpy.logical_and)
logical_or = _logical("logical_or", numpy.logical_or)
logical_xor = _logical("logical_xor", numpy.logical_xor)


@operator("torch.logical_not", "Tensor.logical_not", ascend="mindspore.mint.logical_not")
def logical_not(input, *, out=None):
    """True where the element is zero."""
    return write_out(out, wrap_laid_out(numpy.logical_not(input._a.astype(bool))))


def _bitwise(name, ufunc, *operators):
    def function(input, other, *, out=None):
        x, y = arrays_of(input, other)
        if x.dtype.kind not in "biu":
            raise RuntimeError(f'"bitwise_{name}_cpu" not implemented for {input.dtype}')
        return write_out(out, wrap_laid_out(ufunc(x, y)))

    function.__name__ = name
    return operator(f"torch.{name}", f"Tensor.{name}", *operators, ascend=f"mindspore.mint.{name}")(
        function
    )


bitwise_and = _bitwise("bitwise_and", numpy.bitwise_and, "Tensor.__and__", "Tensor.__rand__")
bitwise_or = _bitwise("bitwise_or", numpy.bitwise_or, "Tensor.__or__", "Tensor.__ror__")
bitwise_xor = _bitwise("bitwise_xor", numpy.bitwise_xor, "Tensor.__xor__", "Tensor.__rxor__")


@operator(
    "torch.bitwise_not",
    "Tensor.bitwise_not",
    "Tensor.__invert__",
    ascend="mindspore.mint.bitwise_not",
)
def bitwise_not(input, *, out=None):
    """Bits flipped; logical for bool."""
    if input._a.dtype.kind not in "biu":
        raise RuntimeError(
            f"`~` is only implemented on integer and Boolean-type tensors, not on {input.dtype}"
        )
    return write_out(out, wrap_laid_out(numpy.invert(input._a)))


@operator("Tensor.__lshift__", "torch.bitwise_left_shift", "Tensor.bitwise_left_shift")
def bitwise_left_shift(input, other):
    """Bits shifted towards the high end."""
    return wrap_laid_out(numpy.left_shift(*arrays_of(input, other)))


@operator("Tensor.__rshift__", "torch.bitwise_right_shift", "Tensor.bitwise_right_shift")
def bitwise_right_shift(input, other):
    """Bits shifted towards the low end."""
    return wrap_laid_out(numpy.right_shift(*arrays_of(input, other)))


@operator("torch.isnan", "Tensor.isnan")
def isnan(input):
    """True where the element is not a number."""
    return wrap_laid_out(_test(numpy.isnan, input, False))


@operator("torch.isinf", "Tensor.isinf", ascend="mindspore.mint.isinf")
def isinf(input):
    """True where the element is infinite."""
    return wrap_laid_out(_test(numpy.isinf, input, False))


@operator("torch.isfinite", "Tensor.isfinite", ascend="mindspore.mint.isfinite")
def isfinite(input):
    """True where the element is neither infinite nor nan."""
    return wrap_laid_out(_test(numpy.isfinite, input, True))


def _test(ufunc, input, for_integers):
    x = tensor_argument(ufunc.__name__, "input", input)._a
    if x.dtype.kind in "biu":
        return laid_out_like(x, numpy.full(x.size, for_integers))
    return ufunc(up(x))


@operator("torch.isclose", "Tensor.isclose")
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """True where `|input - other| <= atol + rtol * |other|`."""
    tensor_argument("isclose", "input", input)
    if input._a.dtype != tensor_argument("isclose", "other", other)._a.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}")
    for given, value in (("rtol", rtol), ("atol", atol)):
        if not value >= 0:
            raise RuntimeError(f"{given} must be greater than or equal to zero, but got {value}")
    return wrap_laid_out(numpy.isclose(up(input._a), up(other._a), rtol, atol, equal_nan))


@operator("torch.allclose", "Tensor.allclose")
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether isclose holds everywhere."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._a.all())


@operator("torch.equal", "Tensor.equal")
def equal(input, other):
    """Whether shapes and all elements are equal."""
    return input._a.shape == other._a.shape and bool(numpy.array_equal(input._a, other._a))


@operator("torch.isin")
def isin(elements, test_elements, *, assume_unique=False, invert=False, out=None):
    """Whether each element is one of others; either may be a number. nan is none."""
    x, y = arrays_of(elements, test_elements)
    if x.dtype.kind == "b":
        raise RuntimeError("Unsupported input type encountered for isin(): Bool")
    found = numpy.isin(up(x), up(y), assume_unique and x.ndim == y.ndim == 1, invert)
    return write_out(out, wrap_laid_out(numpy.asarray(found)))


@operator("torch.is_tensor")
def is_tensor(obj):
    """Whether the object is a tensor of mstorch."""
    return isinstance(obj, Tensor)


@operator("torch.is_floating_point")
def is_floating_point(input):
    """Whether the elements are real floating point numbers."""
    return input._a.dtype.kind == "f" or input._a.dtype == _engine.bfloat16_numpy


@operator("torch.is_complex")
def is_complex(input):
    """Whether the elements are complex numbers."""
    return input._a.dtype.kind == "c"


@operator("torch.is_nonzero")
def is_nonzero(input):
    """Whether the only element is not zero."""
    return bool(input)
