# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint comes back bit for bit or is refused with the remedy; nothing half-written stays."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import save_file

from mstrain import checkpoint
from mstrain.errors import UserError

DTYPES = st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_])
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
SOME = {"model/a": np.arange(12, dtype=np.float32).reshape(3, 4), "random/x": np.ones(9, np.uint8)}


def written(folder: Path, step: int = 7) -> Path:
    path = checkpoint.path_of_step(folder, step)
    checkpoint.write(path, SOME, {"step": step})
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        checkpoint.read(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@given(st.dictionaries(st.text(min_size=1), ARRAYS), st.integers())
def test_arrays_and_description_come_back(tmp_path_factory, arrays, number) -> None:
    path = tmp_path_factory.mktemp("run") / "a.safetensors"
    checkpoint.write(path, arrays, {"step": number})
    stored = checkpoint.read(path)
    assert stored.description == {"step": number}
    assert stored.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert stored.arrays[name].dtype == array.dtype
        assert stored.arrays[name].shape == array.shape
        assert stored.arrays[name].tobytes() == array.tobytes()


def test_a_view_with_strides_is_stored_by_value(tmp_path: Path) -> None:
    view = np.arange(12, dtype=np.float32).reshape(3, 4).T[::2]
    checkpoint.write(tmp_path / "a.safetensors", {"v": view}, {})
    assert checkpoint.read(tmp_path / "a.safetensors").arrays["v"].tolist() == view.tolist()


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = written(tmp_path).read_bytes()
    for length in range(0, len(whole), 7):
        path = tmp_path / "cut.safetensors"
        path.write_bytes(whole[:length])
        assert "take an older one with --resume FILE" in refusal(path)


def test_a_flipped_bit_in_an_array_is_found_and_named(tmp_path: Path) -> None:
    whole = bytearray(written(tmp_path).read_bytes())
    data = len(whole) - sum(array.nbytes for array in SOME.values())
    for place in range(data, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path = tmp_path / "flipped.safetensors"
        path.write_bytes(damaged)
        assert "is damaged at " in refusal(path)


def test_a_file_of_other_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("not tensors at all")
    assert "truncated or damaged" in refusal(tmp_path / "text.safetensors")


def test_somebody_elses_safetensors_file_is_refused(tmp_path: Path) -> None:
    save_file({"a": np.zeros(3)}, tmp_path / "other.safetensors")
    assert "no mstrain checkpoint" in refusal(tmp_path / "other.safetensors")


def test_a_later_format_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(checkpoint, "FORMAT", 99)
    path = written(tmp_path)
    monkeypatch.undo()
    assert "has format 99" in refusal(path)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "absent.safetensors")


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device; free space"):
        written(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_earlier_file_alone(tmp_path: Path, monkeypatch) -> None:
    before = written(tmp_path).read_bytes()

    def failing(*arguments: object, **options: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(checkpoint, "save_file", failing)
    with pytest.raises(UserError, match="cannot write checkpoint"):
        written(tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_a_place_that_is_no_folder_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write checkpoint"):
        written(tmp_path / "file")


def test_the_latest_is_the_highest_step(tmp_path: Path) -> None:
    for step in (9, 100, 20):
        written(tmp_path, step)
    (tmp_path / ".step-00000900.safetensors.partial").write_bytes(b"")
    assert checkpoint.latest(tmp_path) == checkpoint.path_of_step(tmp_path, 100)


@pytest.mark.parametrize("folder", ["empty", "absent"])
def test_a_folder_without_checkpoints_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no checkpoint in"):
        checkpoint.latest(tmp_path / folder)


def test_the_newest_are_kept_and_those_of_later_steps_left_alone(tmp_path: Path) -> None:
    for step in (2, 4, 6, 8, 50):
        written(tmp_path, step)
    checkpoint.remove_older(tmp_path, 8, keep=2)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [checkpoint.path_of_step(tmp_path, step).name for step in (6, 8, 50)]


def test_others_may_read_what_the_mask_allows(tmp_path: Path) -> None:
    reference = tmp_path / "reference"
    reference.touch()
    assert written(tmp_path).stat().st_mode == reference.stat().st_mode
