# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What stores checkpoints."""

import abc
from dataclasses import dataclass
from typing import Any

from mstorch._errors import module_getattr
from mstorch.distributed.checkpoint.metadata import MetadataIndex


@dataclass(frozen=True)
class WriteResult:
    """An item that was written, and what the storage notes of it."""

    index: MetadataIndex
    size_in_bytes: int
    storage_data: Any


class StorageWriter(abc.ABC):
    """Writes a checkpoint. The calls come in the order of the methods here."""

    @abc.abstractmethod
    def reset(self, checkpoint_id=None):
        """A new checkpoint begins."""

    @abc.abstractmethod
    def set_up_storage_writer(self, is_coordinator, *args, **kwargs):
        """Told whether this process makes the global plan."""

    @abc.abstractmethod
    def prepare_local_plan(self, plan):
        """The plan of this process, with what the storage needs."""

    @abc.abstractmethod
    def prepare_global_plan(self, plans):
        """The plans of all processes, with what the storage needs."""

    @abc.abstractmethod
    def write_data(self, plan, planner):
        """Write all items; the Future of their WriteResults."""

    @abc.abstractmethod
    def finish(self, metadata, results):
        """All processes have written: make the checkpoint whole."""

    @classmethod
    @abc.abstractmethod
    def validate_checkpoint_id(cls, checkpoint_id):
        """Whether this storage can hold a checkpoint of that name."""

    def storage_meta(self):
        """What the metadata says of the storage."""
        return None


class StorageReader(abc.ABC):
    """Reads a checkpoint. The calls come in the order of the methods here."""

    @abc.abstractmethod
    def reset(self, checkpoint_id=None):
        """A new checkpoint begins."""

    @abc.abstractmethod
    def read_metadata(self, *args, **kwargs):
        """The Metadata."""

    @abc.abstractmethod
    def set_up_storage_reader(self, metadata, is_coordinator, *args, **kwargs):
        """Take the metadata."""

    @abc.abstractmethod
    def prepare_local_plan(self, plan):
        """The plan of this process, with what the storage needs."""

    @abc.abstractmethod
    def prepare_global_plan(self, plans):
        """The plans of all processes, with what the storage needs."""

    @abc.abstractmethod
    def read_data(self, plan, planner):
        """Read all items; a Future."""

    @classmethod
    @abc.abstractmethod
    def validate_checkpoint_id(cls, checkpoint_id):
        """Whether this storage can have a checkpoint of that name."""


__getattr__ = module_getattr("torch.distributed.checkpoint.storage")
