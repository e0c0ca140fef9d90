# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Order: sort, topk, unique and what is found by comparing."""

import numpy

from mstorch._ops import views
from mstorch._ops._operands import up, wrap_dim, write_out
from mstorch._ops.reduction import pair, picked
from mstorch._registry import operator
from mstorch._tensor import Tensor, laid_out_as_torch, wrap, wrap_laid_out


def _order(array, dim, descending):
    """Indices that sort along a dimension; equal elements keep their order, nan counts as the
    largest.
    """
    array = up(array)
    if not descending:
        return numpy.argsort(array, dim, kind="stable")
    backwards = numpy.argsort(numpy.flip(array, dim), dim, kind="stable")
    return array.shape[dim] - 1 - numpy.flip(backwards, dim)


@operator("torch.sort", "Tensor.sort")
def sort(input, dim=-1, descending=False, stable=False):
    """(values, indices) in order along a dimension; always stable."""
    if not input._a.ndim:
        return picked("sort", input, input._a.copy(), numpy.zeros((), numpy.int64), 0)
    dim = wrap_dim(dim, input._a.ndim)
    array = input._a
    places = _order(array, dim, descending)
    values = numpy.take_along_axis(array, places, dim)
    if not array.flags.c_contiguous:
        values, places = laid_out_as_torch(values, array), laid_out_as_torch(places, array)
    return picked("sort", input, values, places, dim)


@operator("torch.argsort", "Tensor.argsort")
def argsort(input, dim=-1, descending=False, stable=False):
    """The indices of sort; always stable."""
    return sort(input, dim, descending).indices


@operator("torch.msort", "Tensor.msort")
def msort(input):
    """The values in order along the first dimension."""
    return sort(input, 0).values


@operator("torch.topk", "Tensor.topk")
def topk(input, k, dim=-1, largest=True, sorted=True):
    """The k largest or smallest along a dimension, in order; of equal elements the first."""
    k = int(k)
    array = input._a
    dim = wrap_dim(dim, array.ndim)
    if not 0 <= k <= (array.shape[dim] if array.ndim else 1):
        raise RuntimeError("selected index k out of range")
    if not array.ndim:
        return picked("topk", input, array.copy(), numpy.zeros((), numpy.int64), 0)
    places = numpy.take(_order(array, dim, largest), numpy.arange(k), dim)
    return picked("topk", input, numpy.take_along_axis(array, places, dim), places, dim)


@operator("torch.kthvalue", "Tensor.kthvalue")
def kthvalue(input, k, dim=-1, keepdim=False):
    """The k-th smallest along a dimension, counted from 1."""
    dim = wrap_dim(dim, input._a.ndim)
    if not 1 <= k <= (input._a.shape[dim] if input._a.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    if not input._a.ndim:
        return picked("kthvalue", input, input._a.copy(), numpy.zeros((), numpy.int64), 0)
    places = numpy.take(_order(input._a, dim, False), [k - 1], dim)
    values = numpy.take_along_axis(input._a, places, dim)
    if not keepdim:
        values, places = values.squeeze(dim), places.squeeze(dim)
    return picked("kthvalue", input, values, places, dim)


@operator("torch.median", "Tensor.median")
def median(input, dim=None, keepdim=False):
    """The lower of the two middle elements: of all, or (values, indices) along a dimension."""
    if dim is None:
        flat = views.reshape(input, (-1,))
        return kthvalue(flat, (flat._a.size + 1) // 2, 0).values
    dim = wrap_dim(dim, input._a.ndim)
    size = input._a.shape[dim] if input._a.ndim else 1
    if not size:
        raise IndexError(f"median(): Expected reduction dim {dim} to have non-zero size.")
    return pair("median", *kthvalue(input, (size + 1) // 2, dim, keepdim))


@operator("torch.mode", "Tensor.mode")
def mode(input, dim=-1, keepdim=False):
    """(values, indices): the most frequent value along a dimension, the smallest of several, and
    its last place.
    """
    array = input._a
    if not array.ndim:
        return picked("mode", input, array.copy(), numpy.zeros((), numpy.int64), 0)
    dim = wrap_dim(dim, array.ndim)
    lines = numpy.moveaxis(up(array), dim, -1)
    places = numpy.zeros(lines.shape[:-1], numpy.int64)
    for at in numpy.ndindex(places.shape):
        values, inverse, counts = numpy.unique(lines[at], return_inverse=True, return_counts=True)
        places[at] = numpy.flatnonzero(inverse == counts.argmax())[-1]
    places = numpy.expand_dims(places, dim)
    values = numpy.take_along_axis(array, places, dim)
    if not keepdim:
        values, places = values.squeeze(dim), places.squeeze(dim)
    return picked("mode", input, values, places, dim)


@operator("torch.unique", "Tensor.unique")
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """Distinct elements, or slices along a dimension, in ascending order."""
    found = numpy.unique(input._a, return_inverse=True, return_counts=True, axis=dim)
    values, inverse, counts = found
    if dim is None:
        inverse = inverse.reshape(input._a.shape)
    results = [wrap_laid_out(values)]
    if return_inverse:
        results.append(wrap(inverse.astype(numpy.int64)))
    if return_counts:
        results.append(wrap(counts.astype(numpy.int64)))
    return results[0] if len(results) == 1 else tuple(results)


@operator("torch.unique_consecutive", "Tensor.unique_consecutive")
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """Runs of equal elements of the flattened tensor, or of slices along a dimension, made one."""
    array = input._a
    rows = array.reshape(-1) if dim is None else numpy.moveaxis(array, wrap_dim(dim, array.ndim), 0)
    count = rows.shape[0]
    changed = (rows[1:] != rows[:-1]).any(tuple(range(1, rows.ndim)))
    starts = numpy.flatnonzero(numpy.concatenate((numpy.ones(min(count, 1), bool), changed)))
    counts = numpy.diff(numpy.append(starts, count))
    values = rows[starts]
    results = [wrap_laid_out(values if dim is None else numpy.moveaxis(values, 0, dim))]
    if return_inverse:
        inverse = numpy.repeat(numpy.arange(starts.size), counts)
        results.append(wrap(inverse.reshape(array.shape) if dim is None else inverse))
    if return_counts:
        results.append(wrap(counts.astype(numpy.int64)))
    return results[0] if len(results) == 1 else tuple(results)


@operator("torch.searchsorted")
def searchsorted(
    sorted_sequence, input, *, out_int32=False, right=False, side=None, out=None, sorter=None
):
    """Where each value would be inserted into the last dimension of a sorted sequence.

    A sequence of one dimension serves values of any shape; otherwise all dimensions but the last
    are equal. `sorter` holds the numbers that would sort the sequence.
    """
    if right and side == "left":
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    side = side or ("right" if right else "left")
    values = up(input._a if isinstance(input, Tensor) else numpy.asarray(input))
    lines = up(sorted_sequence._a)
    if sorter is not None:
        lines = numpy.take_along_axis(lines, sorter._a, -1)
    if lines.ndim == 1:
        places = numpy.searchsorted(lines, values, side)
    else:
        if lines.shape[:-1] != values.shape[:-1]:
            raise RuntimeError(
                "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
                "dimensions of boundaries tensor and input value tensor must match"
            )
        flat = lines.reshape(int(numpy.prod(lines.shape[:-1])), lines.shape[-1])
        wanted = values.reshape(flat.shape[0], values.shape[-1])
        places = numpy.zeros(wanted.shape, numpy.int64)
        for row, (line, numbers) in enumerate(zip(flat, wanted, strict=True)):
            places[row] = numpy.searchsorted(line, numbers, side)
        places = places.reshape(values.shape)
    return write_out(out, wrap(numpy.asarray(places, numpy.int32 if out_int32 else numpy.int64)))


@operator("torch.bucketize")
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The bucket, between sorted boundaries, of each value."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
