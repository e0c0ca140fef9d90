# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint says of itself: the classes that its file `.metadata` is a pickle of."""

import enum
import os
from dataclasses import dataclass, field
from typing import Any

from mstorch import _device
from mstorch._errors import module_getattr
from mstorch.distributed._shard.sharded_tensor import metadata as sharded_tensor

STATE_DICT_TYPE = dict[str, Any]


class _MEM_FORMAT_ENCODING(enum.Enum):
    """How files write a memory format."""

    TORCH_CONTIGUOUS_FORMAT = 0
    TORCH_CHANNELS_LAST = 1
    TORCH_PRESERVE_FORMAT = 2


@dataclass
class TensorProperties(sharded_tensor.TensorProperties):
    """What a tensor is apart from its shape."""

    _encoding = _MEM_FORMAT_ENCODING


@dataclass
class ChunkStorageMetadata:
    """The place of a part in its tensor."""

    offsets: _device.Size
    sizes: _device.Size


@dataclass
class TensorStorageMetadata:
    """A tensor, and the parts that were saved."""

    properties: TensorProperties
    size: _device.Size
    chunks: list[ChunkStorageMetadata]


@dataclass
class BytesStorageMetadata:
    """Anything else: bytes that torch.save wrote."""


STORAGE_TYPES = TensorStorageMetadata | BytesStorageMetadata


@dataclass
class StorageMeta:
    """Which checkpoint it is, and which saving and loading of it."""

    checkpoint_id: str | os.PathLike | None = None
    save_id: str | None = None
    load_id: str | None = None
    modules: list[str] = field(default_factory=list)


@dataclass
class Metadata:
    """A whole checkpoint: its entries by name, and what planner and storage note of them."""

    state_dict_metadata: dict[str, STORAGE_TYPES]
    planner_data: Any = None
    storage_data: Any = None
    storage_meta: StorageMeta | None = None
    version: str | None = None


@dataclass(frozen=True)
class MetadataIndex:
    """The key of an entry, or of a part of a tensor by its offsets; `index` is a hint only."""

    fqn: str
    offset: _device.Size | None = None
    index: int | None = field(hash=False, compare=False, default=None)

    def __post_init__(self):
        if self.offset is not None:
            object.__setattr__(self, "offset", _device.Size(self.offset))


__getattr__ = module_getattr("torch.distributed.checkpoint.metadata")
