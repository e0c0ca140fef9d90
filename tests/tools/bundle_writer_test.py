# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles: the tar's bytes, the two lock files, refusals."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

import bundle_writer
import locks
from bundle_writer import BundleError
from locks import LockError

LOCK = """\
# made by a tool
--index-strategy first
numpy==1.26.4 \\
    --hash=sha256:{a}  # numpy-1.26.4-cp311.whl
    # via
    #   -r in.in
    #   scipy
Scipy==1.13.1 ; python_version < "3.13" \\
    --hash=sha256:{b} \\
    --hash=sha256:{c}
    # via mindspore
mindspore==2.10.0 \\
    --hash=sha256:{a}
    # via -r in.in
pytest==9.2.0 \\
    --hash=sha256:{b}
    # via -r in.in
""".format(a="a" * 64, b="b" * 64, c="c" * 64)


def write_wheel(
    folder: Path,
    name: str,
    requires: list[str],
    version: str = "0.1",
    tag: str = "py3-none-any",
) -> Path:
    """A wheel as far as the bundle writer looks."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    fields = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {r}" for r in requires)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(fields) + "\n")
        archive.writestr(f"{name}-{version}.dist-info/WHEEL", f"Tag: {tag}\n")
    return path


def test_the_tar_is_sorted_dated_and_owned_by_nobody_in_particular() -> None:
    data = bundle_writer.tar_bytes({"b/run.sh": b"#!/bin/sh\n", "a.txt": b"x", "b/a": b""})
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = archive.getmembers()
    assert [m.name for m in members] == ["a.txt", "b/a", "b/run.sh"]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {
        (bundle_writer.EPOCH, 0, 0, "", "")
    }
    assert [m.mode for m in members] == [0o644, 0o644, 0o755]


def test_the_bundle_is_the_same_however_the_inputs_are_ordered_and_dated(tmp_path: Path) -> None:
    wheels = [write_wheel(tmp_path, "one", ["two"]), write_wheel(tmp_path, "two", ["numpy"])]
    (tmp_path / "conf").write_text("c")
    (tmp_path / "readme").write_text("r")
    files = [("conf", tmp_path / "conf"), ("README.md", tmp_path / "readme")]
    first = bundle_writer.bundle_bytes(files, wheels, LOCK)
    for path in [*wheels, tmp_path / "conf"]:
        os.utime(path, (1, 1))
    assert bundle_writer.bundle_bytes(files[::-1], wheels[::-1], LOCK) == first
    (tmp_path / "conf").write_text("d")
    assert bundle_writer.bundle_bytes(files, wheels, LOCK) != first


def test_requirements_lock_holds_our_wheels_with_their_hashes(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "two", [], version="1+mf1")
    text = bundle_writer.our_lock([bundle_writer.read_wheel(wheel)])
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert text == f"two==1+mf1 \\\n    --hash=sha256:{digest}\n"


def test_a_wheel_is_named_by_what_it_states_and_not_by_its_file(tmp_path: Path) -> None:
    written = write_wheel(tmp_path, "Two-words", [], "1+mf1", "cp311-cp311-linux_x86_64")
    wheel = bundle_writer.read_wheel(written.rename(tmp_path / "Two_words-1_mf1.whl"))
    assert wheel.file_name == "two_words-1+mf1-cp311-cp311-linux_x86_64.whl"


def test_third_party_lock_holds_what_the_wheels_need_and_what_that_needs(tmp_path: Path) -> None:
    wheels = [
        bundle_writer.read_wheel(write_wheel(tmp_path, "one", ["two==0.1", "mindspore==2.10.0"])),
        bundle_writer.read_wheel(write_wheel(tmp_path, "two", ["absent; extra == 'x'"])),
    ]
    text = bundle_writer.third_party_lock(wheels, LOCK)
    assert list(locks.parse_lock(text)) == ["mindspore", "numpy", "scipy"]
    assert 'scipy==1.13.1 ; python_version < "3.13" \\\n' in text
    assert f"--hash=sha256:{'b' * 64} \\\n    --hash=sha256:{'c' * 64}\n" in text


def test_a_requirement_that_the_lock_lacks_is_an_error_that_names_it(tmp_path: Path) -> None:
    wheel = bundle_writer.read_wheel(write_wheel(tmp_path, "one", ["unheard-of>=2"]))
    with pytest.raises(LockError, match="'unheard-of>=2' is not in the lock file"):
        bundle_writer.third_party_lock([wheel], LOCK)


def test_a_requirement_pinned_to_another_version_than_the_lock_is_an_error(tmp_path: Path) -> None:
    wheel = bundle_writer.read_wheel(write_wheel(tmp_path, "one", ["mindspore==2.9.0"]))
    with pytest.raises(LockError, match=r"'mindspore==2\.9\.0' is wanted, .* has 2\.10\.0"):
        bundle_writer.third_party_lock([wheel], LOCK)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("numpy>=1 \\\n    --hash=sha256:" + "a" * 64, "is not 'name==version'"),
        ("numpy==1\n", "has no --hash"),
        ("    --hash=sha256:" + "a" * 64, "before the first pin"),
    ],
)
def test_a_malformed_lock_is_refused(text: str, message: str) -> None:
    with pytest.raises(LockError, match=message):
        locks.parse_lock(text)


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x"])
def test_a_path_outside_the_bundle_is_refused(name: str) -> None:
    with pytest.raises(BundleError, match="outside the bundle"):
        bundle_writer.tar_bytes({name: b""})


def test_two_files_for_one_path_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(BundleError, match=r"two files would become 'third_party\.lock'"):
        bundle_writer.bundle_bytes([("third_party.lock", tmp_path / "a")], [], LOCK)


def test_a_file_that_is_no_wheel_is_one_line_and_leaves_no_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.whl").write_text("no zip")
    (tmp_path / "lock").write_text(LOCK)
    spec = {"files": [], "wheels": [str(tmp_path / "x.whl")], "lock": str(tmp_path / "lock")}
    (tmp_path / "spec").write_text(json.dumps(spec))
    out = tmp_path / "out.tar"
    assert bundle_writer.main(["--spec", str(tmp_path / "spec"), "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("bundle_writer: x.whl is not a wheel") and error.count("\n") == 1
    assert not out.exists()
