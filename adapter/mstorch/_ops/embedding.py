# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Look-up tables and one-hot codes."""

import numpy

import msops
from mstorch._autograd import attach, derivative, unrecorded, wants_grad
from mstorch._errors import missing
from mstorch._ops import indexing, pointwise
from mstorch._registry import operator
from mstorch._tensor import adopt, wrap


@derivative("EmbeddingBackward0")
def _embedding_backward(ctx, grad):
    (indices,) = ctx.saved
    shape, padding = ctx.context
    if not wants_grad(grad):
        return adopt(msops.parts.embedding_grad(grad, indices, shape[0], padding))
    if padding is not None:
        grad = pointwise.masked_fill(grad, wrap(indices._a[..., None] == padding), 0)
    return indexing.index_zeros_add(grad, shape, (indices._a,))


@operator("torch.nn.functional.embedding", "torch.embedding")
def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """Rows of a matrix by number; the row padding_idx gets no gradient. Served by msops."""
    if max_norm is not None or scale_grad_by_freq or sparse:
        raise missing("torch.nn.functional.embedding", "max_norm, scale_grad_by_freq and sparse")
    places = input._a
    if places.dtype.kind not in "iu":
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have scalar types Long, Int; got "
            f"{input.type()}"
        )
    rows = weight._a.shape[0]
    if places.size and (places.min() < 0 or places.max() >= rows):
        raise IndexError("index out of range in self")
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    if not weight.is_floating_point():
        return wrap(weight._a[places])
    if places.dtype.itemsize < 4:
        input = wrap(places.astype(numpy.int64))
    result = unrecorded(msops.embedding, input, weight)
    if wants_grad(weight):
        context = (weight._a.shape, padding_idx)
        result = attach(_embedding_backward, result, (weight,), (input,), context)
    return result


@operator("torch.nn.functional.one_hot")
def one_hot(tensor, num_classes=-1):
    """A 1 at the place that each number names, in a new last dimension."""
    places = tensor._a
    if places.dtype != numpy.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if places.size and places.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    count = int(places.max()) + 1 if num_classes == -1 else num_classes
    if places.size and places.max() >= count:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((places[..., None] == numpy.arange(count)).astype(numpy.int64))
