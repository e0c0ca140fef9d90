# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What planners and storages tell each other."""

import abc
import enum
import math
from dataclasses import dataclass
from typing import Any

from mstorch import _device
from mstorch._errors import module_getattr
from mstorch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    MetadataIndex,
    TensorProperties,
)


class WriteItemType(enum.Enum):
    """What is written: a whole tensor, a part of one, or bytes."""

    TENSOR = 1
    SHARD = 2
    BYTE_IO = 3


class LoadItemType(enum.Enum):
    """What is read."""

    TENSOR = 1
    BYTE_IO = 2


@dataclass(frozen=True)
class BytesIOWriteData:
    """The number of bytes to write."""

    nbytes: int


@dataclass(frozen=True)
class TensorWriteData:
    """The part of a tensor to write."""

    chunk: ChunkStorageMetadata
    properties: TensorProperties
    size: _device.Size


@dataclass(frozen=True)
class WriteItem:
    """One thing to write."""

    index: MetadataIndex
    type: WriteItemType
    bytes_io_data: BytesIOWriteData | None = None
    tensor_data: TensorWriteData | None = None

    def tensor_storage_size(self):
        """The bytes of the whole tensor; None for bytes."""
        if self.tensor_data is None:
            return None
        return math.prod(self.tensor_data.size) * self.tensor_data.properties.dtype.itemsize


@dataclass(frozen=True)
class ReadItem:
    """One thing to read: a region of a saved part, and where it goes."""

    type: LoadItemType
    dest_index: MetadataIndex
    dest_offsets: _device.Size
    storage_index: MetadataIndex
    storage_offsets: _device.Size
    lengths: _device.Size


@dataclass(frozen=True)
class SavePlan:
    """All that a process writes."""

    items: list[WriteItem]
    storage_data: Any = None
    planner_data: Any = None
    usable: bool = True


@dataclass
class LoadPlan:
    """All that a process reads."""

    items: list[ReadItem]
    storage_data: Any = None
    planner_data: Any = None


class SavePlanner(abc.ABC):
    """Decides what is written. The calls come in the order of the methods here; the global plan is
    made by the coordinator alone.
    """

    @abc.abstractmethod
    def set_up_planner(self, state_dict, storage_meta=None, is_coordinator=False):
        """Take the state to save."""

    @abc.abstractmethod
    def create_local_plan(self):
        """The SavePlan of this process."""

    @abc.abstractmethod
    def create_global_plan(self, all_plans):
        """The final plans of all processes, and the Metadata."""

    @abc.abstractmethod
    def finish_plan(self, new_plan):
        """The plan that this process executes."""

    @abc.abstractmethod
    def resolve_data(self, write_item):
        """The tensor or BytesIO of an item."""


class LoadPlanner(abc.ABC):
    """Decides what is read, and gives the tensors to read into. Calls come as for SavePlanner."""

    @abc.abstractmethod
    def set_up_planner(self, state_dict, metadata=None, is_coordinator=False):
        """Take the state to load into."""

    @abc.abstractmethod
    def create_local_plan(self):
        """The LoadPlan of this process."""

    @abc.abstractmethod
    def create_global_plan(self, global_plan):
        """The final plans of all processes."""

    @abc.abstractmethod
    def finish_plan(self, central_plan):
        """The plan that this process executes."""

    @abc.abstractmethod
    def load_bytes(self, read_item, value):
        """Take the bytes of an item."""

    def resolve_bytes(self, read_item):
        """The BytesIO to read an item into, for storages that ask."""
        raise NotImplementedError("LoadPlanner.resolve_bytes is not implemented")

    @abc.abstractmethod
    def resolve_tensor(self, read_item):
        """The tensor to read an item into."""

    @abc.abstractmethod
    def commit_tensor(self, read_item, tensor):
        """Told after an item was read into the tensor."""


__getattr__ = module_getattr("torch.distributed.checkpoint.planner")
