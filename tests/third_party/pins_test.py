# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of pins, the tool that moves a pin, and the locks beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from third_party.fetch import pin as pin_tool
from third_party.fetch.cache import Cache, FetchError, Unavailable
from third_party.fetch.lockfile import entry, read_lock
from third_party.fetch.pins import Pin, artifact, find, read_table, rewrite

TABLE = Path("third_party/upstreams.bzl")
LOCKS = Path("third_party/python")
HASH = "5" * 64

SAMPLE = """# A comment before.
UPSTREAMS = {
    # Why this one.
    "other": {"kind": "npm", "name": "o", "version": "1", "file": "o.tgz", "sha256": "00"},
    "sample": {
        "kind": "pypi",
        "name": "sample",
        "version": "0.9",  # old
        "file": "sample-0.9-py3-none-any.whl",
        "sha256": "00",
        "licence": "MIT",
    },
}
"""


@pytest.fixture
def table(tmp_path) -> Path:
    (tmp_path / "python").mkdir()
    path = tmp_path / "upstreams.bzl"
    path.write_text(SAMPLE)
    return path


def test_every_pin_of_the_table_is_complete() -> None:
    table = read_table(TABLE)
    assert "megatron_core" in table
    for name, pin in table.items():
        stated = {"kind", "name", "version", "licence"}
        if pin.fields["kind"] == "debian":
            assert set(pin.fields) == stated, name
            continue
        assert set(pin.fields) == stated | {"file", "sha256"}, name
        assert pin.fields["kind"] in ("pypi", "npm"), name
        assert re.fullmatch("[0-9a-f]{64}", pin.fields["sha256"]), name
        assert pin.fields["version"].replace("+", "_") in pin.fields["file"].replace("+", "_"), name


@pytest.mark.parametrize("name", ["mindspore", "torch"])
def test_a_lock_has_the_wheel_that_is_pinned(name: str) -> None:
    pin = artifact(find(TABLE, name), "")
    locked = {wheel.name: wheel for wheel in read_lock(LOCKS / f"{name}.txt", name)}
    wheel = locked[pin.name]
    assert (wheel.version, wheel.sha256, wheel.file) == (pin.version, pin.sha256, pin.file)


def test_the_reference_has_no_cuda_packages() -> None:
    names = [wheel.name for wheel in read_lock(LOCKS / "torch.txt", "torch.txt")]
    assert [name for name in names if re.match("nvidia|triton|cuda", name)] == []


def test_both_sides_of_a_comparison_have_the_same_numpy() -> None:
    sides = [
        {wheel.name: wheel.version for wheel in read_lock(LOCKS / f"{name}.txt", name)}
        for name in ("mindspore", "torch")
    ]
    assert sides[0]["numpy"] == sides[1]["numpy"]


def test_nothing_of_the_mindspore_environment_is_torch() -> None:
    names = [wheel.name for wheel in read_lock(LOCKS / "mindspore.txt", "mindspore.txt")]
    assert [name for name in names if name.startswith("torch")] == []


@pytest.mark.parametrize("side", ["mindspore", "torch"])
def test_what_transformers_imports_changes_nothing_of_the_side_it_is_put_before(side: str) -> None:
    locks = [
        {wheel.name: wheel.version for wheel in read_lock(LOCKS / f"{name}.txt", name)}
        for name in ("transformers", side)
    ]
    shared = locks[0].keys() & locks[1].keys()
    assert "packaging" in shared
    assert {name: locks[0][name] for name in shared} == {name: locks[1][name] for name in shared}
    assert not locks[0].keys() & {"mindspore", "numpy", "torch"}


def test_a_pin_knows_its_line(table) -> None:
    assert find(table, "sample").line == 5
    assert artifact(find(table, "sample"), "t.bzl").origin == "t.bzl:5"


def test_a_pin_of_which_nothing_is_fetched_is_no_artifact() -> None:
    pin = Pin("highway", 7, {"kind": "debian", "name": "highway", "version": "1.0.3"}, {})
    with pytest.raises(
        FetchError, match=r"t\.bzl:7: highway is of kind debian: nothing .* by hand"
    ):
        artifact(pin, "t.bzl")


def test_rewriting_changes_nothing_but_the_values(table) -> None:
    new = rewrite(table, find(table, "sample"), {"version": "1.0", "sha256": HASH})
    assert new.decode() == SAMPLE.replace('"0.9",  # old', '"1.0",  # old').replace(
        '"sha256": "00",\n        "licence"', f'"sha256": "{HASH}",\n        "licence"'
    )


def test_two_values_of_one_line_are_both_rewritten(table) -> None:
    new = rewrite(table, find(table, "other"), {"version": "1.2.3", "sha256": HASH}).decode()
    assert f'"name": "o", "version": "1.2.3", "file": "o.tgz", "sha256": "{HASH}"' in new


def test_a_file_that_is_no_table_is_an_error(tmp_path) -> None:
    path = tmp_path / "t.bzl"
    for text, line in [
        ("X = 1\n", "there is no UPSTREAMS"),
        ("UPSTREAMS = [1]\n", "t.bzl:1: expected a dictionary"),
        ('UPSTREAMS = {\n  "a": {"kind": 3},\n}\n', "t.bzl:2: expected a plain string"),
        ("UPSTREAMS = {\n", "t.bzl:1: "),
    ]:
        path.write_text(text)
        with pytest.raises(FetchError, match=line):
            read_table(path)


def test_an_unknown_pin_names_those_there_are(table) -> None:
    with pytest.raises(FetchError, match="no pin nope; there are other, sample"):
        find(table, "nope")


@pytest.fixture
def use_index(monkeypatch, index) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index.folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


@pytest.mark.usefixtures("use_index")
def test_a_pin_is_moved_with_its_hash_and_file(tmp_path, table, index) -> None:
    wheel = index.add_wheel("sample", "1.0")
    said = pin_tool.move(Cache(tmp_path / "cache"), table, "sample", "1.0")
    fields = find(table, "sample").fields
    assert (fields["version"], fields["file"], fields["sha256"]) == (
        "1.0",
        wheel.file,
        wheel.sha256,
    )
    assert said == f"third_party/upstreams.bzl:5: sample 0.9 -> 1.0, sha256 {wheel.sha256}"
    assert Cache(tmp_path / "cache").path(wheel).is_file()


@pytest.mark.usefixtures("use_index")
def test_moving_a_pin_that_is_locked_says_what_to_do_next(tmp_path, table, index) -> None:
    index.add_wheel("sample", "1.0")
    (table.parent / "python/env.in").write_text("# What runs.\nsample\n")
    said = pin_tool.move(Cache(tmp_path / "cache"), table, "sample", "1.0")
    assert said.endswith("env.in: now bazel run //third_party/python:lock")


@pytest.mark.usefixtures("use_index")
def test_a_version_that_is_not_to_be_had_changes_nothing(tmp_path, table) -> None:
    with pytest.raises(Unavailable, match="sample==7.0"):
        pin_tool.move(Cache(tmp_path / "cache"), table, "sample", "7.0")
    assert table.read_text() == SAMPLE


def test_an_entry_is_read_as_it_was_written(tmp_path) -> None:
    path = tmp_path / "lock.txt"
    path.write_text(
        "# header\n\n" + entry("a", "1", HASH, "a-1-py3-none-any.whl") + "    # via b\n"
    )
    (wheel,) = read_lock(path, "lock.txt")
    assert (wheel.name, wheel.version, wheel.sha256) == ("a", "1", HASH)
    assert wheel.origin == "lock.txt:3"


@pytest.mark.parametrize(
    "line",
    [
        "a==1",
        "a>=1",
        f"a==1 --hash=sha256:{HASH}",
        f"a==1 \\\n    --hash=sha256:{HASH}",
        "-r other.txt",
    ],
)
def test_a_line_without_its_one_hash_and_file_is_an_error(tmp_path, line: str) -> None:
    path = tmp_path / "lock.txt"
    path.write_text(f"# header\n{line}\n")
    with pytest.raises(FetchError, match="^lock.txt:2: not a locked requirement"):
        read_lock(path, "lock.txt")
