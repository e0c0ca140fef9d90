# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints as folders of files: `__<process>_<number>.distcp` with entries one after another,
each as torch.save writes it, and `.metadata`, which comes last and makes the checkpoint whole.
"""

import abc
import collections
import contextlib
import dataclasses
import enum
import io
import math
import os
import pathlib
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mstorch import serialization
from mstorch._errors import missing, module_getattr
from mstorch._tensor import Tensor
from mstorch.distributed.checkpoint import _metadata_file
from mstorch.distributed.checkpoint.metadata import StorageMeta
from mstorch.distributed.checkpoint.planner import LoadItemType, WriteItemType
from mstorch.distributed.checkpoint.planner_helpers import narrow_by_index
from mstorch.distributed.checkpoint.storage import StorageReader, StorageWriter, WriteResult
from mstorch.distributed.checkpoint.utils import _create_file_view
from mstorch.futures import Future

DEFAULT_SUFFIX = ".distcp"
CURRENT_DCP_VERSION = "1.0.0"
_metadata_fn = ".metadata"


@dataclasses.dataclass
class _StorageInfo:
    """Where an entry lies."""

    relative_path: str
    offset: int
    length: int
    transform_descriptors: Any = None

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclasses.dataclass
class _StoragePrefix:
    """How the names of a process's files begin."""

    prefix: str


class SerializationFormat(enum.Enum):
    """How tensors are written."""

    TORCH_SAVE = "torch_save"
    SAFETENSORS = "safetensors"


class _StorageWriterTransforms:
    """What changes a stream before it is written: nothing."""

    def __init__(self, extensions=None):
        if extensions:
            raise missing("torch.distributed.checkpoint.FileSystemWriter(_extensions=...)")
        self.extensions = ()


class FileSystemBase(abc.ABC):
    """What FileSystemWriter and FileSystemReader ask of a file system."""

    @abc.abstractmethod
    def create_stream(self, path, mode):
        """A context with an open file."""

    @abc.abstractmethod
    def concat_path(self, path, suffix):
        """The path of a name in a folder."""

    @abc.abstractmethod
    def rename(self, path, new_path):
        """Give a file another name."""

    @abc.abstractmethod
    def init_path(self, path):
        """The path in the form that the other methods take."""

    @abc.abstractmethod
    def mkdir(self, path):
        """Make a folder, unless it is there."""

    @classmethod
    @abc.abstractmethod
    def validate_checkpoint_id(cls, checkpoint_id):
        """Whether it can be a path here."""

    @abc.abstractmethod
    def exists(self, path):
        """Whether there is a file or folder."""

    @abc.abstractmethod
    def rm_file(self, path):
        """Remove a file."""


class FileSystem(FileSystemBase):
    """The file system of this machine."""

    @contextlib.contextmanager
    def create_stream(self, path, mode):
        """A context with an open file."""
        with open(path, mode) as stream:
            yield stream

    def concat_path(self, path, suffix):
        """The path of a name in a folder."""
        return pathlib.Path(path) / suffix

    def init_path(self, path):
        """A pathlib.Path."""
        return pathlib.Path(path)

    def rename(self, path, new_path):
        """Give a file another name."""
        os.replace(path, new_path)

    def mkdir(self, path):
        """Make a folder and those above it, unless they are there."""
        os.makedirs(path, exist_ok=True)

    def exists(self, path):
        """Whether there is a file or folder."""
        return os.path.exists(path)

    def rm_file(self, path):
        """Remove a file."""
        os.unlink(path)

    def ls(self, path):
        """The paths in a folder."""
        return [str(entry) for entry in pathlib.Path(path).iterdir()]

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id):
        """Whether some folder above it can be written to."""
        if isinstance(checkpoint_id, pathlib.Path):
            return True
        parents = pathlib.Path(checkpoint_id).parents
        return "://" not in str(checkpoint_id) and any(
            parent.exists() and os.access(parent, os.W_OK) for parent in parents
        )


def _item_size(item):
    data = item.tensor_data
    return math.prod(data.chunk.sizes) * data.properties.dtype.itemsize


def _split_by_size_and_type(bins, items):
    """The items for each of `bins` files: bytes in turn, tensors to where least is written yet."""
    if bins == 1:
        return [items]
    buckets = [[] for _ in range(bins)]
    sizes = [0] * bins
    for number, item in enumerate(i for i in items if i.type is WriteItemType.BYTE_IO):
        buckets[number % bins].append(item)
    tensors = [i for i in items if i.type is not WriteItemType.BYTE_IO]
    for item in sorted(tensors, key=_item_size, reverse=True):
        smallest = sizes.index(min(sizes))
        buckets[smallest].append(item)
        sizes[smallest] += _item_size(item)
    return buckets


def _write_item(
    transforms,
    stream,
    data,
    write_item,
    storage_key,
    serialization_format=SerializationFormat.TORCH_SAVE,
):
    """Write an entry at the end of a stream, whose file is called `storage_key`."""
    if serialization_format is not SerializationFormat.TORCH_SAVE:
        raise missing(f"torch.distributed.checkpoint: {serialization_format}")
    offset = stream.tell()
    if write_item.type is WriteItemType.BYTE_IO:
        if not isinstance(data, io.BytesIO):
            raise TypeError(f"{write_item.index}: expected a BytesIO, got {type(data).__name__}")
        stream.write(data.getbuffer())
    else:
        if not isinstance(data, Tensor):
            raise TypeError(f"{write_item.index}: expected a tensor, got {type(data).__name__}")
        serialization.save(_alone(data.detach()), stream)
    length = stream.tell() - offset
    return WriteResult(write_item.index, length, _StorageInfo(storage_key, offset, length))


def _alone(tensor):
    """The tensor, or a copy where its storage holds more: all of a storage is written."""
    return tensor if tensor.untyped_storage().nbytes() == tensor.nbytes else tensor.clone()


class _Folder:
    """A checkpoint's folder, of a writer or reader."""

    def __init__(self, path):
        self.fs = FileSystem()
        self.path = self.fs.init_path(path)

    def _get_metadata_path(self, rank=None):
        return self.fs.concat_path(self.path, _metadata_fn)

    @property
    def checkpoint_id(self):
        """The folder."""
        return self.path

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id):
        """Whether it can be a folder here."""
        return FileSystem.validate_checkpoint_id(checkpoint_id)


class FileSystemWriter(_Folder, StorageWriter):
    """Writes a checkpoint into a folder: one file a process and thread, or one an entry."""

    def __init__(
        self,
        path,
        single_file_per_rank=True,
        sync_files=True,
        thread_count=1,
        per_thread_copy_ahead=10_000_000,
        cache_staged_state_dict=False,
        overwrite=True,
        _extensions=None,
        serialization_format=SerializationFormat.TORCH_SAVE,
    ):
        if serialization_format is not SerializationFormat.TORCH_SAVE:
            raise missing(f"torch.distributed.checkpoint: {serialization_format}")
        super().__init__(path)
        self.single_file_per_rank = single_file_per_rank
        self.sync_files = sync_files
        self.thread_count = thread_count
        self.per_thread_copy_ahead = per_thread_copy_ahead
        self.overwrite = overwrite
        self.transforms = _StorageWriterTransforms(_extensions)
        self.serialization_format = serialization_format
        self.save_id = str(uuid.uuid4())

    def reset(self, checkpoint_id=None):
        """A new checkpoint begins, in another folder if one is named."""
        if checkpoint_id:
            self.path = self.fs.init_path(checkpoint_id)
        self.save_id = str(uuid.uuid4())

    def set_up_storage_writer(self, is_coordinator, *args, **kwargs):
        """Nothing to set up."""
        if kwargs.get("use_collectives", True) is not True:
            raise missing("torch.distributed.checkpoint.save(use_collectives=False)")

    def prepare_local_plan(self, plan):
        """Make the folder; with `overwrite=False` a checkpoint in it is a RuntimeError."""
        self.fs.mkdir(self.path)
        if self.fs.exists(self._get_metadata_path()):
            if not self.overwrite:
                raise RuntimeError(f"Checkpoint already exists and {self.overwrite=}.")
            warnings.warn(
                f"Detected an existing checkpoint in {self.path}, overwriting since "
                f"{self.overwrite=}.",
                stacklevel=2,
            )
        return plan

    def prepare_global_plan(self, plans):
        """Give each process the beginning of its files' names."""
        return [
            plan
            if plan.storage_data is not None
            else dataclasses.replace(plan, storage_data=_StoragePrefix(f"__{number}_"))
            for number, plan in enumerate(plans)
        ]

    def write_data(self, plan, planner):
        """Write all items, in `thread_count` threads; the Future of their WriteResults."""
        if self.single_file_per_rank:
            buckets = _split_by_size_and_type(self.thread_count, plan.items)
        else:
            buckets = [[item] for item in plan.items]
        names = [f"{plan.storage_data.prefix}{n}{DEFAULT_SUFFIX}" for n in range(len(buckets))]
        with ThreadPoolExecutor(self.thread_count) as pool:
            written = pool.map(self._write_file, names, buckets, [planner] * len(buckets))
            results = [result for file in written for result in file]
        future = Future()
        future.set_result(results)
        return future

    def _write_file(self, name, items, planner):
        ordered = sorted(items, key=lambda item: item.type is not WriteItemType.BYTE_IO)
        with self.fs.create_stream(self.fs.concat_path(self.path, name), "wb") as stream:
            results = [
                _write_item(self.transforms, stream, planner.resolve_data(item), item, name)
                for item in ordered
            ]
            self._sync(stream)
        return results

    def finish(self, metadata, results):
        """Write `.metadata` under another name and rename it: now the checkpoint is whole."""
        metadata.version = CURRENT_DCP_VERSION
        metadata.storage_data = {
            result.index: result.storage_data for written in results for result in written
        }
        metadata.storage_meta = self.storage_meta()
        partial = self.fs.concat_path(self.path, f"{_metadata_fn}.tmp")
        with self.fs.create_stream(partial, "wb") as stream:
            _metadata_file.write(metadata, stream)
            self._sync(stream)
        self.fs.rename(partial, self._get_metadata_path())

    def _sync(self, stream):
        if self.sync_files:
            stream.flush()
            os.fsync(stream.fileno())

    def storage_meta(self):
        """Which checkpoint this is."""
        return StorageMeta(checkpoint_id=self.checkpoint_id, save_id=self.save_id)


class FileSystemReader(_Folder, StorageReader):
    """Reads a checkpoint from a folder. Damaged entries are a RuntimeError."""

    def __init__(self, path, _extension_registry=None):
        if _extension_registry is not None:
            raise missing("torch.distributed.checkpoint.FileSystemReader(_extension_registry=...)")
        super().__init__(path)
        self.storage_data = {}
        self.load_id = str(uuid.uuid4())

    def reset(self, checkpoint_id=None):
        """Another reading begins, of another folder if one is named."""
        self.storage_data = {}
        if checkpoint_id:
            self.path = self.fs.init_path(checkpoint_id)
        self.load_id = str(uuid.uuid4())

    def read_metadata(self, *args, **kwargs):
        """The Metadata of the folder; only what a checkpoint says of itself is built."""
        path = self._get_metadata_path()
        with self.fs.create_stream(path, "rb") as stream:
            metadata = _metadata_file.read(stream, path)
        if getattr(metadata, "storage_meta", None) is None:
            metadata.storage_meta = StorageMeta()
        metadata.storage_meta.load_id = self.load_id
        return metadata

    def set_up_storage_reader(self, metadata, is_coordinator, *args, **kwargs):
        """Take where the entries lie."""
        if metadata.storage_data is None:
            raise AssertionError("the metadata does not say where the entries lie")
        self.storage_data = metadata.storage_data

    def prepare_local_plan(self, plan):
        """The plan as it is."""
        return plan

    def prepare_global_plan(self, plans):
        """The plans as they are."""
        return plans

    def read_data(self, plan, planner):
        """Read all items, file by file; a Future of None."""
        by_file = collections.defaultdict(list)
        for item in plan.items:
            by_file[self.storage_data[item.storage_index].relative_path].append(item)
        for name, items in by_file.items():
            with self.fs.create_stream(self._inside(name), "rb") as stream:
                for item in items:
                    self._read_item(stream, item, planner)
        future = Future()
        future.set_result(None)
        return future

    def _inside(self, name):
        """The path of a file of the checkpoint; RuntimeError for one outside of the folder."""
        if os.path.isabs(name) or ".." in pathlib.PurePath(name).parts:
            raise RuntimeError(f"{self.path} names a file outside of it, {name!r}: it is not read")
        return self.fs.concat_path(self.path, name)

    def _read_item(self, stream, item, planner):
        info = self.storage_data[item.storage_index]
        if getattr(info, "transform_descriptors", None):
            raise missing(f"torch.distributed.checkpoint: {info.transform_descriptors}")
        view = _create_file_view(stream, info.offset, info.length)
        if item.type is LoadItemType.BYTE_IO:
            planner.load_bytes(item, io.BytesIO(view.read()))
            return
        saved = serialization.load(view, map_location="cpu", weights_only=True)
        part = narrow_by_index(saved, item.storage_offsets, item.lengths)
        target = planner.resolve_tensor(item).detach()
        if target.size() != part.size():
            raise AssertionError(
                f"req {item.storage_index} mismatch sizes {target.size()} vs {part.size()}"
            )
        target.copy_(part)
        planner.commit_tensor(item, target)


__getattr__ = module_getattr("torch.distributed.checkpoint.filesystem")
