# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed.checkpoint: names that other libraries import; using them raises
NotImplementedError.
"""

from mstorch._errors import absent_function, module_getattr
from mstorch.distributed.checkpoint.default_planner import DefaultLoadPlanner, DefaultSavePlanner
from mstorch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from mstorch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    TensorStorageMetadata,
)
from mstorch.distributed.checkpoint.planner import LoadPlan, ReadItem, SavePlan, WriteItem


class CheckpointException(BaseException):
    """Failures of several ranks, by rank."""

    def __init__(self, msg, failures):
        super().__init__(msg, failures)
        self.failures = failures


load_state_dict = absent_function("torch.distributed.checkpoint.load_state_dict")
save_state_dict = absent_function("torch.distributed.checkpoint.save_state_dict")

__all__ = [
    "BytesStorageMetadata",
    "CheckpointException",
    "ChunkStorageMetadata",
    "DefaultLoadPlanner",
    "DefaultSavePlanner",
    "FileSystemReader",
    "FileSystemWriter",
    "LoadPlan",
    "Metadata",
    "ReadItem",
    "SavePlan",
    "TensorStorageMetadata",
    "WriteItem",
    "load_state_dict",
    "save_state_dict",
]

__getattr__ = module_getattr("torch.distributed.checkpoint")
