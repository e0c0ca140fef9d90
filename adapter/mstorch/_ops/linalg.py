# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Matrix products."""

import math

import numpy

import msops
from mstorch._autograd import attach, derivative, wants_grad
from mstorch._errors import missing
from mstorch._ops import pointwise, views
from mstorch._ops._operands import gradient_for, up, write_out
from mstorch._registry import operator
from mstorch._tensor import alias, wrap

_WORTH_MSOPS = 2_000_000
"""Batches of this many multiplications and more are multiplied by msops: NumPy hands the matrices
to OpenBLAS one by one, on one thread. A call of msops costs ten microseconds more.
"""


def _stored(matrices):
    """A batch of matrices as msops takes it, and whether it holds the transposes; None for the
    batch where that would be a copy.
    """
    transposed = matrices.strides[1] < matrices.strides[2]
    dense = matrices.swapaxes(1, 2) if transposed else matrices
    return (alias(dense) if dense.flags.c_contiguous else None), transposed


def _batched_product(x, y):
    """The products of two equally long batches of float32 matrices."""
    (a, transpose_a), (b, transpose_b) = _stored(x), _stored(y)
    if a is None or b is None:
        return numpy.matmul(x, y)
    product = numpy.empty((*x.shape[:2], y.shape[2]), x.dtype)
    msops.parts.matmul_into(a, b, alias(product), transpose_a, transpose_b)
    return product


def _product(x, y):
    """numpy.matmul, or msops for large batches; the half types are multiplied and summed in
    float32, integers and bool as they are.
    """
    if (
        x.ndim == y.ndim == 3
        and x.dtype == y.dtype == numpy.float32
        and x.shape[0] == y.shape[0]
        and x.size * y.shape[2] >= _WORTH_MSOPS
    ):
        return _batched_product(x, y)
    if x.dtype.itemsize == 2 and x.dtype == y.dtype and x.dtype.kind not in "iu":
        return numpy.matmul(up(x), up(y)).astype(x.dtype)
    return numpy.matmul(x, y)


def _same_type(name, a, b):
    if a._a.dtype != b._a.dtype:
        raise RuntimeError(
            f"{name}: expected m1 and m2 to have the same dtype, but got: {a.dtype} != {b.dtype}"
        )


@derivative("MatmulBackward0")
def _matmul_backward(ctx, grad):
    a, b = ctx.saved
    need = ctx.needs
    if a._a.ndim == b._a.ndim == grad._a.ndim and not wants_grad(a, b, grad):
        return _matrix_gradients(a, b, grad, need)
    a_vector, b_vector = a._a.ndim == 1, b._a.ndim == 1
    a2 = views.unsqueeze(a, 0) if a_vector else a
    b2 = views.unsqueeze(b, 1) if b_vector else b
    if a_vector:
        grad = views.unsqueeze(grad, -1 if b_vector else -2)
    if b_vector:
        grad = views.unsqueeze(grad, -1)
    by_a = by_b = None
    if need[0]:
        by_a = matmul(grad, views.transpose(b2, -2, -1))
        by_a = gradient_for(by_a, a2._a.shape, a._a.dtype)
        by_a = views.reshape(by_a, a._a.shape) if a_vector else by_a
    if need[1]:
        by_b = _gradient_of_right(a2, grad, b2._a.shape)
        by_b = gradient_for(by_b, b2._a.shape, b._a.dtype)
        by_b = views.reshape(by_b, b._a.shape) if b_vector else by_b
    return by_a, by_b


def _matrix_gradients(a, b, grad, need):
    """The gradients of a product of matrices, or of batches of them, on arrays."""
    by_a = by_b = None
    if need[0]:
        by_a = wrap(_product(grad._a, b._a.swapaxes(-2, -1)))
        by_a = gradient_for(by_a, a._a.shape, a._a.dtype)
    if need[1]:
        by_b = wrap(_product(a._a.swapaxes(-2, -1), grad._a))
        by_b = gradient_for(by_b, b._a.shape, b._a.dtype)
    return by_a, by_b


def _rows(tensor):
    """All dimensions but the last made one; also where that is empty, and -1 would be ambiguous."""
    *front, last = tensor._a.shape
    return views.reshape(tensor, (math.prod(front), last))


def _flat_rows(array):
    return array.reshape(math.prod(array.shape[:-1]), array.shape[-1])


def _gradient_of_right(a, grad, shape):
    """a^T grad; where the right operand is one matrix for a whole batch, as one product over the
    batch.
    """
    if len(shape) == 2 and a._a.ndim > 2:
        a, grad = _rows(a), _rows(grad)
    return matmul(views.transpose(a, -2, -1), grad)


@operator("torch.matmul", "Tensor.matmul", "Tensor.__matmul__", ascend="mindspore.mint.matmul")
def matmul(input, other, *, out=None):
    """The product of vectors, matrices or batches of matrices, with broadcasting over the batch."""
    _same_type("matmul", input, other)
    x, y = input._a, other._a
    if not x.ndim or not y.ndim:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {x.ndim}D and {y.ndim}D"
        )
    inner = y.shape[0] if y.ndim == 1 else y.shape[-2]
    if x.shape[-1] != inner:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({_shape_text(x)} and {_shape_text(y)})"
        )
    if y.ndim == 2 and x.ndim > 2 and x.flags.c_contiguous:
        product = _product(_flat_rows(x), y).reshape(*x.shape[:-1], y.shape[-1])
    else:
        product = _product(x, y)
    result = wrap(product)
    if wants_grad(input, other):
        result = attach(_matmul_backward, result, (input, other), (input, other))
    return result if out is None else write_out(out, result)


def _shape_text(array):
    return "x".join(str(n) for n in array.shape)


operator("Tensor.__rmatmul__")(lambda self, other: matmul(other, self))


@operator("torch.mm", "Tensor.mm", ascend="mindspore.mint.mm")
def mm(input, mat2, *, out=None):
    """The product of two matrices."""
    if input._a.ndim != 2 or mat2._a.ndim != 2:
        raise RuntimeError(
            "self must be a matrix" if input._a.ndim != 2 else "mat2 must be a matrix"
        )
    return matmul(input, mat2, out=out)


@operator("torch.bmm", "Tensor.bmm", ascend="mindspore.mint.bmm")
def bmm(input, mat2, *, out=None):
    """The products of two equally long batches of matrices."""
    if input._a.ndim != 3 or mat2._a.ndim != 3:
        raise RuntimeError(
            "batch1 must be a 3D tensor" if input._a.ndim != 3 else "batch2 must be a 3D tensor"
        )
    if input._a.shape[0] != mat2._a.shape[0]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{input._a.shape[0]}, "
            f"{input._a.shape[2]}] "
            f"but got: [{mat2._a.shape[0]}, {mat2._a.shape[1]}]."
        )
    return matmul(input, mat2, out=out)


def _affine(input, product, beta, alpha):
    """`beta * input + alpha * product`; with beta 0 the input is ignored, even where it is nan."""
    if product._a.dtype.kind in "biu":
        beta, alpha = int(beta), int(alpha)
    if alpha != 1:
        product = pointwise.mul(product, alpha)
    if beta == 0:
        return product
    return pointwise.add(product, input if beta == 1 else pointwise.mul(input, beta))


@operator("torch.addmm", "Tensor.addmm", ascend="mindspore.mint.addmm")
def addmm(input, mat1, mat2, *, beta=1, alpha=1, out=None):
    """`beta * input + alpha * mat1 @ mat2`."""
    return write_out(out, _affine(input, mm(mat1, mat2), beta, alpha))


@operator("torch.baddbmm", "Tensor.baddbmm", ascend="mindspore.mint.baddbmm")
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None):
    """`beta * input + alpha * batch1 @ batch2`, matrix by matrix."""
    return write_out(out, _affine(input, bmm(batch1, batch2), beta, alpha))


@operator("torch.mv", "Tensor.mv")
def mv(input, vec):
    """A matrix times a vector."""
    return matmul(input, vec)


@operator("torch.dot", "Tensor.dot")
def dot(input, tensor, *, out=None):
    """The inner product of two vectors."""
    if input._a.ndim != 1 or tensor._a.ndim != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {input._a.ndim}D and {tensor._a.ndim}D tensors"
        )
    return matmul(input, tensor, out=out)


@operator("torch.inner", "Tensor.inner")
def inner(input, other, *, out=None):
    """Products summed over the last dimensions; a scalar multiplies."""
    if not input._a.ndim or not other._a.ndim:
        return pointwise.mul(input, other, out=out)
    size = input._a.shape[-1]
    if other._a.shape[-1] != size:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input._a.shape)} and {list(other._a.shape)}"
        )
    rows, columns = (views.reshape(t, (t._a.size // max(size, 1), size)) for t in (input, other))
    product = matmul(rows, views.t(columns))
    shape = input._a.shape[:-1] + other._a.shape[:-1]
    return write_out(out, views.reshape(product, shape))


@operator("torch.outer", "Tensor.outer", "torch.ger", ascend="mindspore.mint.outer")
def outer(input, vec2, *, out=None):
    """All products of the elements of two vectors."""
    return write_out(out, pointwise.mul(views.unsqueeze(input, 1), vec2))


def _linear_gradients(x, weight, grad, need):
    """The gradients of linear, on arrays."""
    rows = _flat_rows(grad)
    by_x = by_weight = by_bias = None
    if need[0]:
        by_x = wrap(_product(rows, weight).reshape(x.shape))
    if need[1]:
        by_weight = wrap(_product(rows.T, _flat_rows(x)))
    if len(need) > 2 and need[2]:
        by_bias = wrap(up(rows).sum(0).astype(grad.dtype, copy=False))
    return (by_x, by_weight, by_bias)[: len(need)]


@derivative("LinearBackward0")
def _linear_backward(ctx, grad):
    x, weight = ctx.saved
    need = ctx.needs
    if not wants_grad(x, weight, grad):
        return _linear_gradients(x._a, weight._a, grad._a, need)
    flat = _rows(grad)
    by_x = matmul(grad, weight) if need[0] else None
    by_weight = None
    if need[1]:
        by_weight = matmul(views.transpose(flat, 0, 1), _rows(x))
    by_bias = flat.sum(0) if len(need) > 2 and need[2] else None
    return (by_x, by_weight, by_bias)[: len(need)]


@operator("torch.nn.functional.linear", ascend="mindspore.mint.nn.functional.linear")
def linear(input, weight, bias=None):
    """`input @ weight^T + bias` over the last dimension."""
    if weight._a.ndim != 2:
        result = matmul(input, views.t(weight))
        return result if bias is None else pointwise.add(result, bias)
    _same_type("linear", input, weight)
    x, w = input._a, weight._a
    if x.shape[-1] != w.shape[1]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({_shape_text(x)} and "
            f"{w.shape[1]}x{w.shape[0]})"
        )
    product = _product(_flat_rows(x), w.T).reshape(*x.shape[:-1], w.shape[0])
    if bias is not None:
        product = (
            product + bias._a
            if product.dtype.itemsize != 2
            else (up(product) + up(bias._a)).astype(x.dtype)
        )
    result = wrap(product)
    inputs = (input, weight) if bias is None else (input, weight, bias)
    return (
        attach(_linear_backward, result, inputs, (input, weight)) if wants_grad(*inputs) else result
    )


@operator("torch.einsum")
def einsum(equation, *operands):
    """Sums of products by Einstein's convention, computed as one broadcast product and a sum."""
    if not isinstance(equation, str):
        raise TypeError(
            f"einsum(): argument 'equation' (position 1) must be str, not {type(equation).__name__}"
        )
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = operands[0]
    terms, arrow, output = equation.replace(" ", "").partition("->")
    inputs = terms.split(",")
    if (
        "..." in equation
        or len(inputs) != len(operands)
        or any(len(set(term)) != len(term) for term in inputs)
    ):
        raise missing(
            "torch.einsum", f"the equation {equation!r}: ellipses and repeated letters in a term"
        )
    if not arrow:
        counts = {c: terms.count(c) for c in terms if c != ","}
        output = "".join(sorted(c for c, n in counts.items() if n == 1))
    letters = sorted(set(terms.replace(",", "")))
    aligned = [
        _align(operand, term, letters) for operand, term in zip(operands, inputs, strict=False)
    ]
    product = aligned[0]
    for other in aligned[1:]:
        product = pointwise.mul(product, other)
    gone = tuple(i for i, c in enumerate(letters) if c not in output)
    if gone:
        product = product.sum(gone)
    kept = [c for c in letters if c in output]
    return views.permute(product, [kept.index(c) for c in output]) if output else product


def _align(operand, term, letters):
    order = sorted(range(len(term)), key=lambda i: term[i])
    sizes = {c: n for c, n in zip(term, operand._a.shape, strict=False)}
    return views.reshape(views.permute(operand, order), [sizes.get(c, 1) for c in letters])
