# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What operators do with their arguments before a kernel sees them: promotion, dimensions,
gradients of broadcasting.
"""

import warnings

import numpy

from mstorch import _dtypes, _engine
from mstorch._dtypes import BY_NUMPY, REDUCED
from mstorch._tensor import MindSporeTensor, Tensor, adopt

_float32 = numpy.dtype(numpy.float32)


def arrays_of(a, b):
    """The arrays of two operands, of their common type; either may be a Python number."""
    if isinstance(a, Tensor):
        x = a._a
        if isinstance(b, Tensor):
            y = b._a
            if x.dtype is y.dtype or x.dtype == y.dtype:
                return x, y
            common = result_dtype(a, b).numpy
            return x.astype(common, copy=False), y.astype(common, copy=False)
        if isinstance(b, MindSporeTensor):
            return arrays_of(a, adopt(b))
        common = _with_scalar(x.dtype, b)
        return x.astype(common, copy=False), numpy.asarray(b, common)
    if isinstance(b, Tensor):
        if isinstance(a, MindSporeTensor):
            return arrays_of(adopt(a), b)
        y = b._a
        common = _with_scalar(y.dtype, a)
        return numpy.asarray(a, common), y.astype(common, copy=False)
    raise TypeError(
        f"expected a tensor among the operands, got {type(a).__name__} and {type(b).__name__}"
    )


def _with_scalar(array_type, value):
    own = BY_NUMPY[array_type]
    scalar = _dtypes.scalar_dtype(value)
    if scalar.category <= own.category:
        return array_type
    if scalar.is_complex and own is _dtypes.float64:
        return _dtypes.complex128.numpy
    return scalar.numpy


def result_dtype(*operands):
    """torch.result_type: tensors with dimensions decide before scalars tensors, these before
    Python numbers.
    """
    ranks = [None, None, None]
    for operand in operands:
        if isinstance(operand, Tensor):
            rank, kind = (0 if operand._a.ndim else 1), operand.dtype
        else:
            rank, kind = 2, _dtypes.scalar_dtype(operand)
        ranks[rank] = kind if ranks[rank] is None else _dtypes.promote_types(ranks[rank], kind)
    result = None
    for kind in ranks:
        if kind is None:
            continue
        if result is None:
            result = kind
        elif kind.category > result.category:
            result = _dtypes.promote_types(result, kind)
    return result


def up(array):
    """float32 for the half types, in which no arithmetic is done; anything else as it is."""
    return array.astype(_float32) if array.dtype in REDUCED else array


def floating(array):
    """The array in a floating point type: integers and bool become the default type."""
    if array.dtype.kind in "biu":
        return array.astype(_dtypes.get_default_dtype().numpy)
    return array


def sum_to(grad, shape):
    """Add up the dimensions that broadcasting made, so that the gradient has the shape of its
    operand.
    """
    have = grad._a.shape
    if have == shape:
        return grad
    extra = len(have) - len(shape)
    dims = tuple(range(extra)) + tuple(
        extra + i for i, size in enumerate(shape) if size == 1 and have[extra + i] != 1
    )
    if dims:
        grad = grad.sum(dims, keepdim=True)
    return grad.reshape(shape)


def gradient_for(grad, shape, kind):
    """A gradient brought to the shape and NumPy type of its operand."""
    if grad._a.shape != shape:
        grad = sum_to(grad, shape)
    return grad if grad._a.dtype == kind else grad.to(BY_NUMPY[kind])


def wrap_dim(dim, ndim):
    """A dimension counted from the front; IndexError outside the tensor, as torch words it."""
    bound = max(ndim, 1)
    if not -bound <= dim < bound:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got "
            f"{dim})"
        )
    return dim + bound if dim < 0 else dim


def wrap_dims(dims, ndim):
    """A tuple of distinct dimensions counted from the front; None and () mean all."""
    if dims is None or dims == () or dims == []:
        return tuple(range(ndim))
    if isinstance(dims, int):
        dims = (dims,)
    wrapped = tuple(wrap_dim(int(d), ndim) for d in dims)
    if len(set(wrapped)) != len(wrapped):
        raise RuntimeError(f"dim appears multiple times in the list of dims: {tuple(dims)}")
    return wrapped if ndim else ()


def sizes_of(sizes):
    """Sizes given as `f(2, 3)`, `f((2, 3))` or `f(torch.Size)`, as a tuple of ints."""
    if len(sizes) == 1 and not isinstance(sizes[0], int) and not isinstance(sizes[0], Tensor):
        sizes = sizes[0]
    return tuple(s if type(s) is int else int(s) for s in sizes)


def tensor_argument(name, position, value):
    """TypeError, worded as torch words it, unless `value` is a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name}(): argument '{position}' must be Tensor, not {type(value).__name__}"
        )
    return value


def refuse_overlap(array):
    """RuntimeError where one element of memory that is to be written stands for several."""
    if not array.flags.c_contiguous and any(
        s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=False)
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. "
            "Please clone() the tensor before performing the operation."
        )


def write_out(out, result, exact=False):
    """Serve `out=`: the result written into a given tensor, or the results into given tensors.

    That gets the shape of the result, and keeps its own type, which must be able to hold the
    result's or, where `exact` is true, must be the same.
    """
    if out is None:
        return result
    if not isinstance(result, Tensor):
        written = [write_out(o, r, exact) for o, r in zip(out, result, strict=True)]
        return type(result)(*written) if hasattr(result, "_fields") else tuple(written)
    tensor_argument("the operator", "out", out)
    if result._requires_grad or (out._requires_grad and _engine.is_recording()):
        raise RuntimeError(
            "functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    _check_type_of_out(out, result, exact)
    if out._a.shape != result._a.shape:
        _resize_out(out, result)
    return out.copy_(result)


def _check_type_of_out(out, result, exact):
    if exact and out.dtype is not result.dtype:
        raise RuntimeError(
            f"Expected out tensor to have dtype {result.dtype}, but got {out.dtype} instead"
        )
    if result.dtype.category > out.dtype.category:
        raise RuntimeError(
            f"result type {result.dtype} can't be cast to the desired output type {out.dtype}"
        )


def _resize_out(out, result):
    refuse_overlap(out._a)
    if out._a.size:
        warnings.warn(
            f"An output with one or more elements was resized since it had shape {list(out.shape)},"
            f" which does not match the required output shape {list(result.shape)}. Resize it to "
            "zero elements with t.resize_(0) before it is given as out=.",
            stacklevel=4,
        )
    out.resize_(result._a.shape)
