# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of items: numbers and arrays become tensors, containers keep their kind."""

import collections.abc
import copy

import numpy

from mstorch import _dtypes
from mstorch._errors import module_getattr
from mstorch._ops import creation, views
from mstorch._tensor import Tensor

_TYPES = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
)


def _is_number_array(value):
    return isinstance(value, (numpy.ndarray, numpy.generic))


def default_convert(data):
    """An item with its arrays as tensors; nothing is joined."""
    if isinstance(data, Tensor):
        return data
    if _is_number_array(data):
        return data if data.dtype.kind in "SUO" else creation.as_tensor(data)
    if isinstance(data, collections.abc.Mapping):
        return _mapping_like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(item) for item in data))
    if isinstance(data, tuple):
        return [default_convert(item) for item in data]
    if isinstance(data, collections.abc.Sequence) and not isinstance(data, (str, bytes)):
        return _sequence_like(data, [default_convert(item) for item in data])
    return data


def default_collate(batch):
    """Items joined along a new first dimension; int becomes int64, float float64."""
    first = batch[0]
    if isinstance(first, Tensor):
        return views.stack(batch)
    if _is_number_array(first):
        if first.dtype.kind in "SUO":
            raise TypeError(f"{_TYPES}{first.dtype}")
        if isinstance(first, numpy.ndarray) and first.ndim:
            return views.stack([creation.as_tensor(item) for item in batch])
        return creation.as_tensor(numpy.asarray(batch))
    if isinstance(first, float):
        return creation.tensor(batch, dtype=_dtypes.float64)
    if isinstance(first, int):
        return creation.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, collections.abc.Mapping):
        return _mapping_like(
            first, {key: default_collate([item[key] for item in batch]) for key in first}
        )
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(items) for items in zip(*batch, strict=True)))
    if isinstance(first, collections.abc.Sequence):
        if any(len(item) != len(first) for item in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [default_collate(items) for items in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _sequence_like(first, columns)
    raise TypeError(f"{_TYPES}{type(first)}")


def _mapping_like(example, items):
    try:
        if isinstance(example, collections.abc.MutableMapping):
            made = copy.copy(example)
            made.update(items)
            return made
        return type(example)(items)
    except TypeError:
        return items


def _sequence_like(example, items):
    try:
        if isinstance(example, collections.abc.MutableSequence):
            made = copy.copy(example)
            made[:] = items
            return made
        return type(example)(items)
    except TypeError:
        return items


__getattr__ = module_getattr("torch.utils.data._utils.collate")
