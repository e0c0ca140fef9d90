# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A file runs nothing, reaches outside nothing and is never read wrongly: it is refused instead."""

import builtins
import collections
import io
import os
import pathlib
import pickle
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy
import pytest

import mstorch

_RAN: list[str] = []


def ran(*arguments: Any) -> str:
    """What an attacker would want to have called."""
    _RAN.append("ran")
    return "ran"


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> Any:
        return self.function, self.arguments


class Settings:
    """A harmless class of the user's."""

    def __init__(self, rate: float) -> None:
        self.rate = rate


class Stateful:
    """A class whose state is code of its own."""

    def __setstate__(self, state: Any) -> None:
        ran()


def _archive(records: dict[str, bytes] | list[tuple[str, bytes]], compression: int = 0) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, data in records.items() if isinstance(records, dict) else records:
            file.writestr(name, data)
    return stream.getvalue()


def _with_pickle(data: bytes) -> io.BytesIO:
    return io.BytesIO(_archive({"archive/data.pkl": data, "archive/version": b"3\n"}))


def _saved(value: Any) -> bytes:
    stream = io.BytesIO()
    mstorch.save(value, stream)
    return stream.getvalue()


def _records(file: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


_GLOBALS = {
    "a function of the user": Calls(ran),
    "a shell": Calls(os.system, "exit 1"),
    "a process": Calls(subprocess.check_output, ("true",)),
    "evaluation": Calls(builtins.eval, "1 + 1"),
    "an import": Calls(builtins.__import__, "os"),
    "attributes": Calls(builtins.getattr, [], "append"),
    "another pickle": Calls(pickle.loads, pickle.dumps(1)),
    "a class with state": Stateful(),
    "a class of the user": Settings(0.1),
    "a path": pathlib.PurePosixPath("a"),
    "an array": numpy.zeros(2),
    "a module": mstorch.nn.Linear(1, 1),
    "inside a container": {"weights": [mstorch.ones(2), Calls(ran)]},
}


@pytest.mark.parametrize("name", _GLOBALS)
@pytest.mark.parametrize("form", ["archive", "before archives"])
def test_a_file_that_names_other_functions_or_classes_is_refused(name: str, form: str) -> None:
    stream = io.BytesIO()
    mstorch.save(_GLOBALS[name], stream, _use_new_zipfile_serialization=form == "archive")
    stream.seek(0)
    _RAN.clear()
    with pytest.raises(pickle.UnpicklingError, match="GLOBAL"):
        mstorch.load(stream)
    assert _RAN == []


_TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"
_ORDERED = b"ccollections\nOrderedDict\n)R"
_MACHINES = {
    "a call of what is no function": b"\x80\x02]]R.",
    "a call of a method of a result": b"\x80\x02" + _ORDERED + b")R.",
    "an instance of a dtype": b"\x80\x02ctorch\nfloat32\n)\x81.",
    "a state for a list": b"\x80\x02]}b.",
    "a state for a tensor": b"\x80\x02ctorch\nTensor\n)\x81}b.",
    "an entry of an object that is no dict": b"\x80\x02ctorch\nSize\nK\x01K\x02s.",
    "an append to a set": b"\x80\x02\x8fK\x01a.",
    "a module beside storages": b"\x80\x02X\x06\x00\x00\x00module\x85Q.",
    "a persistent object without a kind": b"\x80\x02K\x01Q.",
    "a registered extension": b"\x80\x02\x82\x01.",
    "a global from the stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "an old instance": b"\x80\x02(ios\nsystem\n.",
    "nothing": b"",
    "an early end": b"\x80\x02](K\x01",
    "a memo that was never written": b"\x80\x02h\x07.",
    "an empty stack": b"\x80\x02a.",
}


@pytest.mark.parametrize("name", _MACHINES)
def test_a_pickle_of_any_other_operations_is_refused(name: str) -> None:
    with pytest.raises(pickle.UnpicklingError):
        mstorch.load(_with_pickle(_MACHINES[name]))


@pytest.mark.parametrize("name", ["_a", "_s", "_base"])
def test_a_file_cannot_set_what_a_tensor_is_made_of(name: str) -> None:
    tensor = mstorch.ones(2)
    tensor.note_ = 1
    records = _records(_saved(tensor))
    old, new = b"X\x05\x00\x00\x00note_", b"X" + struct.pack("<I", len(name)) + name.encode()
    records["archive/data.pkl"] = records["archive/data.pkl"].replace(old, new)
    with pytest.raises(pickle.UnpicklingError, match=f"'{name}' is not an attribute"):
        mstorch.load(io.BytesIO(_archive(records)))


def _described(**changes: Any) -> io.BytesIO:
    """A file with one tensor of a storage of 4 numbers, described as told."""
    view = {"offset": 0, "size": (4,), "stride": (1,), "count": 4, "key": "0", **changes}

    storage = (
        _dumped("storage")
        + b"ctorch\nFloatStorage\n"
        + _dumped(view["key"])
        + _dumped("cpu")
        + _dumped(view["count"])
    )
    place = b"".join(_dumped(view[part]) for part in ("offset", "size", "stride"))
    pickled = b"\x80\x02" + _TENSOR + b"((" + storage + b"tQ" + place + b"\x89" + _ORDERED + b"tR."
    data = numpy.arange(4, dtype=numpy.float32).tobytes()
    return io.BytesIO(_archive({"archive/data.pkl": pickled, "archive/data/0": data}))


def _dumped(value: Any) -> bytes:
    """The operations that build a value."""
    return pickle.dumps(value, 2)[2:-1]


_OUTSIDE = {
    "beyond the end": {"size": (5,)},
    "by its offset": {"offset": 2, "size": (3,)},
    "by its strides": {"size": (2, 2), "stride": (3, 2)},
    "backwards": {"stride": (-1,), "offset": 3},
    "before the start": {"offset": -1},
    "by negative sizes": {"size": (-4,)},
    "by too few strides": {"size": (2, 2), "stride": (1,)},
    "by a number that is none": {"offset": 0.0},
}


@pytest.mark.parametrize("name", _OUTSIDE)
def test_a_tensor_that_reaches_outside_its_storage_is_refused(name: str) -> None:
    assert mstorch.load(_described()).tolist() == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="cannot be built|its storage has 16"):
        mstorch.load(_described(**_OUTSIDE[name]))


def test_a_storage_of_another_size_than_described_is_refused() -> None:
    for changes in ({"count": 5}, {"count": 3, "size": (3,)}, {"key": "1"}):
        with pytest.raises(RuntimeError, match="truncated or damaged"):
            mstorch.load(_described(**changes))
    with pytest.raises(pickle.UnpicklingError, match="does not describe a storage"):
        mstorch.load(_described(count=-1))


_NAMES = {
    "an absolute path": "/archive/data/1",
    "a parent": "archive/../../etc/passwd",
    "a parent first": "../data/1",
    "the folder itself": "archive/./data/1",
    "a back slash": "archive\\..\\1",
    "a drive": "c:/archive/1",
    "another folder": "other/data/1",
    "no folder": "data.pkl",
    "an empty part": "archive//data/1",
    "a folder as a record": "archive/data/",
}


@pytest.mark.parametrize("name", _NAMES)
def test_an_archive_with_a_record_outside_its_folder_is_refused(name: str) -> None:
    records = {**_records(_saved([1])), _NAMES[name]: b"x"}
    with pytest.raises(RuntimeError, match="not inside the one folder"):
        mstorch.load(io.BytesIO(_archive(records)))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_two_records_of_one_name_is_refused() -> None:
    records = list(_records(_saved(mstorch.ones(2))).items())
    twice = [*records, ("archive/data/0", numpy.zeros(2, numpy.float32).tobytes())]
    with pytest.raises(RuntimeError, match="two records named"):
        mstorch.load(io.BytesIO(_archive(twice)))


@pytest.mark.parametrize("mapped", [False, True])
def test_no_flipped_bit_gives_a_wrong_tensor(tmp_path: Path, mapped: bool) -> None:
    whole = _saved(mstorch.arange(1, 6, dtype=mstorch.int16))
    path = tmp_path / "file.pt"
    refused = 0
    for position in range(len(whole)):
        for bit in (1, 16, 128):
            changed = bytearray(whole)
            changed[position] ^= bit
            path.write_bytes(changed)
            try:
                value = mstorch.load(path, mmap=mapped)
            except (RuntimeError, pickle.UnpicklingError):
                refused += 1
            else:
                assert value.dtype is mstorch.int16
                assert value.tolist() == [1, 2, 3, 4, 5]
    assert refused > len(whole)  # padding and dates are the rest


@pytest.mark.parametrize("form", ["archive", "before archives"])
def test_no_truncated_file_is_read(form: str) -> None:
    stream = io.BytesIO()
    value = {"a": mstorch.arange(9.0), "b": mstorch.ones(2, dtype=mstorch.bfloat16)}
    mstorch.save(value, stream, _use_new_zipfile_serialization=form == "archive")
    for length in range(len(stream.getvalue())):
        with pytest.raises((RuntimeError, pickle.UnpicklingError)):
            mstorch.load(io.BytesIO(stream.getvalue()[:length]))


def test_a_newer_format_and_other_files_are_refused() -> None:
    records = _records(_saved([1]))
    for version in (b"11\n", b"0\n", b"three"):
        with pytest.raises(RuntimeError, match="format version"):
            mstorch.load(io.BytesIO(_archive({**records, "archive/version": version})))
    with pytest.raises(RuntimeError, match=r"no record data\.pkl"):
        mstorch.load(io.BytesIO(_archive({"archive/other": b""})))
    with pytest.raises(RuntimeError, match="TorchScript"):
        mstorch.load(io.BytesIO(_archive({**records, "archive/constants.pkl": b""})))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as file:
        file.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(RuntimeError, match="is a tar archive"):
        mstorch.load(io.BytesIO(archive.getvalue()))
    for data in (b"not a file of torch at all", b"\x80\x02K\x05."):
        with pytest.raises((RuntimeError, pickle.UnpicklingError)):
            mstorch.load(io.BytesIO(data))


def test_compressed_archives_and_the_other_byte_order_are_read(tmp_path: Path) -> None:
    value = [mstorch.arange(5), mstorch.tensor([1 + 2j]), mstorch.ones(2, dtype=mstorch.bfloat16)]
    records = _records(_saved(value))
    packed = _archive(records, zipfile.ZIP_DEFLATED)
    assert [t.tolist() for t in mstorch.load(io.BytesIO(packed))] == [t.tolist() for t in value]
    (tmp_path / "packed.pt").write_bytes(packed)
    with pytest.raises(RuntimeError, match="cannot be mapped"):
        mstorch.load(tmp_path / "packed.pt", mmap=True)
    for number, width in enumerate((8, 4, 2)):
        data = numpy.frombuffer(records[f"archive/data/{number}"], f"V{width}")
        swapped = b"".join(item.tobytes()[::-1] for item in data)
        records[f"archive/data/{number}"] = swapped
    records["archive/byteorder"] = b"big"
    big = mstorch.load(io.BytesIO(_archive(records)))
    assert [t.tolist() for t in big] == [t.tolist() for t in value]


def test_a_caller_can_allow_classes_of_his_own(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    mstorch.save({"settings": Settings(0.5), "calls": collections.Counter("a")}, path)
    name = f"{Settings.__module__}.Settings"
    assert mstorch.serialization.get_unsafe_globals_in_checkpoint(path) == [name]
    with mstorch.serialization.safe_globals([Settings]):
        assert mstorch.load(path)["settings"].rate == 0.5
        assert mstorch.serialization.get_unsafe_globals_in_checkpoint(path) == []
    with pytest.raises(pickle.UnpicklingError, match="add_safe_globals"):
        mstorch.load(path)
    mstorch.serialization.add_safe_globals([(Settings, name)])
    assert mstorch.load(path)["settings"].rate == 0.5
    assert mstorch.serialization.get_safe_globals() == [(Settings, name)]
    mstorch.serialization.clear_safe_globals()
    assert mstorch.serialization.get_safe_globals() == []
    assert mstorch.load(path, weights_only=False)["settings"].rate == 0.5


def test_names_are_not_listed_where_some_could_be_missed(tmp_path: Path) -> None:
    mstorch.save(Settings(0.5), tmp_path / "file.pt", pickle_protocol=4)
    with pytest.raises(pickle.UnpicklingError, match="Unsupported operand"):
        mstorch.serialization.get_unsafe_globals_in_checkpoint(tmp_path / "file.pt")


def test_the_operating_system_is_never_allowed() -> None:
    file = _saved(Calls(os.system, "exit 1"))
    with (
        mstorch.serialization.safe_globals([os.system]),
        pytest.raises(pickle.UnpicklingError, match="is blocked"),
    ):
        mstorch.load(io.BytesIO(file))


def test_the_environment_can_force_and_relax_safe_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    file = _saved(Settings(1.0))
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(pickle.UnpicklingError):
        mstorch.load(io.BytesIO(file), weights_only=False)
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(RuntimeError, match="Only one of"):
        mstorch.load(io.BytesIO(file))
    monkeypatch.delenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD")
    assert mstorch.load(io.BytesIO(file)).rate == 1.0
    with pytest.raises(pickle.UnpicklingError):
        mstorch.load(io.BytesIO(file), weights_only=True)


def test_a_failed_save_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    mstorch.save([1], path)
    path.chmod(0o640)
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        mstorch.save([mstorch.ones(2), lambda: None], path)
    assert mstorch.load(path) == [1]
    mstorch.save([2], path)
    assert mstorch.load(path) == [2]
    assert path.stat().st_mode & 0o777 == 0o640
    link = tmp_path / "link.pt"
    link.symlink_to(path)
    mstorch.save([3], link)
    assert link.is_symlink()
    assert mstorch.load(path) == [3]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.pt", "link.pt"]


def test_streams_are_written_where_they_stand_and_must_seek_to_be_read() -> None:
    stream = io.BytesIO()
    stream.write(b"before")
    mstorch.save(mstorch.arange(3), stream)
    end = stream.tell()
    stream.seek(len(b"before"))
    assert mstorch.load(io.BytesIO(stream.read(end))).tolist() == [0, 1, 2]

    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

    with pytest.raises(io.UnsupportedOperation, match="pre-load"):
        mstorch.load(Pipe())
    with pytest.raises(AttributeError, match="write"):
        mstorch.save([], [])


def test_options_that_cannot_be_served_are_refused(tmp_path: Path) -> None:
    class Other:
        Pickler = pickle.Pickler

    with pytest.raises(NotImplementedError, match="pickle_module"):
        mstorch.save([], tmp_path / "file.pt", pickle_module=Other)
    mstorch.save([], tmp_path / "file.pt")
    with pytest.raises(RuntimeError, match="explicit pickle_module"):
        mstorch.load(tmp_path / "file.pt", pickle_module=pickle, weights_only=True)
    assert mstorch.load(tmp_path / "file.pt", pickle_module=pickle) == []
    with pytest.raises(ValueError, match="file path"):
        mstorch.load(io.BytesIO(_saved([])), mmap=True)
    with pytest.raises(TypeError, match="map_location"):
        mstorch.load(tmp_path / "file.pt", map_location=5)


def test_a_map_of_a_file_can_be_changed_without_changing_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file.pt"
    mstorch.save(mstorch.arange(3), path)
    before = path.read_bytes()
    value = mstorch.load(path, mmap=True)
    value.add_(1)
    assert value.tolist() == [1, 2, 3]
    assert path.read_bytes() == before


def test_memory_seen_as_two_types_cannot_be_saved() -> None:
    tensor = mstorch.arange(4, dtype=mstorch.int32)
    other = mstorch.from_numpy(tensor.numpy().view(numpy.float32))
    with pytest.raises(RuntimeError, match="different types"):
        mstorch.save([tensor, other], io.BytesIO())


def test_a_big_save_is_read_piece_by_piece() -> None:
    value = mstorch.arange((1 << 22) + 5, dtype=mstorch.int64)
    loaded = mstorch.load(io.BytesIO(_saved(value)))
    assert mstorch.equal(loaded, value)
