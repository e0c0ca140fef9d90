# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Archives are unpacked as asked, and only below their folder."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from third_party.fetch.archive import unpack
from third_party.fetch.cache import FetchError


def tar_of(path: Path, members: dict[str, str], mode: int = 0o644) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            member.mode = mode
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def zip_of(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_the_prefix_is_taken_off(tmp_path, make) -> None:
    name = "a.whl" if make is zip_of else "a.tar.gz"
    archive = make(tmp_path / name, {"top/x/y.txt": "1", "top/z": "2", "beside": "3"})
    assert unpack(archive, tmp_path / "out", strip_prefix="top") == 2
    assert files(tmp_path / "out") == ["x/y.txt", "z"]
    assert (tmp_path / "out/x/y.txt").read_text() == "1"


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (["**"], ["a.h", "d/a.h", "d/b.c", "d/e/a.h"]),
        (["*.h"], ["a.h"]),
        (["d/*"], ["d/a.h", "d/b.c"]),
        (["d/**"], ["d/a.h", "d/b.c", "d/e/a.h"]),
        (["**/*.h"], ["a.h", "d/a.h", "d/e/a.h"]),
        (["**/b.c", "a.h"], ["a.h", "d/b.c"]),
    ],
)
def test_patterns_choose_files(tmp_path, include: list[str], expected: list[str]) -> None:
    members = dict.fromkeys(["a.h", "d/a.h", "d/b.c", "d/e/a.h"], "x")
    unpack(zip_of(tmp_path / "a.zip", members), tmp_path / "out", include=include)
    assert files(tmp_path / "out") == expected


@pytest.mark.parametrize("name", ["../out.txt", "x/../../out.txt", "/tmp/out.txt"])
def test_a_member_outside_of_the_folder_is_refused(tmp_path, name: str) -> None:
    with pytest.raises(FetchError, match="unsafe"):
        unpack(tar_of(tmp_path / "a.tar.gz", {name: "x"}), tmp_path / "out")


def test_links_are_left_out(tmp_path) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as tape:
        link = tarfile.TarInfo("link")
        link.type = tarfile.SYMTYPE
        link.linkname = "/etc/passwd"
        tape.addfile(link)
        tape.addfile(tarfile.TarInfo("file"), io.BytesIO(b""))
    unpack(archive, tmp_path / "out")
    assert files(tmp_path / "out") == ["file"]


@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_executables_stay_executable(tmp_path, mode: int) -> None:
    unpack(tar_of(tmp_path / "a.tar.gz", {"tool": ""}, mode), tmp_path / "out")
    assert (tmp_path / "out/tool").stat().st_mode & 0o777 == mode


def test_an_archive_without_a_wanted_file_is_an_error(tmp_path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"a/b": "x"})
    with pytest.raises(FetchError, match="has no file top/"):
        unpack(archive, tmp_path / "out", strip_prefix="top")
