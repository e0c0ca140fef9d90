# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Order: sort, topk, unique and what is found by comparing."""

import numpy

from mstorch._ops import views
from mstorch._ops._operands import up, wrap_dim
from mstorch._ops.reduction import pair, picked
from mstorch._registry import operator
from mstorch._tensor import Tensor, wrap


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
    places = _order(input._a, dim, descending)
    return picked("sort", input, numpy.take_along_axis(input._a, places, dim), places, dim)


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
    found = kthvalue(input, (input._a.shape[wrap_dim(dim, input._a.ndim)] + 1) // 2, dim, keepdim)
    return pair("median", *found)


@operator("torch.unique", "Tensor.unique")
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """Distinct elements, or slices along a dimension, in ascending order."""
    found = numpy.unique(input._a, return_inverse=True, return_counts=True, axis=dim)
    values, inverse, counts = found
    if dim is None:
        inverse = inverse.reshape(input._a.shape)
    results = [wrap(values)]
    if return_inverse:
        results.append(wrap(inverse.astype(numpy.int64)))
    if return_counts:
        results.append(wrap(counts.astype(numpy.int64)))
    return results[0] if len(results) == 1 else tuple(results)


@operator("torch.unique_consecutive", "Tensor.unique_consecutive")
def unique_consecutive(input, return_inverse=False, return_counts=False):
    """The flattened elements with runs of equal ones made one."""
    flat = input._a.reshape(-1)
    starts = (
        numpy.flatnonzero(numpy.concatenate(([True], flat[1:] != flat[:-1])))
        if flat.size
        else numpy.zeros(0, int)
    )
    counts = numpy.diff(numpy.append(starts, flat.size))
    results = [wrap(flat[starts])]
    if return_inverse:
        results.append(
            wrap(numpy.repeat(numpy.arange(starts.size), counts).reshape(input._a.shape))
        )
    if return_counts:
        results.append(wrap(counts.astype(numpy.int64)))
    return results[0] if len(results) == 1 else tuple(results)


@operator("torch.searchsorted")
def searchsorted(sorted_sequence, input, *, out_int32=False, right=False):
    """Where each value would be inserted into a one-dimensional sorted sequence."""
    if sorted_sequence._a.ndim != 1:
        raise NotImplementedError(
            "torch.searchsorted is implemented by mstorch for one-dimensional sequences only"
        )
    values = input._a if isinstance(input, Tensor) else input
    places = numpy.searchsorted(sorted_sequence._a, values, "right" if right else "left")
    return wrap(numpy.asarray(places, numpy.int32 if out_int32 else numpy.int64))


@operator("torch.bucketize")
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The bucket, between sorted boundaries, of each value."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
