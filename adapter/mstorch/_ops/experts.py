# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Products of tokens with the matrices of their experts."""

import numpy

import msops
from mstorch import _dtypes
from mstorch._autograd import attach, derivative, unrecorded, wants_grad
from mstorch._errors import missing
from mstorch._ops import linalg, views
from mstorch._registry import operator
from mstorch._tensor import adopt, dense, wrap

_NAME = "torch.nn.functional.grouped_mm"


@derivative("GroupedMmBackward0")
def _grouped_mm_backward(ctx, grad):
    x, matrices, counts = ctx.saved
    transposed = ctx.context
    if wants_grad(grad, x, matrices):
        raise missing(_NAME, "its gradient is not differentiable; compose torch.matmul instead")
    by_x = by_matrices = None
    if ctx.needs[0]:
        by_x = unrecorded(msops.grouped_matmul, grad, matrices, counts, not transposed)
    if ctx.needs[1]:
        by_matrices = adopt(
            msops.parts.grouped_matmul_grad_weight(grad, x, matrices, counts, transposed)
        )
    return by_x, by_matrices


def grouped_rows(x, matrices, counts, transposed=False):
    """`msops.grouped_matmul`, recorded: counts[e] rows of x, one after the other, with matrix e."""
    kept = (dense(x), dense(matrices), dense(counts))
    result = unrecorded(msops.grouped_matmul, *kept, transposed)
    if wants_grad(x, matrices):
        result = attach(_grouped_mm_backward, result, (x, matrices), kept, transposed)
    return result


def _check(x, matrices, offs):
    if offs._a.dtype != numpy.int32:
        raise RuntimeError("Offsets have to be int32")
    if offs._a.shape != matrices._a.shape[:1]:
        raise RuntimeError("matrix batch sizes have to match")
    if x._a.shape[1] != matrices._a.shape[1]:
        raise RuntimeError("contraction dimension of mat_a and mat_b must match")
    if x.dtype != matrices.dtype:
        raise RuntimeError(f"{_NAME}: got {x.dtype} and {matrices.dtype}")
    if x.dtype not in (_dtypes.float32, _dtypes.float16, _dtypes.bfloat16):
        raise RuntimeError(f"{_NAME}: expected float32, float16 or bfloat16, got {x.dtype}")
    counts = numpy.diff(offs._a, prepend=0)
    if counts.size and (counts.min() < 0 or offs._a[-1] > x._a.shape[0]):
        raise RuntimeError(
            f"{_NAME}: offs must rise from 0 to at most the {x._a.shape[0]} rows of mat_a, got "
            f"{offs._a.tolist()}"
        )
    return counts


@operator(_NAME)
def grouped_mm(mat_a, mat_b, *, offs=None, bias=None, out_dtype=None):
    """The rows of a matrix up to offs[0] times mat_b[0], those up to offs[1] times mat_b[1], ...;
    without offs, the products of two batches. What is beyond the last offset is zeros here, and
    anything at all in PyTorch. Served by msops.
    """
    if bias is not None:
        raise RuntimeError("Bias not supported yet")
    if out_dtype is not None and out_dtype != mat_a.dtype:
        raise missing(_NAME, "out_dtype that is not the dtype of mat_a")
    dimensions = (mat_a._a.ndim, mat_b._a.ndim)
    if (offs is None) != (dimensions == (3, 3)):
        raise RuntimeError(
            "Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d"
        )
    if offs is None:
        return linalg.bmm(mat_a, mat_b)
    if dimensions != (2, 3):
        raise missing(_NAME, "offs with other than a 2d mat_a and a 3d mat_b")
    counts = wrap(_check(mat_a, mat_b, offs))
    used, rows = int(counts._a.sum()), mat_a._a.shape[0]
    x = mat_a if used == rows else mat_a[:used]
    result = grouped_rows(x, mat_b, counts)
    if used == rows:
        return result
    rest = wrap(numpy.zeros((rows - used, mat_b._a.shape[2]), mat_a._a.dtype))
    return views.cat((result, rest))
