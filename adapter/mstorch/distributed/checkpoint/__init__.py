# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed.checkpoint: states that are spread over processes, in folders of files that
PyTorch reads and writes.
"""

from mstorch._errors import module_getattr
from mstorch.distributed.checkpoint.api import CheckpointException
from mstorch.distributed.checkpoint.default_planner import DefaultLoadPlanner, DefaultSavePlanner
from mstorch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from mstorch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    TensorStorageMetadata,
)
from mstorch.distributed.checkpoint.planner import (
    LoadPlan,
    LoadPlanner,
    ReadItem,
    SavePlan,
    SavePlanner,
    WriteItem,
)
from mstorch.distributed.checkpoint.state_dict_loader import load, load_state_dict
from mstorch.distributed.checkpoint.state_dict_saver import async_save, save, save_state_dict
from mstorch.distributed.checkpoint.storage import StorageReader, StorageWriter

__all__ = [
    "BytesStorageMetadata",
    "CheckpointException",
    "ChunkStorageMetadata",
    "DefaultLoadPlanner",
    "DefaultSavePlanner",
    "FileSystemReader",
    "FileSystemWriter",
    "LoadPlan",
    "LoadPlanner",
    "Metadata",
    "ReadItem",
    "SavePlan",
    "SavePlanner",
    "StorageReader",
    "StorageWriter",
    "TensorStorageMetadata",
    "WriteItem",
    "async_save",
    "load",
    "load_state_dict",
    "save",
    "save_state_dict",
]

__getattr__ = module_getattr("torch.distributed.checkpoint")
