# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Look-up tables and one-hot codes."""

import numpy

from mstorch._autograd import attach, derivative, wants_grad
from mstorch._errors import missing
from mstorch._ops import indexing
from mstorch._registry import operator
from mstorch._tensor import wrap


@derivative("EmbeddingBackward0")
def _embedding_backward(ctx, grad):
    places, shape, padding = ctx.context
    if wants_grad(grad):
        return indexing.index_zeros_add(grad, shape, (places,))
    memory = numpy.zeros(shape, grad._a.dtype)
    values = grad._a.reshape(-1, shape[1])
    rows = places.reshape(-1)
    if padding is not None:
        kept = rows != padding
        rows, values = rows[kept], values[kept]
    indexing.add_rows(memory, rows, values)
    return wrap(memory)


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
    """Rows of a matrix by number; the row padding_idx gets no gradient."""
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
    if padding_idx is not None and padding_idx < 0:
        padding_idx += rows
    result = wrap(weight._a[places])
    if wants_grad(weight):
        result = attach(
            _embedding_backward, result, (weight,), (), (places, weight._a.shape, padding_idx)
        )
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
