# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Folders of torch.distributed.checkpoint go both ways between PyTorch and mstorch."""

import os
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import against_torch
import mstorch
from cases import checkpoints, files
from mstorch.distributed import checkpoint
from mstorch.distributed._shard.metadata import ShardMetadata
from mstorch.distributed._shard.sharded_tensor import (
    Shard,
    ShardedTensor,
    ShardedTensorMetadata,
    TensorProperties,
)
from mstorch.distributed.checkpoint.utils import _DistWrapper

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")


@pytest.fixture
def world() -> Iterator[None]:
    """torch.distributed with this process alone."""
    with checkpoints.World(mstorch):
        yield


def test_a_state_goes_both_ways(reference: against_torch.Reference, tmp_path: Path) -> None:
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    assert reference.result("checkpoints", "write", theirs) is None
    checkpoints.write(mstorch, ours)
    expected = _without_places(files.facts(mstorch, checkpoints.state(mstorch, True)))
    for folder in (ours, theirs):
        assert _without_places(checkpoints.read(mstorch, folder)) == expected
        assert _without_places(reference.result("checkpoints", "read", folder)) == expected


def _without_places(facts: Any) -> Any:
    """Facts without where tensors lie in memory, and with tuples as the lists they become."""
    if isinstance(facts, dict):
        return {k: _without_places(v) for k, v in facts.items() if k not in ("storage", "offset")}
    return [_without_places(f) for f in facts] if isinstance(facts, list) else facts


def test_both_describe_a_checkpoint_alike(
    reference: against_torch.Reference, tmp_path: Path
) -> None:
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    reference.result("checkpoints", "write", theirs)
    checkpoints.write(mstorch, ours)
    expected = checkpoints.described(mstorch, ours)
    assert _plain(checkpoints.described(mstorch, theirs)) == _plain(expected)
    for folder in (ours, theirs):
        assert reference.result("checkpoints", "described", folder) == _plain(expected)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize("rows", ["12", "6 6", "5 4 3", "1 11"])
def test_shards_are_cut_anew_when_they_are_read(
    reference: against_torch.Reference, tmp_path: Path, rows: str
) -> None:
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    reference.result("checkpoints", "write sharded", theirs, rows)
    checkpoints.write_sharded(mstorch, ours, rows)
    for target in ("12", "4 4 4", "7 5"):
        expected = [{"step": 3}, _rows(target)]
        for folder in (ours, theirs):
            assert checkpoints.read_sharded(mstorch, folder, target) == expected
            assert reference.result("checkpoints", "read sharded", folder, target) == expected


def _rows(counts: str) -> list:
    matrix = mstorch.arange(36.0).reshape(12, 3).tolist()
    parts, start = [], 0
    for count in map(int, counts.split()):
        parts.append(matrix[start : start + count])
        start += count
    return parts


def test_entries_with_a_state_of_their_own_are_saved_as_that(tmp_path: Path, world: None) -> None:
    first, second = mstorch.nn.Linear(3, 2), mstorch.nn.Linear(3, 2)
    checkpoint.save({"layer": first}, checkpoint_id=tmp_path)
    checkpoint.load({"layer": second}, checkpoint_id=tmp_path)
    assert mstorch.equal(first.weight, second.weight)
    assert second.weight.requires_grad


def test_parts_of_a_checkpoint_can_be_loaded_without_a_state(tmp_path: Path) -> None:
    from mstorch.distributed.checkpoint.state_dict_loader import _load_state_dict_from_keys

    checkpoints.write(mstorch, str(tmp_path))
    loaded = _load_state_dict_from_keys("layers", checkpoint_id=tmp_path)
    assert list(loaded) == ["layers"]
    assert loaded["layers"][0].tolist() == [0, 1]
    assert loaded["layers"][1]["inner"].tolist() == [[0, 1], [2, 3]]


def test_what_does_not_fit_is_an_error_on_every_process(tmp_path: Path, world: None) -> None:
    checkpoint.save({"a": mstorch.ones(3)}, checkpoint_id=tmp_path)
    for state, message in (
        ({"b": mstorch.ones(3)}, "Missing key in checkpoint state_dict: b"),
        ({"a": mstorch.ones(4)}, "Size mismatch between saved"),
        ({"a": 5}, "expected BytesStorageMetadata"),
    ):
        with pytest.raises(checkpoint.CheckpointException, match=message):
            checkpoint.load(state, checkpoint_id=tmp_path)
    partial = {"a": mstorch.zeros(3), "b": mstorch.zeros(3)}
    checkpoint.load(
        partial,
        checkpoint_id=tmp_path,
        planner=checkpoint.DefaultLoadPlanner(allow_partial_load=True),
    )
    assert [partial[name].tolist() for name in "ab"] == [[1, 1, 1], [0, 0, 0]]
    with pytest.raises(RuntimeError, match="checkpoint_id"):
        checkpoint.save({})


def test_a_checkpoint_is_not_overwritten_unawares(tmp_path: Path, world: None) -> None:
    for options, number in (({}, 1), ({}, 2)):
        writer = checkpoint.FileSystemWriter(tmp_path, **options)
        if number == 2:
            with pytest.warns(UserWarning, match="existing checkpoint"):
                checkpoint.save({"a": number}, storage_writer=writer)
        else:
            checkpoint.save({"a": number}, storage_writer=writer)
    with pytest.raises(checkpoint.CheckpointException, match="already exists"):
        checkpoint.save(
            {"a": 3}, storage_writer=checkpoint.FileSystemWriter(tmp_path, overwrite=False)
        )
    state = {"a": 0}
    checkpoint.load(state, checkpoint_id=tmp_path)
    assert state == {"a": 2}


class Runs:
    """Pickles as a call of a program."""

    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


@dataclass(frozen=True)
class Plan(checkpoint.SavePlan):
    """A plan with more in it, as libraries make them."""

    more: Any = None


def test_the_metadata_of_a_checkpoint_runs_nothing(tmp_path: Path) -> None:
    reader = checkpoint.FileSystemReader(tmp_path)
    for content, message in (
        (Runs(), "is blocked"),
        ({"a": 1}, "holds a dict, no Metadata"),
        (Path("a"), "no Metadata"),
        (checkpoint.FileSystemReader("x"), "not an allowed global"),
    ):
        (tmp_path / ".metadata").write_bytes(pickle.dumps(content))
        with pytest.raises(pickle.UnpicklingError, match=message):
            reader.read_metadata()
    (tmp_path / ".metadata").write_bytes(b"")
    with pytest.raises(pickle.UnpicklingError, match="does not hold"):
        reader.read_metadata()
    more = checkpoint.Metadata({}, planner_data=[Plan([], more=(1, 2))])
    (tmp_path / ".metadata").write_bytes(pickle.dumps(more))
    assert reader.read_metadata().planner_data == [Plan([], more=(1, 2))]


def test_damaged_and_truncated_files_are_refused(tmp_path: Path) -> None:
    checkpoint.save({"a": mstorch.arange(100.0)}, checkpoint_id=tmp_path)
    (file,) = tmp_path.glob("*.distcp")
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], _flipped(whole), b""):
        file.write_bytes(content)
        with pytest.raises(checkpoint.CheckpointException, match=r"truncated|damaged"):
            checkpoint.load({"a": mstorch.zeros(100)}, checkpoint_id=tmp_path)


def _flipped(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[len(content) // 2] ^= 4
    return bytes(changed)


def test_a_checkpoint_cannot_name_files_outside_its_folder(tmp_path: Path) -> None:
    checkpoint.save({"a": mstorch.ones(2)}, checkpoint_id=tmp_path / "in")
    metadata = checkpoint.FileSystemReader(tmp_path / "in").read_metadata()
    for name in ("../out.distcp", str(tmp_path / "out.distcp")):
        for place in metadata.storage_data.values():
            place.relative_path = name
        (tmp_path / "in" / ".metadata").write_bytes(pickle.dumps(metadata))
        with pytest.raises(checkpoint.CheckpointException, match="outside of it"):
            checkpoint.load({"a": mstorch.ones(2)}, checkpoint_id=tmp_path / "in")


def test_a_view_is_written_without_the_rest_of_its_memory(tmp_path: Path) -> None:
    checkpoint.save({"a": mstorch.zeros(1 << 20)[:4]}, checkpoint_id=tmp_path)
    (file,) = tmp_path.glob("*.distcp")
    assert file.stat().st_size < 2000


def _place(offsets: list, sizes: list, rank: int = 0) -> ShardMetadata:
    return ShardMetadata(offsets, sizes, f"rank:{rank}/cpu")


def test_shards_must_be_those_that_the_metadata_says(world: None) -> None:
    tensor = mstorch.ones(2, 3)
    shard = Shard.from_tensor_and_offsets(tensor, [0, 0], 0)
    for places, size, message in (
        ([], (2, 3), "must not be empty"),
        ([shard.metadata], (4, 3), "do not fill"),
        ([shard.metadata], (1, 3), "outside of tensor dims"),
        ([_place([0, 0], [2, 3], 1)], (2, 3), "Number of local shards"),
        ([shard.metadata, _place([1, 0], [2, 3], 1)], (4, 3), "overlap"),
    ):
        metadata = ShardedTensorMetadata(places, mstorch.Size(size), TensorProperties())
        with pytest.raises((ValueError, RuntimeError), match=message):
            ShardedTensor._init_from_local_shards_and_global_metadata([shard], metadata)
    other = TensorProperties(dtype=mstorch.float64)
    metadata = ShardedTensorMetadata([shard.metadata], mstorch.Size((2, 3)), other)
    with pytest.raises(ValueError, match="dtype"):
        ShardedTensor._init_from_local_shards_and_global_metadata([shard], metadata)
    with pytest.raises(ValueError, match="does not match"):
        Shard(tensor, _place([0, 0], [3, 3]))
    with pytest.raises(NotImplementedError, match="ShardedTensor"):
        ShardedTensor(tensor)


def test_an_error_of_a_step_names_its_process(world: None) -> None:
    def fails() -> None:
        raise ValueError("this one")

    wrapper = _DistWrapper(None, True, 0)
    calls = (
        lambda: wrapper.all_gather("read", fails),
        lambda: wrapper.broadcast("read", fails),
        lambda: wrapper.all_reduce("read", fails, list),
        lambda: wrapper.reduce_scatter("read", lambda: 1, lambda results: fails()),
    )
    for call in calls:
        with pytest.raises(checkpoint.CheckpointException, match="this one") as caught:
            call()
        assert list(caught.value.failures) == [0]
    assert wrapper.all_reduce("count", lambda: 2, sum) == 2
    assert wrapper.reduce_scatter("share", lambda: 2, lambda results: results) == 2
    assert wrapper.broadcast("tell", lambda: 3) == 3
    assert wrapper.all_gather("ask", lambda: 4) == [4]
