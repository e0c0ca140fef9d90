# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""mstorch.interop.safetensors does for mstorch what safetensors.torch does for torch."""

from pathlib import Path

import pytest
from safetensors import SafetensorError, safe_open

import against_torch
import mstorch
from cases import files
from mstorch.interop import safetensors


def test_files_go_both_ways(reference: against_torch.Reference, tmp_path: Path) -> None:
    theirs, ours = str(tmp_path / "theirs.safetensors"), str(tmp_path / "ours.safetensors")
    assert reference.result("files", "write safetensors", theirs) is None
    safetensors.save_file(files.weights(mstorch), ours, {"format": "pt"})
    expected = files.sorted_facts(mstorch, files.weights(mstorch))
    for path in (theirs, ours):
        assert files.sorted_facts(mstorch, safetensors.load_file(path)) == expected
        assert files.sorted_facts(mstorch, mstorch.load(path, map_location="cpu")) == expected
        assert reference.result("files", "read safetensors", path) == expected


def test_bytes_hold_what_files_hold() -> None:
    weights = files.weights(mstorch)
    loaded = safetensors.load(safetensors.save(weights))
    assert files.sorted_facts(mstorch, loaded) == files.sorted_facts(mstorch, weights)
    loaded["float32"].add_(1)
    assert mstorch.equal(loaded["float32"], weights["float32"] + 1)


def test_tensors_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    matrix = mstorch.arange(6.0).reshape(2, 3)
    with pytest.raises(ValueError, match="non contiguous tensor: `a`"):
        safetensors.save({"a": matrix.t()})
    with pytest.raises(RuntimeError, match="share memory"):
        safetensors.save({"a": matrix, "b": matrix[1]})
    safetensors.save({"a": matrix[0], "b": matrix[1]})
    with pytest.raises(ValueError, match="complex128"):
        safetensors.save({"a": mstorch.ones(1, dtype=mstorch.complex128)})
    with pytest.raises(ValueError, match="expected torch.Tensor"):
        safetensors.save({"a": 1})
    with pytest.raises(ValueError, match="Expected a dict"):
        safetensors.save([matrix])
    safetensors.save_file({"a": matrix}, tmp_path / "file.safetensors")
    with pytest.raises((TypeError, SafetensorError)):
        safetensors.save_file({"a": matrix}, tmp_path / "file.safetensors", {"a": 1})
    assert safetensors.load_file(tmp_path / "file.safetensors")["a"].tolist() == matrix.tolist()
    assert [p.name for p in tmp_path.iterdir()] == ["file.safetensors"]


def test_damaged_files_and_other_devices_are_refused(tmp_path: Path) -> None:
    data = safetensors.save({"a": mstorch.arange(6.0)})
    with pytest.raises(SafetensorError):
        safetensors.load(data[:-1])
    with pytest.raises(NotImplementedError, match="F8_E5M2"):
        safetensors.load(_float8())
    with pytest.raises(NotImplementedError, match="mstorch computes on cpu"):
        safetensors.load_file(tmp_path / "file.safetensors", device="mps")


def _float8() -> bytes:
    header = b'{"a":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[0,2]}}'
    return len(header).to_bytes(8, "little") + header + b"\0\0"


class Tied(mstorch.nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = mstorch.nn.Linear(2, 2)
        self.second = mstorch.nn.Linear(2, 2)
        self.second.weight = self.first.weight


def test_a_model_with_tied_weights_is_written_once_and_loaded_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    model, other = Tied(), Tied()
    safetensors.save_model(model, path, {"made": "here"})
    with safe_open(path, "numpy") as file:
        assert file.metadata() == {"made": "here", "second.weight": "first.weight"}
        assert sorted(file.keys()) == ["first.bias", "first.weight", "second.bias"]
    assert safetensors.load_model(other, path) == (set(), [])
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert mstorch.equal(ours, theirs)
    with pytest.raises(RuntimeError, match=r"Missing key\(s\): \['bias', 'weight'\]"):
        safetensors.load_model(mstorch.nn.Linear(2, 2), path)


def test_tensors_are_read_one_by_one_and_in_parts(tmp_path: Path) -> None:
    path = str(tmp_path / "file.safetensors")
    weights = files.weights(mstorch)
    safetensors.save_file(weights, path, {"format": "pt"})
    with safetensors.safe_open(path, framework="pt", device="cpu") as file:
        assert file.metadata() == {"format": "pt"}
        assert file.keys() == sorted(weights)
        assert sorted(file.offset_keys()) == sorted(weights)
        one_by_one = {name: file.get_tensor(name) for name in weights}
        assert files.sorted_facts(mstorch, one_by_one) == files.sorted_facts(mstorch, weights)


def test_a_part_of_a_tensor_is_a_tensor_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    matrix = mstorch.arange(12.0, dtype=mstorch.bfloat16).reshape(3, 4)
    safetensors.save_file({"a": matrix, "none": mstorch.ones(0, 2)}, path)
    with safetensors.safe_open(path, "pt") as file:
        part = file.get_slice("a")
        assert (part.get_shape(), part.get_dtype()) == ([3, 4], "BF16")
        assert mstorch.equal(part[1:, 2], matrix[1:, 2])
        assert mstorch.equal(part[..., -1], matrix[..., -1])
        assert mstorch.equal(part[:], matrix)
        row = part[0]
        row.zero_()
        assert mstorch.equal(file.get_tensor("a"), matrix)
        assert file.get_tensor("none").shape == (0, 2)
        with pytest.raises(SafetensorError, match="does not contain tensor b"):
            file.get_tensor("b")
    with safetensors.safe_open(path, "pt", device="meta") as file:
        assert file.get_tensor("a").is_meta


def test_a_file_for_another_framework_is_opened_by_the_package(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    safetensors.save_file({"a": mstorch.ones(2)}, path)
    with safetensors.safe_open(path, "numpy") as file:
        assert file.get_tensor("a").tolist() == [1.0, 1.0]


def test_a_damaged_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    path.write_bytes(safetensors.save({"a": mstorch.ones(2)})[:-1])
    with pytest.raises(SafetensorError):
        safetensors.safe_open(path, "pt")
    with pytest.raises(FileNotFoundError):
        safetensors.safe_open(tmp_path / "none", "pt")
