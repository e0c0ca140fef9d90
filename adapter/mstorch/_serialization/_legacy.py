# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The format of torch before 1.6, which torch.save still writes on request: pickles one after
another, then the storages. It has no checksums: a changed bit in a storage cannot be seen.
"""

import io
import sys

import numpy

from mstorch import _storage
from mstorch._serialization import _pickling

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_COUNT = numpy.dtype("<i8")
_SYSTEM = {
    "protocol_version": _VERSION,
    "little_endian": sys.byteorder == "little",
    "type_sizes": {"short": 2, "int": 4, "long": 8},
}


def save(obj, stream, protocol):
    """Write an object."""
    storages = _pickling.Storages()
    for part in (_MAGIC, _VERSION, _SYSTEM):
        _pickling.Pickler(stream, protocol).dump(part)
    _pickling.Pickler(stream, protocol, storages, view_entry=True).dump(obj)
    keys = sorted(str(number) for number in range(len(storages.memories)))
    _pickling.Pickler(stream, protocol).dump(keys)
    for key in keys:
        memory = storages.memories[int(key)]._memory
        stream.write(numpy.array(memory.size // storages.item_sizes[int(key)], _COUNT).tobytes())
        stream.write(memory.data)


def load(stream, make_unpickler, restore):
    """The object in a stream. `make_unpickler(stream, persistent_load)` gives unpicklers, and
    `restore(storage, location)` brings a storage to its place.
    """
    loaded = {}

    def persistent_load(reference):
        return _storage_of(reference, loaded, restore)

    def next_object():
        return make_unpickler(stream, persistent_load).load()

    if next_object() != _MAGIC:
        raise RuntimeError("torch.load: invalid magic number: this is no file of torch.save")
    version = next_object()
    if version != _VERSION:
        raise RuntimeError(f"torch.load: invalid protocol version: {version}")
    system = next_object()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise RuntimeError("torch.load: only files of little-endian machines are read in this form")
    result = next_object()
    for key in next_object():
        if key not in loaded:
            raise RuntimeError(f"torch.load: no tensor names the storage {key!r}: damaged file")
        _fill(loaded[key], stream)
    return result


def _storage_of(reference, loaded, restore):
    if not isinstance(reference, tuple) or reference[0] not in ("storage", b"storage"):
        raise RuntimeError(
            f"torch.load: a saved {reference[0]!r} cannot be loaded: only storages are, so save "
            "the state_dict and not the module"
        )
    kind, key, location, count, view = reference[1:]
    if view is not None:
        raise NotImplementedError(
            "torch.load: views of storages, as torch wrote before version 0.4, are not loaded"
        )
    if not isinstance(kind, _storage.StorageType) or type(count) is not int or count < 0:
        raise RuntimeError(f"torch.load: {reference!r} does not describe a storage: damaged file")
    if key not in loaded:
        memory = numpy.zeros(count * kind.dtype.itemsize, numpy.uint8)
        untyped = restore(_storage.UntypedStorage(memory), location)
        loaded[key] = _storage.TypedStorage(untyped, kind.dtype)
    return loaded[key]


def _fill(storage, stream):
    memory = storage.untyped()._memory
    head = stream.read(_COUNT.itemsize)
    if len(head) != _COUNT.itemsize or numpy.frombuffer(head, _COUNT)[0] != storage.size():
        raise RuntimeError("torch.load: the file is truncated or damaged: a storage is missing")
    data = io.BytesIO(stream.read(memory.size)).getbuffer()
    if data.nbytes != memory.size:
        raise RuntimeError("torch.load: the file is truncated: a storage ends early")
    memory[:] = numpy.frombuffer(data, numpy.uint8)
