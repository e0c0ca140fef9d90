# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Element by element arithmetic and functions."""

import numpy
from scipy import special

from mstorch import _dtypes, _engine, _errors
from mstorch._autograd import attach, derivative, remember, wants_grad
from mstorch._ops._operands import (
    arrays_of,
    floating,
    gradient_for,
    result_dtype,
    tensor_argument,
    up,
    write_out,
)
from mstorch._quiet import quiet
from mstorch._registry import operator
from mstorch._tensor import Tensor, copied, laid_out_as_torch, wrap, wrap_laid_out

# Binary arithmetic


def _compute(ufunc, x, y):
    """Apply a ufunc; the half types are computed in float32 and rounded once."""
    with quiet():
        try:
            if x.dtype.itemsize == 2 and x.dtype in _dtypes.REDUCED:
                return ufunc(up(x), up(y)).astype(x.dtype)
            return ufunc(x, y)
        except ValueError as error:
            raise _errors.of_shapes(error) from error


# Which operands a derivative reads: _CROSSED those opposite to an operand whose gradient is wanted,
# _BOTH always both,
# _DIVISOR the second always and the first for the gradient of the second.
_NEITHER, _CROSSED, _DIVISOR, _BOTH = range(4)


def _record_binary(node, result, a, b, reads):
    """Attach a node whose inputs are the tensors among two operands; shapes and types are kept for
    the gradients.
    """
    a_tensor, b_tensor = isinstance(a, Tensor), isinstance(b, Tensor)
    if a_tensor and b_tensor and not a._a.flags.c_contiguous:
        result = laid_out_as_torch(result, a._a, b._a)
    a_wanted, b_wanted = a_tensor and a._requires_grad, b_tensor and b._requires_grad
    if not (a_wanted or b_wanted) or not _engine.is_recording():
        return wrap_laid_out(result)
    spec_a = (a._a.shape, a._a.dtype) if a_tensor else None
    spec_b = (b._a.shape, b._a.dtype) if b_tensor else None
    if reads == _NEITHER:
        return attach(node, wrap_laid_out(result), (a, b), (), (spec_a, spec_b))
    kept_a = a if reads == _BOTH or b_wanted else None
    kept_b = b if reads != _CROSSED or a_wanted else None
    saved = [t for t in (kept_a, kept_b) if isinstance(t, Tensor)]
    return attach(node, wrap_laid_out(result), (a, b), saved, (spec_a, spec_b, kept_a, kept_b))


def _operand(ctx, which):
    """A saved operand of a binary operator after the version check; Python numbers are kept as they
    are.
    """
    ctx.check_saved()
    return ctx.context[2 + which]


@derivative("AddBackward0")
def _add_backward(ctx, grad):
    a, b = ctx.context
    need = ctx.needs
    return gradient_for(grad, *a) if need[0] else None, gradient_for(grad, *b) if need[1] else None


def _times(other, alpha, input):
    """The second operand of a sum, which may be a number, times `alpha`."""
    if isinstance(other, Tensor):
        return mul(other, alpha)
    if isinstance(alpha, float) and input._a.dtype.kind in "biu" and not isinstance(other, float):
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    return other * alpha


@operator("torch.add", "Tensor.add", "Tensor.__add__", ascend="mindspore.mint.add")
def add(input, other, *, alpha=1, out=None):
    """`input + alpha * other`."""
    if not isinstance(other, Tensor) and not isinstance(input, Tensor):
        return NotImplemented
    if alpha != 1:
        other = _times(other, alpha, input)
    x, y = arrays_of(input, other)
    result = _compute(numpy.add, x, y)
    result = _record_binary(_add_backward, result, input, other, _NEITHER)
    return result if out is None else write_out(out, result)


@derivative("SubBackward0")
def _sub_backward(ctx, grad):
    a, b = ctx.context
    need = ctx.needs
    return gradient_for(grad, *a) if need[0] else None, gradient_for(neg(grad), *b) if need[
        1
    ] else None


@operator(
    "torch.sub",
    "torch.subtract",
    "Tensor.sub",
    "Tensor.subtract",
    "Tensor.__sub__",
    ascend="mindspore.mint.sub",
)
def sub(input, other, *, alpha=1, out=None):
    """`input - alpha * other`."""
    if alpha != 1:
        other = _times(other, alpha, input)
    x, y = arrays_of(input, other)
    if _is_bool(input) or _is_bool(other):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    result = _record_binary(_sub_backward, _compute(numpy.subtract, x, y), input, other, _NEITHER)
    return result if out is None else write_out(out, result)


def _is_bool(operand):
    return (
        operand._a.dtype.kind == "b" if isinstance(operand, Tensor) else isinstance(operand, bool)
    )


@operator("torch.rsub", "Tensor.__rsub__")
def rsub(input, other, *, alpha=1):
    """`other - alpha * input`."""
    tensor_argument("rsub", "input", input)
    if not isinstance(other, Tensor):
        return _reversed(sub, input, other, alpha)
    return sub(other, input, alpha=alpha)


def _reversed(function, tensor, number, alpha):
    scaled = tensor if alpha == 1 else mul(tensor, alpha)
    return function(number, scaled)


@derivative("MulBackward0")
def _mul_backward(ctx, grad):
    a, b = ctx.context[:2]
    need = ctx.needs
    return (
        gradient_for(mul(grad, _operand(ctx, 1)), *a) if need[0] else None,
        gradient_for(mul(grad, _operand(ctx, 0)), *b) if need[1] else None,
    )


@operator(
    "torch.mul",
    "torch.multiply",
    "Tensor.mul",
    "Tensor.multiply",
    "Tensor.__mul__",
    ascend="mindspore.mint.mul",
)
def mul(input, other, *, out=None):
    """`input * other`."""
    x, y = arrays_of(input, other)
    result = _record_binary(_mul_backward, _compute(numpy.multiply, x, y), input, other, _CROSSED)
    return result if out is None else write_out(out, result)


@derivative("DivBackward0")
def _div_backward(ctx, grad):
    a, b = ctx.context[:2]
    need = ctx.needs
    divisor = _operand(ctx, 1)
    by_b = None
    if need[1]:
        by_b = gradient_for(mul(neg(grad), div(div(_operand(ctx, 0), divisor), divisor)), *b)
    return gradient_for(div(grad, divisor), *a) if need[0] else None, by_b


@derivative("DivRoundedBackward0")
def _zero_backward(ctx, grad):
    return tuple(
        gradient_for(mul(grad, 0), *spec) if needed else None
        for spec, needed in zip(ctx.context, ctx.needs, strict=False)
    )


@operator(
    "torch.div",
    "torch.divide",
    "torch.true_divide",
    "Tensor.div",
    "Tensor.divide",
    "Tensor.true_divide",
    "Tensor.__truediv__",
    ascend="mindspore.mint.div",
)
def div(input, other, *, rounding_mode=None, out=None):
    """`input / other`; `rounding_mode` is None, "trunc" or "floor"."""
    x, y = arrays_of(input, other)
    if rounding_mode is None:
        result = _compute(numpy.true_divide, floating(x), floating(y))
        result = _record_binary(_div_backward, result, input, other, _DIVISOR)
    elif rounding_mode in ("floor", "trunc"):
        _refuse_zero(y)
        kernel = numpy.floor_divide if rounding_mode == "floor" else _divide_trunc
        result = _record_binary(_zero_backward, _compute(kernel, x, y), input, other, _NEITHER)
    else:
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    return result if out is None else write_out(out, result)


def _divide_trunc(x, y):
    if x.dtype.kind not in "biu":
        return numpy.trunc(numpy.true_divide(x, y))
    quotient = numpy.floor_divide(x, y)
    wrong = (numpy.remainder(x, y) != 0) & ((x < 0) != (y < 0))
    return (quotient + wrong).astype(x.dtype)


def _refuse_zero(y):
    if y.dtype.kind in "iu" and (y == 0).any():
        raise RuntimeError("ZeroDivisionError")


def _refuse_truth(name, array):
    """RuntimeError for operands that are both bool, which NumPy takes for small numbers."""
    if array.dtype.kind == "b":
        raise RuntimeError(f"\"{name}\" not implemented for 'Bool'")


@operator(
    "torch.floor_divide",
    "Tensor.floor_divide",
    "Tensor.__floordiv__",
    ascend="mindspore.mint.floor_divide",
)
def floor_divide(input, other, *, out=None):
    """`floor(input / other)`, in the common type; not differentiable."""
    x, y = arrays_of(input, other)
    _refuse_truth("floor_divide", x)
    _refuse_zero(y)
    return write_out(out, wrap_laid_out(_compute(numpy.floor_divide, x, y)))


@operator("Tensor.__rfloordiv__")
def _rfloordiv(input, other):
    return floor_divide(other, input)


@operator("Tensor.__rtruediv__", "Tensor.__rdiv__")
def _rtruediv(input, other):
    return mul(reciprocal(input), other)


@derivative("RemainderBackward0")
def _remainder_backward(ctx, grad):
    a, b = ctx.context[:2]
    need = ctx.needs
    by_b = None
    if need[1]:
        quotient = div(_operand(ctx, 0), _operand(ctx, 1), rounding_mode="floor")
        by_b = gradient_for(neg(mul(grad, quotient)), *b)
    return gradient_for(grad, *a) if need[0] else None, by_b


@operator(
    "torch.remainder", "Tensor.remainder", "Tensor.__mod__", ascend="mindspore.mint.remainder"
)
def remainder(input, other, *, out=None):
    """Python's modulus: the result has the sign of `other`."""
    x, y = arrays_of(input, other)
    _refuse_truth("remainder", x)
    _refuse_zero(y)
    result = _record_binary(
        _remainder_backward, _compute(numpy.remainder, x, y), input, other, _BOTH
    )
    return write_out(out, result)


@operator("Tensor.__rmod__")
def _rmod(input, other):
    return remainder(other, input)


def _in_type_of(operand, grad):
    return operand.to(grad.dtype) if isinstance(operand, Tensor) else operand


@derivative("PowBackward0")
def _pow_backward(ctx, grad):
    a, b = ctx.context[:2]
    need = ctx.needs
    base, exponent = (_in_type_of(_operand(ctx, i), grad) for i in (0, 1))
    by_base = by_exponent = None
    if need[0]:
        if isinstance(exponent, Tensor):
            slope = mul(exponent, pow(base, sub(exponent, 1)))
            slope = slope.masked_fill(exponent == 0, 0.0)
        elif exponent == 0:
            slope = mul(base, 0)
        else:
            slope = mul(pow(base, exponent - 1), exponent)
        by_base = gradient_for(mul(grad, slope), *a)
    if need[1]:
        by_exponent = gradient_for(mul(grad, _exponent_slope(base, exponent)), *b)
    return by_base, by_exponent


def _exponent_slope(base, exponent):
    """`base ** exponent * log(base)`; 0 where the base is 0 and the exponent is not negative."""
    value = pow(base, exponent)
    if not isinstance(base, Tensor):
        if base == 0:
            return value.masked_fill(exponent.ge(0), 0).masked_fill(exponent.lt(0), -numpy.inf)
        with quiet():
            return mul(value, float(numpy.log(base)))
    slope = mul(value, log(base))
    return slope.masked_fill(base.eq(0).logical_and(exponent.ge(0)), 0)


def _integer_power(x, y):
    """Powers of integers; a negative exponent gives 0, except for the bases 1 and -1."""
    result = numpy.power(x, numpy.maximum(y, 0))
    odd = numpy.where(y % 2 == 0, 1, x)
    return numpy.where(y < 0, numpy.where(numpy.abs(x) == 1, odd, 0), result).astype(x.dtype)


@operator("torch.pow", "Tensor.pow", "Tensor.__pow__", ascend="mindspore.mint.pow")
def pow(input, exponent, *, out=None):
    """`input ** exponent`."""
    x, y = arrays_of(input, exponent)
    _refuse_truth("pow", x)
    if x.dtype.kind in "iu" and not isinstance(exponent, Tensor) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    if not isinstance(exponent, Tensor) and exponent == 2 and x.dtype.kind == "f":
        result = _compute(lambda p, _: p * p, x, y)
    elif not isinstance(exponent, Tensor) and exponent == 0.5 and x.dtype.kind == "f":
        result = _compute(lambda p, _: numpy.sqrt(p), x, y)
    elif x.dtype.kind in "iu":
        result = _integer_power(x, y)
    else:
        result = _compute(numpy.power, x, y)
    return write_out(out, _record_binary(_pow_backward, result, input, exponent, _BOTH))


@operator("Tensor.__rpow__")
def _rpow(input, other):
    return pow(other, input)


@derivative("Atan2Backward0")
def _atan2_backward(ctx, grad):
    a, b = ctx.context[:2]
    y, x = _operand(ctx, 0), _operand(ctx, 1)
    scaled = div(grad, add(mul(x, x), mul(y, y)))
    return (
        gradient_for(mul(scaled, x), *a) if ctx.needs[0] else None,
        gradient_for(neg(mul(scaled, y)), *b) if ctx.needs[1] else None,
    )


@operator("torch.atan2", "torch.arctan2", "Tensor.atan2", ascend="mindspore.mint.atan2")
def atan2(input, other, *, out=None):
    """The angle of the point (other, input), in radians."""
    x, y = arrays_of(
        tensor_argument("atan2", "input", input), tensor_argument("atan2", "other", other)
    )
    result = _compute(numpy.arctan2, floating(x), floating(y))
    return write_out(out, _record_binary(_atan2_backward, result, input, other, _BOTH))


def _extremum(name, ufunc, larger):
    """Build maximum or minimum: equal elements share the gradient half and half, as in torch."""

    @derivative(name)
    def backward(ctx, grad):
        a, b = ctx.context[:2]
        x, y = _operand(ctx, 0), _operand(ctx, 1)
        halves = div(grad, 2).masked_fill(x.ne(y), 0)
        first = x.gt(y) if larger else x.lt(y)
        second = y.gt(x) if larger else y.lt(x)
        return (
            gradient_for(add(mul(grad, first), halves), *a) if ctx.needs[0] else None,
            gradient_for(add(mul(grad, second), halves), *b) if ctx.needs[1] else None,
        )

    def function(input, other, *, out=None):
        x, y = arrays_of(
            tensor_argument(name, "input", input), tensor_argument(name, "other", other)
        )
        if x.dtype.kind == "c":
            raise RuntimeError(f"{ufunc.__name__} does not support complex inputs.")
        return write_out(out, _record_binary(backward, _compute(ufunc, x, y), input, other, _BOTH))

    return function


maximum = operator("torch.maximum", "Tensor.maximum", ascend="mindspore.mint.maximum")(
    _extremum("MaximumBackward0", numpy.maximum, True)
)
minimum = operator("torch.minimum", "Tensor.minimum", ascend="mindspore.mint.minimum")(
    _extremum("MinimumBackward0", numpy.minimum, False)
)


def _of_integers(name, ufunc):
    """Register a function of two integer tensors."""

    def function(input, other, *, out=None):
        x, y = arrays_of(
            tensor_argument(name, "input", input), tensor_argument(name, "other", other)
        )
        if x.dtype.kind not in "iu":
            raise RuntimeError(f'"{name}_cpu" not implemented for {input.dtype}')
        return write_out(out, wrap_laid_out(ufunc(x, y)))

    function.__name__ = name
    function.__doc__ = f"torch.{name} of two integer tensors."
    return operator(f"torch.{name}", f"Tensor.{name}")(function)


gcd = _of_integers("gcd", numpy.gcd)
lcm = _of_integers("lcm", numpy.lcm)

# Functions of one tensor


def _half_safe(kernel):
    """Compute the half types in float32; turn integers into the default type."""

    def compute(x):
        with quiet():
            kind = x.dtype
            if kind in _dtypes.REDUCED:
                return kernel(up(x)).astype(kind)
            x = floating(x)
            # NumPy 1 makes float64 of a float32 scalar and a Python number.
            return numpy.asarray(kernel(x)).astype(x.dtype, copy=False)

    return compute


def _widened(formula):
    """A derivative of two tensors that is computed in float32 for the half types, rounded once."""

    def compute(grad, x):
        kind = grad.dtype
        if kind.numpy not in _dtypes.REDUCED:
            return formula(grad, x)
        return formula(grad.float(), x.float()).to(kind)

    return compute


def _unary(names, kernel, formula, ascend=None):
    """Register a function with derivative `formula(grad, x)`, a recipe in mstorch operators."""
    name = names[0].rpartition(".")[2]

    @derivative(f"{name.capitalize()}Backward0")
    def backward(ctx, grad):
        (x,) = ctx.saved
        return derive(grad, x)

    derive = _widened(formula)
    compute = _half_safe(kernel)

    def function(input, *, out=None):
        result = wrap_laid_out(compute(tensor_argument(name, "input", input)._a))
        if wants_grad(input):
            result = attach(backward, result, (input,), (input,))
        return result if out is None else write_out(out, result)

    function.__name__ = name
    return operator(*names, ascend=ascend)(function)


def _unary_of_output(names, kernel, formula, ascend=None):
    """As `_unary`, with `formula(grad, y)` in terms of the result; it is computed anew for a second
    derivative.
    """
    name = names[0].rpartition(".")[2]

    @derivative(f"{name.capitalize()}Backward0")
    def backward(ctx, grad):
        if _engine.is_recording():
            return derive(grad, function(ctx.one_saved(0)))
        return derive(grad, ctx.one_saved(1))

    derive = _widened(formula)
    compute = _half_safe(kernel)

    def function(input, *, out=None):
        result = wrap_laid_out(compute(tensor_argument(name, "input", input)._a))
        if wants_grad(input):
            result = attach(backward, result, (input,), (input, remember(result)))
        return result if out is None else write_out(out, result)

    function.__name__ = name
    return operator(*names, ascend=ascend)(function)


def _names(name, *more):
    return (f"torch.{name}", f"Tensor.{name}", *more)


def _rsqrt(x):
    return 1 / numpy.sqrt(x)


def _sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


exp = _unary_of_output(_names("exp"), numpy.exp, lambda g, y: mul(g, y), "mindspore.mint.exp")
sqrt = _unary_of_output(
    _names("sqrt"), numpy.sqrt, lambda g, y: div(g, mul(y, 2)), "mindspore.mint.sqrt"
)
rsqrt = _unary_of_output(
    _names("rsqrt"),
    _rsqrt,
    lambda g, y: mul(mul(g, -0.5), mul(y, mul(y, y))),
    "mindspore.mint.rsqrt",
)
reciprocal = _unary_of_output(
    _names("reciprocal"),
    numpy.reciprocal,
    lambda g, y: neg(mul(g, mul(y, y))),
    "mindspore.mint.reciprocal",
)
tanh = _unary_of_output(
    _names("tanh", "torch.nn.functional.tanh"),
    numpy.tanh,
    lambda g, y: mul(g, sub(1, mul(y, y))),
    "mindspore.mint.tanh",
)
sigmoid = _unary_of_output(
    _names("sigmoid", "torch.nn.functional.sigmoid", "torch.special.expit"),
    _sigmoid,
    lambda g, y: mul(g, mul(sub(1, y), y)),
    "mindspore.mint.sigmoid",
)
expm1 = _unary_of_output(
    _names("expm1"), numpy.expm1, lambda g, y: mul(g, add(y, 1)), "mindspore.mint.expm1"
)
log = _unary(_names("log"), numpy.log, lambda g, x: div(g, x), "mindspore.mint.log")
log2 = _unary(
    _names("log2"),
    numpy.log2,
    lambda g, x: div(g, mul(x, 0.6931471805599453)),
    "mindspore.mint.log2",
)
log10 = _unary(
    _names("log10"),
    numpy.log10,
    lambda g, x: div(g, mul(x, 2.302585092994046)),
    "mindspore.mint.log10",
)
log1p = _unary(_names("log1p"), numpy.log1p, lambda g, x: div(g, add(x, 1)), "mindspore.mint.log1p")
sin = _unary(_names("sin"), numpy.sin, lambda g, x: mul(g, cos(x)), "mindspore.mint.sin")
cos = _unary(_names("cos"), numpy.cos, lambda g, x: neg(mul(g, sin(x))), "mindspore.mint.cos")
tan = _unary_of_output(
    _names("tan"), numpy.tan, lambda g, y: mul(g, add(1, mul(y, y))), "mindspore.mint.tan"
)
atan = _unary(
    _names("atan"), numpy.arctan, lambda g, x: div(g, add(1, square(x))), "mindspore.mint.atan"
)
sinh = _unary(_names("sinh"), numpy.sinh, lambda g, x: mul(g, cosh(x)), "mindspore.mint.sinh")
cosh = _unary(_names("cosh"), numpy.cosh, lambda g, x: mul(g, sinh(x)), "mindspore.mint.cosh")
erf = _unary(
    _names("erf", "torch.special.erf"),
    special.erf,
    lambda g, x: mul(g, mul(exp(neg(square(x))), 1.1283791670955126)),
    "mindspore.mint.erf",
)


def _unary_same_type(
    names, kernel, formula, ascend=None, integer_identity=False, refuses_bool=False
):
    """Register a function that keeps integer types, with derivative `formula(grad, x)`; None for a
    zero derivative.
    """
    name = names[0].rpartition(".")[2]
    reads_input = formula is not None and formula.__code__.co_argcount == 2

    @derivative(f"{name.capitalize()}Backward0")
    def backward(ctx, grad):
        return mul(grad, 0) if formula is None else formula(grad, *ctx.saved)

    def function(input, *, out=None):
        x = tensor_argument(name, "input", input)._a
        if refuses_bool and x.dtype.kind == "b":
            raise RuntimeError(
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying "
                "to invert a mask, use the `~` or `logical_not()` operator instead."
            )
        if integer_identity and x.dtype.kind in "biu":
            result = wrap_laid_out(copied(x))
        else:
            result = wrap_laid_out(_in_kind(kernel(up(x)), x.dtype))
        if wants_grad(input):
            result = attach(backward, result, (input,), (input,) if reads_input else ())
        return result if out is None else write_out(out, result)

    function.__name__ = name
    return operator(*names, ascend=ascend)(function)


def _in_kind(array, kind):
    """Floating point results in the type of the operand; integers as the kernel made them."""
    return array.astype(kind, copy=False) if kind.kind not in "biu" else array


def _sign_kernel(x):
    """The sign; 0 for nan, as in torch."""
    if x.dtype.kind in "bc":
        return copied(x) if x.dtype.kind == "b" else numpy.sign(x)
    return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)


def _square_kernel(x):
    return numpy.square(x.astype(numpy.int64) if x.dtype.kind == "b" else x)


neg = _unary_same_type(
    _names("neg", "torch.negative", "Tensor.negative", "Tensor.__neg__"),
    numpy.negative,
    lambda g: neg(g),
    "mindspore.mint.neg",
    refuses_bool=True,
)
abs = _unary_same_type(
    _names("abs", "torch.absolute", "Tensor.absolute", "Tensor.__abs__"),
    numpy.abs,
    lambda g, x: mul(g, sign(x)),
    "mindspore.mint.abs",
)
square = _unary_same_type(
    _names("square"), _square_kernel, lambda g, x: mul(g, mul(x, 2.0)), "mindspore.mint.square"
)
sign = _unary_same_type(_names("sign"), _sign_kernel, None, "mindspore.mint.sign")
floor = _unary_same_type(_names("floor"), numpy.floor, None, "mindspore.mint.floor", True)
ceil = _unary_same_type(_names("ceil"), numpy.ceil, None, "mindspore.mint.ceil", True)
trunc = _unary_same_type(
    _names("trunc", "torch.fix", "Tensor.fix"), numpy.trunc, None, "mindspore.mint.trunc", True
)


@derivative("RoundBackward0")
def _round_backward(ctx, grad):
    return mul(grad, 0)


@operator("torch.round", "Tensor.round", ascend="mindspore.mint.round")
def round(input, *, decimals=0, out=None):
    """Halves go to the even neighbour."""
    x = input._a
    result = wrap_laid_out(
        copied(x)
        if x.dtype.kind in "biu"
        else numpy.round(up(x), decimals).astype(x.dtype, copy=False)
    )
    if wants_grad(input):
        result = attach(_round_backward, result, (input,))
    return write_out(out, result)


@operator("Tensor.__pos__", "torch.positive", "Tensor.positive")
def positive(input):
    """The tensor itself."""
    return input


# Choosing and limiting


@derivative("ClampBackward1")
def _clamp_backward(ctx, grad):
    (x,) = ctx.saved
    low, high = ctx.context
    inside = None
    if low is not None:
        inside = x.ge(low)
    if high is not None:
        below = x.le(high)
        inside = below if inside is None else inside.logical_and(below)
    return mul(grad, inside)


@derivative("ClampBackward0")
def _clamp_tensor_backward(ctx, grad):
    x, low, high = ctx.context[1]
    ctx.check_saved()
    specs = ctx.context[0]
    need = ctx.needs
    below = x.lt(low) if low is not None else None
    above = x.gt(high) if high is not None else None
    inside = _neither(below, above)
    if below is not None and above is not None:
        # Where the limits cross, the result is the upper one.
        ordered = low < high
        below, above = below.logical_and(ordered), above.logical_or(ordered.logical_not())
    return (
        gradient_for(mul(grad, inside), *specs[0]) if need[0] else None,
        gradient_for(mul(grad, below), *specs[1]) if need[1] else None,
        gradient_for(mul(grad, above), *specs[2]) if need[2] else None,
    )


def _neither(below, above):
    if below is None:
        return above.logical_not()
    if above is None:
        return below.logical_not()
    return below.logical_or(above).logical_not()


@operator("torch.clamp", "torch.clip", "Tensor.clamp", "Tensor.clip", ascend="mindspore.mint.clamp")
def clamp(input, min=None, max=None, *, out=None):
    """Limit the elements; the limits are numbers or tensors."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    x = input._a
    bounds = [b for b in (min, max) if b is not None]
    for bound in bounds:
        x = arrays_of(wrap_laid_out(x), bound)[0]
    result = x
    if min is not None:
        result = numpy.maximum(result, arrays_of(wrap_laid_out(x), min)[1])
    if max is not None:
        result = numpy.minimum(result, arrays_of(wrap_laid_out(x), max)[1])
    result = wrap_laid_out(copied(result) if result is input._a else result)
    if any(isinstance(b, Tensor) for b in bounds):
        operands = (input, min, max)
        tensors = [t for t in operands if isinstance(t, Tensor)]
        if wants_grad(*tensors):
            specs = [(t._a.shape, t._a.dtype) if isinstance(t, Tensor) else None for t in operands]
            result = attach(_clamp_tensor_backward, result, operands, tensors, (specs, operands))
    elif wants_grad(input):
        result = attach(_clamp_backward, result, (input,), (input,), (min, max))
    return write_out(out, result)


@operator("torch.clamp_min", "Tensor.clamp_min")
def clamp_min(input, min):
    """Limit the elements from below."""
    return clamp(tensor_argument("clamp_min", "input", input), min=min)


@operator("torch.clamp_max", "Tensor.clamp_max")
def clamp_max(input, max):
    """Limit the elements from above."""
    return clamp(tensor_argument("clamp_max", "input", input), max=max)


@derivative("WhereBackward0")
def _where_backward(ctx, grad):
    a, b = ctx.context
    condition = ctx.one_saved(0)
    return (
        gradient_for(where(condition, grad, 0), *a) if ctx.needs[0] else None,
        gradient_for(where(condition, 0, grad), *b) if ctx.needs[1] else None,
    )


@operator("torch.where")
def where(condition, input=None, other=None, *, out=None):
    """`input` where the condition holds, `other` elsewhere; with the condition alone, as
    nonzero(as_tuple=True).
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        kind = _dtypes.promote_types(_dtypes.scalar_dtype(input), _dtypes.scalar_dtype(other)).numpy
        x, y = numpy.asarray(input, kind), numpy.asarray(other, kind)
    else:
        x, y = arrays_of(input, other)
    if condition._a.dtype.kind != "b" and condition._a.dtype != numpy.uint8:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{condition.dtype}"
        )
    result = numpy.where(condition._a.astype(bool, copy=False), x, y)
    if not (condition._a.flags.c_contiguous and x.flags.c_contiguous and y.flags.c_contiguous):
        result = laid_out_as_torch(result, condition._a, x, y)
    result = wrap_laid_out(result)
    tensors = [t for t in (input, other) if isinstance(t, Tensor)]
    if wants_grad(*tensors):
        specs = [
            (t._a.shape, t._a.dtype) if isinstance(t, Tensor) else None for t in (input, other)
        ]
        result = attach(_where_backward, result, (input, other), (condition,), specs)
    return write_out(out, result)


@operator("Tensor.where")
def _where_method(self, condition, other):
    return where(condition, self, other)


@derivative("MaskedFillBackward0")
def _masked_fill_backward(ctx, grad):
    spec, value = ctx.context
    mask = ctx.one_saved(0)
    return (
        gradient_for(masked_fill(grad, mask, 0), *spec) if ctx.needs[0] else None,
        gradient_for(mul(grad, mask), *value) if ctx.needs[1] else None,
    )


@operator("torch.masked_fill", "Tensor.masked_fill", ascend="mindspore.ops.masked_fill")
def masked_fill(input, mask, value):
    """`value`, a number or a tensor without dimensions, where the mask is True."""
    if mask._a.dtype.kind != "b":
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype " + str(mask.dtype)
        )
    is_tensor = isinstance(value, Tensor)
    if isinstance(value, complex) and not input.is_complex():
        raise RuntimeError(f"value cannot be converted to type {input.dtype} without overflow")
    if is_tensor and value._a.ndim:
        raise RuntimeError(
            "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._a.ndim} dimension(s)."
        )
    x = input._a
    number = value._a if is_tensor else value
    result = wrap(numpy.where(mask._a, numpy.asarray(number).astype(x.dtype), x))
    if wants_grad(input) or (is_tensor and wants_grad(value)):
        spec = (x.shape, x.dtype)
        value_spec = (value._a.shape, value._a.dtype) if is_tensor else None
        result = attach(_masked_fill_backward, result, (input, value), (mask,), (spec, value_spec))
    return result


@derivative("LerpBackward0")
def _lerp_backward(ctx, grad):
    weight, start, end = ctx.context
    return (
        gradient_for(mul(grad, 1 - weight), *start) if ctx.needs[0] else None,
        gradient_for(mul(grad, weight), *end) if ctx.needs[1] else None,
    )


@operator("torch.lerp", "Tensor.lerp")
def lerp(input, end, weight):
    """`input + weight * (end - input)`, in the form torch uses on either side of one half."""
    if isinstance(weight, Tensor):
        return add(input, mul(weight, sub(end, input)))
    result = wrap_laid_out(lerp_kernel(input._a, end._a, weight))
    if wants_grad(input, end):
        specs = [(t._a.shape, t._a.dtype) for t in (input, end)]
        result = attach(_lerp_backward, result, (input, end), (), (weight, *specs))
    return result


def lerp_kernel(x, end, weight):
    """lerp on arrays."""
    w = x.dtype.type(weight)
    return x + w * (end - x) if weight < 0.5 else end - (end - x) * (x.dtype.type(1) - w)


@derivative("AddcmulBackward0")
def _addcmul_backward(ctx, grad):
    value, specs, (first, second) = ctx.context
    ctx.check_saved()
    need = ctx.needs
    return (
        gradient_for(grad, *specs[0]) if need[0] else None,
        gradient_for(mul(grad, mul(second, value)), *specs[1]) if need[1] else None,
        gradient_for(mul(grad, mul(first, value)), *specs[2]) if need[2] else None,
    )


@derivative("AddcdivBackward0")
def _addcdiv_backward(ctx, grad):
    value, specs, (first, second) = ctx.context
    ctx.check_saved()
    need = ctx.needs
    by_second = None
    if need[2]:
        by_second = mul(neg(grad), div(mul(first, value), mul(second, second)))
        by_second = gradient_for(by_second, *specs[2])
    return (
        gradient_for(grad, *specs[0]) if need[0] else None,
        gradient_for(mul(grad, div(value, second)), *specs[1]) if need[1] else None,
        by_second,
    )


def _three_operands(name, kernel, node):
    """Register `input + value * kernel(tensor1, tensor2)`, rounded once in the half types."""

    def function(input, tensor1, tensor2, *, value=1, out=None):
        operands = (input, tensor1, tensor2)
        arrays = [t._a for t in operands]
        if any(a.dtype != arrays[0].dtype for a in arrays):
            common = result_dtype(*operands).numpy
            arrays = [a.astype(common, copy=False) for a in arrays]
        kind = arrays[0].dtype
        wide = [up(a) for a in arrays]
        if kind.kind in "biu" and name == "addcdiv":
            raise RuntimeError(
                "Integer division with addcdiv is no longer supported, and in a future release "
                "addcdiv will perform a true division of tensor1 and tensor2."
            )
        scale = wide[0].dtype.type(value)
        with quiet():
            result = wide[0] + kernel(scale, wide[1], wide[2])
        if not all(a.flags.c_contiguous for a in arrays):
            result = laid_out_as_torch(result, *arrays)
        result = wrap_laid_out(numpy.asarray(result).astype(kind, copy=False))
        if wants_grad(*operands):
            specs = [(t._a.shape, t._a.dtype) for t in operands]
            divides = name == "addcdiv" and tensor2._requires_grad
            pair = (
                tensor1 if tensor2._requires_grad else None,
                tensor2 if tensor1._requires_grad or divides else None,
            )
            saved = [t for t in pair if t is not None]
            result = attach(node, result, operands, saved, (value, specs, pair))
        return write_out(out, result)

    function.__name__ = name
    function.__doc__ = f"torch.{name}: three tensors combined element by element."
    return operator(f"torch.{name}", f"Tensor.{name}")(function)


addcmul = _three_operands("addcmul", lambda v, x, y: v * x * y, _addcmul_backward)
addcdiv = _three_operands("addcdiv", lambda v, x, y: v * (x / y), _addcdiv_backward)


operator("Tensor.__radd__")(lambda self, other: add(other, self))
operator("Tensor.__rmul__")(lambda self, other: mul(other, self))
