# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch._utils: the helpers that other libraries reach for."""

from mstorch._errors import module_getattr
from mstorch._ops import views


def _flatten_dense_tensors(tensors):
    """All tensors in one vector."""
    tensors = tuple(tensors)
    if len(tensors) == 1:
        return views.reshape(views.contiguous(tensors[0]), (-1,))
    return views.cat([views.reshape(views.contiguous(t), (-1,)) for t in tensors])


def _unflatten_dense_tensors(flat, tensors):
    """Views of a vector, in the shapes of the tensors."""
    outputs, start = [], 0
    for tensor in tensors:
        count = tensor.numel()
        outputs.append(views.view_(views.narrow(flat, 0, start, count), tensor.shape))
        start += count
    return tuple(outputs)


def _element_size(dtype):
    """Bytes an element."""
    return dtype.itemsize


__getattr__ = module_getattr("torch._utils")
