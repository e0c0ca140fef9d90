# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Decompositions of matrices and what solves with them, by LAPACK."""

import numpy
import scipy.linalg

from mstorch._autograd import attach, derivative, owned, wants_grad
from mstorch._errors import missing
from mstorch._ops import linalg, views
from mstorch._ops._operands import write_out
from mstorch._registry import operator
from mstorch._tensor import wrap


def _check(name, input, square=True):
    if input._a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if square and input._a.shape[-1] != input._a.shape[-2]:
        rows, columns = input._a.shape[-2:]
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {rows} by {columns} "
            "matrices"
        )
    if input._a.dtype not in (numpy.float32, numpy.float64):
        raise NotImplementedError(f"{name} is not implemented for {input.dtype}")


def _lower_with_half_diagonal(matrix):
    lower = matrix.tril()
    return lower - 0.5 * views.diag_embed(views.diagonal(matrix, 0, -2, -1))


@derivative("LinalgCholeskyExBackward0")
def _cholesky_backward(ctx, grad):
    """The formula of I. Murray, "Differentiation of the Cholesky decomposition", 2016."""
    factor = _cholesky_of(ctx.one_saved(0))
    inner = _lower_with_half_diagonal(linalg.matmul(factor.mT, grad))
    left = solve_triangular(factor.mT, inner, upper=True)
    whole = solve_triangular(factor.mT, left.mT, upper=True).mT
    return (whole + whole.mT) * 0.5


def _cholesky_of(input):
    try:
        result = wrap(numpy.linalg.cholesky(input._a).astype(input._a.dtype, copy=False))
    except numpy.linalg.LinAlgError as error:
        raise LinAlgError(
            "linalg.cholesky: The factorization could not be completed because the input is not "
            "positive-definite."
        ) from error
    return attach(_cholesky_backward, result, (input,), (input,)) if wants_grad(input) else result


class LinAlgError(RuntimeError):
    """A matrix that cannot be decomposed."""


@operator("torch.linalg.cholesky")
def cholesky(A, *, upper=False, out=None):
    """The lower triangular L with `L @ L.mT = A`; its transpose with `upper`."""
    _check("linalg.cholesky", A)
    lower = _cholesky_of(A)
    return write_out(out, owned(lower.mT) if upper else lower)


@derivative("LinalgSolveTriangularBackward0")
def _triangular_backward(ctx, grad):
    triangle, right = ctx.saved
    upper, unit = ctx.context
    back = solve_triangular(triangle.mT, grad, upper=not upper, unitriangular=unit)
    if not ctx.needs[0]:
        return None, back
    solution = solve_triangular(triangle, right, upper=upper, unitriangular=unit)
    outer = -linalg.matmul(back, solution.mT)
    outer = outer.triu(int(unit)) if upper else outer.tril(-int(unit))
    return outer, (back if ctx.needs[1] else None)


@operator("torch.linalg.solve_triangular")
def solve_triangular(A, B, *, upper, left=True, unitriangular=False, out=None):
    """The X with `A @ X = B`, or `X @ A = B`, for a triangular A; the other half is not read."""
    _check("linalg.solve_triangular", A)
    _check("linalg.solve_triangular", B, square=False)
    if not left:
        solved = solve_triangular(A.mT, B.mT, upper=not upper, unitriangular=unitriangular)
        return write_out(out, owned(solved.mT))
    batch = numpy.broadcast_shapes(A._a.shape[:-2], B._a.shape[:-2])
    A = views.expand(A, (*batch, *A._a.shape[-2:]))
    B = views.expand(B, (*batch, *B._a.shape[-2:]))
    found = numpy.empty(B._a.shape, B._a.dtype)
    for place in numpy.ndindex(batch) if found.size else ():
        found[place] = scipy.linalg.solve_triangular(
            A._a[place],
            B._a[place],
            lower=not upper,
            unit_diagonal=unitriangular,
            check_finite=False,
        )
    result = wrap(found)
    if wants_grad(A, B):
        context = upper, unitriangular
        result = attach(_triangular_backward, result, (A, B), (A, B), context)
    return write_out(out, result)


@derivative("LinalgEighBackward0")
def _eigenvalues_backward(ctx, grad):
    if wants_grad(grad, ctx.one_saved(0)):
        raise missing("torch.linalg.eigvalsh", "the second derivative")
    vectors = wrap(numpy.linalg.eigh(ctx.one_saved(0)._a, ctx.context)[1])
    return linalg.matmul(vectors * grad.unsqueeze(-2), vectors.mT)


@operator("torch.linalg.eigvalsh")
def eigvalsh(A, UPLO="L", *, out=None):
    """The eigenvalues of symmetric matrices, ascending; one half is read."""
    _check("linalg.eigvalsh", A)
    result = wrap(numpy.linalg.eigvalsh(A._a, UPLO.upper()).astype(A._a.dtype, copy=False))
    if wants_grad(A):
        result = attach(_eigenvalues_backward, result, (A,), (A,), UPLO.upper())
    return write_out(out, result)
