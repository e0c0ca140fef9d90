# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The file `.metadata`: a pickle of Metadata, with torch's names.

Reading builds nothing but what a checkpoint says of itself: the classes of this package, torch's
small types, paths, and classes derived from a plan or an item (libraries add to them) in modules
that are loaded already.
"""

import enum
import pathlib
import pickle
import sys

from mstorch import _device, _dtypes
from mstorch._serialization import _names, _pickling
from mstorch.distributed.checkpoint import metadata, planner, storage

_PACKAGE = "torch.distributed.checkpoint."
_OLD_PROPERTIES = "torch.distributed._shard.sharded_tensor.metadata."
_PROTOCOL = 4
_EXTENSIBLE = (
    metadata.Metadata,
    metadata.TensorStorageMetadata,
    metadata.BytesStorageMetadata,
    planner.SavePlan,
    planner.LoadPlan,
    planner.WriteItem,
    planner.ReadItem,
    storage.WriteResult,
)
# Paths of the system that wrote the checkpoint; those of Windows cannot be opened elsewhere.
_PATHS = {
    "PosixPath": pathlib.PurePosixPath,
    "PurePosixPath": pathlib.PurePosixPath,
    "WindowsPath": pathlib.PureWindowsPath,
    "PureWindowsPath": pathlib.PureWindowsPath,
}
# How Python's own pickle, which libraries use on metadata too, writes mstorch's small types.
_OURS = {
    f"{value.__module__}.{value.__qualname__}": value
    for value in (_device.Size, _device.device, _device.layout_named, _dtypes.by_name)
}


def write(value, stream):
    """Pickle the metadata of a checkpoint."""
    _pickling.Pickler(stream, _PROTOCOL).dump(value)


def read(stream, source):
    """The Metadata in a stream; UnpicklingError for anything else."""
    try:
        value = _Unpickler(stream).load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError) as error:
        raise pickle.UnpicklingError(
            f"{source} does not hold a checkpoint's metadata: {error}"
        ) from (error)
    if not isinstance(value, metadata.Metadata):
        raise pickle.UnpicklingError(f"{source} holds a {type(value).__name__}, no Metadata")
    return value


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        full = f"{module}.{name}"
        if module in ("pathlib", "pathlib._local") and name in _PATHS:
            return _PATHS[name]
        if full in _OURS:
            return _OURS[full]
        if full.startswith((_PACKAGE, _OLD_PROPERTIES, "mstorch.distributed.")):
            found = _names.find_torch(module.replace("mstorch", "torch", 1), name)
            if isinstance(found, type) and _describes(found):
                return found
        found = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type) and issubclass(found, _EXTENSIBLE):
            return found
        return _names.find_safe(module, name)


def _describes(kind):
    return hasattr(kind, "__dataclass_fields__") or issubclass(kind, enum.Enum)
