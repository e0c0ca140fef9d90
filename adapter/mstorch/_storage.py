# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch's storages: the flat memory behind a tensor."""

import numpy

from mstorch import _device, _dtypes, _meta
from mstorch._errors import missing
from mstorch._tensor import Storage, address_of, wrap


class UntypedStorage:
    """The bytes of the memory that a tensor shares with its views: a flat uint8 array."""

    def __init__(self, memory, record=None, device=_device.HERE):
        self._memory = memory
        self.record = record or Storage()  # of the tensors that are built over this memory
        self._device = device

    @property
    def device(self):
        """Where the memory is."""
        return self._device

    def on_meta(self):
        """A storage of as many bytes on the meta device, where nobody reads them."""
        return UntypedStorage(numpy.zeros(self._memory.size, numpy.uint8), None, _meta.META)

    def nbytes(self):
        """The size in bytes."""
        resized = self.record.nbytes
        return self._memory.size if resized is None else resized

    size = nbytes

    def __len__(self):
        return self.nbytes()

    def data_ptr(self):
        """The address of the first byte."""
        return address_of(self._memory) if self.nbytes() else 0

    def tolist(self):
        """The bytes as integers."""
        return self._memory[: self.nbytes()].tolist()

    def copy_(self, source, non_blocking=False):
        """Take over the bytes of a storage of the same size. Versions of tensors do not change."""
        if source.nbytes() != self.nbytes():
            raise RuntimeError(
                f"copy_: {source.nbytes()} bytes do not fit a storage of {self.nbytes()}"
            )
        self._memory[: self.nbytes()] = source._memory[: source.nbytes()]
        return self

    def untyped(self):
        """The storage itself."""
        return self

    def cpu(self):
        """The storage itself: it is in the memory of the CPU."""
        return self

    def cuda(self, device=None, non_blocking=False):
        """The storage itself: the CPU stands in for CUDA devices."""
        return self

    def resize_(self, size):
        """Give up bytes at the end, or take them back, which torch leaves undefined until they are
        written. A tensor of MindSpore keeps its memory, so nothing is freed and it cannot grow.
        """
        if size > self._memory.size:
            raise missing(
                "torch.UntypedStorage.resize_",
                f"from {self._memory.size} bytes to {size}: MindSpore's tensors keep their memory",
            )
        self.record.nbytes = size
        return self


class TypedStorage:
    """The elements of the memory that a tensor shares with its views."""

    def __init__(self, untyped, dtype):
        self._untyped_storage = untyped
        self.dtype = dtype

    @property
    def device(self):
        """Where the memory is."""
        return self._untyped_storage.device

    def size(self):
        """The number of elements."""
        return self._untyped_storage.nbytes() // self.dtype.itemsize

    __len__ = size

    def _size(self):
        return self.size()

    def resize_(self, size):
        """As of the bytes; `size` counts elements."""
        self._untyped_storage.resize_(size * self.dtype.itemsize)
        return self

    _resize_ = resize_

    def data_ptr(self):
        """The address of the first element."""
        return self._untyped_storage.data_ptr()

    def untyped(self):
        """The same memory as bytes."""
        return self._untyped_storage

    def tolist(self):
        """The elements as Python numbers."""
        memory = self._untyped_storage._memory[: self._untyped_storage.nbytes()]
        return wrap(memory.view(_dtypes.numpy_of(self.dtype))).tolist()


class StorageType:
    """What files call a storage of one element type, such as `torch.FloatStorage`."""

    def __init__(self, name, dtype):
        self.name = name
        self.dtype = dtype


# torch writes all other types as bytes, in an UntypedStorage.
STORAGE_TYPES = {
    kind.dtype: kind
    for kind in (
        StorageType("DoubleStorage", _dtypes.float64),
        StorageType("FloatStorage", _dtypes.float32),
        StorageType("HalfStorage", _dtypes.float16),
        StorageType("BFloat16Storage", _dtypes.bfloat16),
        StorageType("LongStorage", _dtypes.int64),
        StorageType("IntStorage", _dtypes.int32),
        StorageType("ShortStorage", _dtypes.int16),
        StorageType("CharStorage", _dtypes.int8),
        StorageType("ByteStorage", _dtypes.uint8),
        StorageType("BoolStorage", _dtypes.bool),
        StorageType("ComplexFloatStorage", _dtypes.complex64),
        StorageType("ComplexDoubleStorage", _dtypes.complex128),
    )
}
UNTYPED = StorageType("UntypedStorage", _dtypes.uint8)
