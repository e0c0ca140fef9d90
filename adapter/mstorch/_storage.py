# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch's storages: the flat memory behind a tensor."""

import numpy

from mstorch._errors import missing
from mstorch._tensor import address_of, whole_memory_of, wrap


class UntypedStorage:
    """The bytes of the memory that a tensor and its views share."""

    def __init__(self, tensor):
        self._array = whole_memory_of(tensor)

    def nbytes(self):
        """The size in bytes."""
        return self._array.nbytes

    size = nbytes

    def __len__(self):
        return self._array.nbytes

    def data_ptr(self):
        """The address of the first byte."""
        return address_of(self._array) if self._array.size else 0

    def tolist(self):
        """The bytes as integers."""
        return numpy.frombuffer(self._array.tobytes(), numpy.uint8).tolist()

    def resize_(self, size):
        """Not possible: MindSpore's tensors keep their memory."""
        raise missing("torch.UntypedStorage.resize_")


class TypedStorage:
    """The elements of the memory that a tensor and its views share."""

    def __init__(self, tensor):
        self._untyped_storage = UntypedStorage(tensor)
        self.dtype = tensor.dtype

    def size(self):
        """The number of elements."""
        return self._untyped_storage._array.size

    __len__ = size

    def _size(self):
        return self.size()

    def data_ptr(self):
        """The address of the first element."""
        return self._untyped_storage.data_ptr()

    def untyped(self):
        """The same memory as bytes."""
        return self._untyped_storage

    def tolist(self):
        """The elements as Python numbers."""
        return wrap(self._untyped_storage._array.reshape(-1)).tolist()
