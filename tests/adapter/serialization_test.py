# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Files of torch.save go both ways between PyTorch and mstorch."""

from pathlib import Path
from typing import Any

import pytest

import against_torch
import mstorch
from cases import files

_FORMS = ("archive", "before archives")


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("name", files.OBJECTS)
def test_what_pytorch_writes_is_read_as_pytorch_reads_it(
    reference: against_torch.Reference, name: str, form: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "file.pt")
    assert reference.result("files", "write", name, path, form) is None
    theirs = reference.result("files", "read", path)
    assert files.facts(mstorch, mstorch.load(path)) == theirs
    if form == "archive":
        assert files.facts(mstorch, mstorch.load(path, mmap=True)) == theirs


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("name", files.OBJECTS)
def test_what_mstorch_writes_is_read_alike_by_both(
    reference: against_torch.Reference, name: str, form: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "file.pt")
    value = files.OBJECTS[name](mstorch)
    mstorch.save(value, path, _use_new_zipfile_serialization=form == "archive")
    ours = files.facts(mstorch, mstorch.load(path))
    assert ours == files.facts(mstorch, value)
    assert reference.result("files", "read", path) == ours
    if form == "archive":
        assert reference.result("files", "read mapped", path) == ours


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol_is_read_by_pytorch(
    reference: against_torch.Reference, protocol: int, tmp_path: Path
) -> None:
    path = str(tmp_path / "file.pt")
    value = files.OBJECTS["parameters and attributes"](mstorch)
    mstorch.save(value, path, pickle_protocol=protocol)
    ours = files.facts(mstorch, mstorch.load(path, weights_only=False))
    assert reference.result("files", "read anything", path) == ours


def test_a_generator_goes_both_ways_and_continues_its_stream(
    reference: against_torch.Reference, tmp_path: Path
) -> None:
    theirs, ours = str(tmp_path / "theirs.pt"), str(tmp_path / "ours.pt")
    reference.result("files", "write", "a generator", theirs, "archive")
    mstorch.save(files.ODD["a generator"](mstorch), ours)
    expected = files.facts(mstorch, mstorch.load(theirs, weights_only=False))
    assert reference.result("files", "read anything", theirs) == expected
    assert reference.result("files", "read anything", ours) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    {
        "float8": "torch.float8_e5m2",
        "uint16": "torch.uint16",
        "sparse": "torch.sparse_coo|_rebuild_sparse_tensor",
        "quantised": "torch.QInt8Storage|_rebuild_qtensor",
        "meta": "_rebuild_meta_tensor_no_storage",
    }.items(),
)
def test_a_tensor_that_mstorch_cannot_hold_is_refused_by_name(
    reference: against_torch.Reference, name: str, message: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "file.pt")
    reference.result("files", "write", name, path, "archive")
    with pytest.raises(NotImplementedError, match=message):
        mstorch.load(path)


@pytest.mark.parametrize("name", ["lazily conjugated", "lazily negated"])
def test_what_pytorch_has_not_computed_yet_is_computed(
    reference: against_torch.Reference, name: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "file.pt")
    reference.result("files", "write", name, path, "archive")
    assert _values(files.facts(mstorch, mstorch.load(path))) == _values(
        reference.result("files", "read", path)
    )


def _values(facts: dict[str, Any]) -> Any:
    return facts["values"]


def test_storages_themselves_can_be_saved(
    reference: against_torch.Reference, tmp_path: Path
) -> None:
    path = str(tmp_path / "file.pt")
    reference.result("files", "write", "storages", path, "archive")
    storage, tensor = mstorch.load(path)
    assert storage.tolist() == tensor.untyped_storage().tolist()


def test_a_file_from_an_accelerator_is_loaded_where_the_caller_says(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    mstorch.save(mstorch.arange(3), path)
    path.write_bytes(_elsewhere(path.read_bytes()))
    with pytest.raises(RuntimeError, match="map_location"):
        mstorch.load(path)
    seen = []

    def take(storage: Any, location: str) -> Any:
        seen.append(location)
        return storage

    for where in ("cpu", mstorch.device("cpu"), {"npu": "cpu"}, take):
        assert mstorch.load(path, map_location=where).tolist() == [0, 1, 2]
    assert seen == ["npu"]
    with pytest.raises(RuntimeError, match="npu:0"):
        mstorch.load(path, map_location="npu:0")


def _elsewhere(file: bytes) -> bytes:
    """The same file with its storages tagged `npu`, checksum included."""
    import zlib

    start = file.index(b"\x80\x02")
    old = file[start : file.index(b"PK\x07\x08", start)]
    new = old.replace(b"X\x03\x00\x00\x00cpu", b"X\x03\x00\x00\x00npu")
    assert new != old
    sums = [zlib.crc32(data).to_bytes(4, "little") for data in (old, new)]
    return file.replace(old, new).replace(*sums)


def test_tensors_over_one_memory_tell_each_other_of_changes(tmp_path: Path) -> None:
    weight = mstorch.arange(3.0)
    mstorch.save([weight, weight[:2].detach()], tmp_path / "file.pt")
    whole, part = mstorch.load(tmp_path / "file.pt")
    whole.requires_grad_()
    loss = (whole * whole).sum()
    part.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
