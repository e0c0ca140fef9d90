# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Distributed checkpoints: states to save, and what is in a folder that was saved."""

import importlib
import warnings
from typing import Any

from cases import files


def state(torch: Any, filled: bool) -> dict[str, Any]:
    """A state with tensors and other entries at several depths; empty to load into."""

    def tensor(*shape: int, **kind: Any) -> Any:
        count = 1
        for size in shape:
            count *= size
        values = torch.arange(count).reshape(shape)
        return (values if filled else values * 0).to(kind.get("dtype", torch.float32))

    whole = tensor(6, 4)
    return {
        "model": {
            "weight": whole,
            "half": tensor(3, dtype=torch.bfloat16),
            "flags": tensor(2, dtype=torch.bool),
            "view": whole[1:3, 1:],
            "scalar": tensor(),
            "none": tensor(0, 2),
        },
        "layers": [tensor(2), {"inner": tensor(2, 2, dtype=torch.int64)}],
        "options": {"lr": 0.5 if filled else 0.0, "betas": (0.9, 0.99) if filled else None},
        "names": ["a", "b"] if filled else [],
        "size": torch.Size([2, 3]) if filled else None,
    }


def _checkpoint(torch: Any) -> Any:
    return importlib.import_module(f"{torch.__name__}.distributed.checkpoint")


def _shards(torch: Any) -> Any:
    return importlib.import_module(f"{torch.__name__}.distributed._shard.sharded_tensor")


def sharded(torch: Any, whole: Any, rows: list[int]) -> Any:
    """A tensor as shards of so many rows each, all of this process."""
    kinds = _shards(torch)
    starts = [sum(rows[:n]) for n in range(len(rows))]
    shards = [
        kinds.Shard.from_tensor_and_offsets(
            whole[start : start + count].contiguous(), [start] + [0] * (whole.dim() - 1), 0
        )
        for start, count in zip(starts, rows, strict=True)
    ]
    properties = kinds.TensorProperties(dtype=whole.dtype)
    metadata = kinds.ShardedTensorMetadata([s.metadata for s in shards], whole.size(), properties)
    return kinds.ShardedTensor._init_from_local_shards_and_global_metadata(shards, metadata)


class World:
    """torch.distributed with this process alone."""

    def __init__(self, torch: Any) -> None:
        self._distributed = torch.distributed

    def __enter__(self) -> None:
        self._mine = not self._distributed.is_initialized()
        if self._mine:
            store = self._distributed.HashStore()
            self._distributed.init_process_group("gloo", store=store, rank=0, world_size=1)

    def __exit__(self, *error: object) -> None:
        if self._mine:
            self._distributed.destroy_process_group()


def write(torch: Any, folder: str) -> None:
    """Save the filled state."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _checkpoint(torch).save(state(torch, True), checkpoint_id=folder)


def read(torch: Any, folder: str) -> Any:
    """What is loaded into the empty state."""
    loaded = state(torch, False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _checkpoint(torch).load(loaded, checkpoint_id=folder)
    return files.facts(torch, loaded)


def write_sharded(torch: Any, folder: str, rows: str) -> None:
    """Save a matrix of 12 rows in shards."""
    matrix = torch.arange(36.0).reshape(12, 3)
    with World(torch), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shards = sharded(torch, matrix, [int(n) for n in rows.split()])
        _checkpoint(torch).save_state_dict(
            {"matrix": shards, "note": {"step": 3}},
            _checkpoint(torch).FileSystemWriter(folder, thread_count=2),
        )


def read_sharded(torch: Any, folder: str, rows: str) -> Any:
    """The shards that a matrix of 12 rows is loaded into."""
    with World(torch), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shards = sharded(torch, torch.zeros(12, 3), [int(n) for n in rows.split()])
        loaded = {"matrix": shards, "note": {"step": 0}}
        reader = _checkpoint(torch).FileSystemReader(folder)
        _checkpoint(torch).load_state_dict(loaded, reader)
    return [loaded["note"], [shard.tensor.tolist() for shard in shards.local_shards()]]


def described(torch: Any, folder: str) -> Any:
    """What a checkpoint says of itself, in words."""
    metadata = _checkpoint(torch).FileSystemReader(folder).read_metadata()
    entries = {name: repr(entry) for name, entry in metadata.state_dict_metadata.items()}
    places = sorted(f"{key!r} {type(at).__name__}" for key, at in metadata.storage_data.items())
    return [entries, metadata.planner_data, places, metadata.version]


def _tensors(torch: Any, folder: str) -> dict[str, Any]:
    checkpoint = _checkpoint(torch)
    metadata = _plain_metadata(torch, folder)
    kinds = metadata.state_dict_metadata.items()
    loaded = {
        name: torch.zeros(entry.size, dtype=entry.properties.dtype)
        for name, entry in kinds
        if isinstance(entry, checkpoint.TensorStorageMetadata)
    }
    reader = _Reader(checkpoint, metadata, folder)
    with World(torch), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        planner = checkpoint.DefaultLoadPlanner(flatten_state_dict=False)
        checkpoint.load_state_dict(loaded, reader.make(), planner=planner)
    return loaded


class _Reader:
    """A reader of a folder whose metadata is known already."""

    def __init__(self, checkpoint: Any, metadata: Any, folder: str) -> None:
        self._checkpoint, self._metadata, self._folder = checkpoint, metadata, folder

    def make(self) -> Any:
        reader = self._checkpoint.FileSystemReader(self._folder)
        reader.read_metadata = lambda: self._metadata
        return reader


def _plain_metadata(torch: Any, folder: str) -> Any:
    """The metadata of a folder; Megatron's own plans in it, which need Megatron, as torch's."""
    if torch.__name__ == "mstorch":
        return _checkpoint(torch).FileSystemReader(folder).read_metadata()
    import pickle

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if module.startswith("megatron."):
                return _checkpoint(torch).SavePlan
            return super().find_class(module, name)

    with open(f"{folder}/.metadata", "rb") as stream:
        return Unpickler(stream).load()


def read_tensors(torch: Any, folder: str) -> Any:
    """The size and elements of every tensor of a checkpoint."""
    return {
        name: [list(tensor.shape), tensor.tolist()]
        for name, tensor in sorted(_tensors(torch, folder).items())
    }


def rewrite_doubled(torch: Any, source: str, folder: str) -> None:
    """Save the tensors of a checkpoint anew, doubled, and its other entries as they are."""
    import io

    metadata = _plain_metadata(torch, source)
    entries: dict[str, Any] = {name: 2 * tensor for name, tensor in _tensors(torch, source).items()}
    for index, place in metadata.storage_data.items():
        if index.offset is None:
            with open(f"{source}/{place.relative_path}", "rb") as stream:
                stream.seek(place.offset)
                entries[index.fqn] = torch.load(
                    io.BytesIO(stream.read(place.length)), weights_only=False
                )
    checkpoint = _checkpoint(torch)
    with World(torch), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        planner = checkpoint.DefaultSavePlanner(flatten_state_dict=False)
        writer = checkpoint.FileSystemWriter(folder)
        checkpoint.save_state_dict(entries, writer, planner=planner)


CASES = {
    "write": write,
    "read": read,
    "write sharded": write_sharded,
    "read sharded": read_sharded,
    "described": described,
    "read tensors": read_tensors,
    "rewrite doubled": rewrite_doubled,
}
