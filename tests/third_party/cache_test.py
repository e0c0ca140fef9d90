# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The download cache: whole files or none, one download at a time, errors in words."""

from __future__ import annotations

import hashlib
import multiprocessing
from pathlib import Path

import pytest

from third_party.fetch.cache import Artifact, Cache, FetchError, default_root, write_whole

CONTENT = b"the content of a pinned file"
PIN = Artifact(
    kind="pypi",
    name="thing",
    version="1.0",
    file="thing-1.0.tar.gz",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    origin="table.bzl:3",
)


def download(pin: Artifact, folder: Path) -> Path:
    file = folder / pin.file
    file.write_bytes(CONTENT)
    return file


def refuse(pin: Artifact, folder: Path) -> Path:
    raise AssertionError(f"{pin} must not be downloaded")


def logged_fetch(root: Path, log: Path) -> None:
    def logging_download(pin: Artifact, folder: Path) -> Path:
        with log.open("a") as stream:
            stream.write("downloaded\n")
        return download(pin, folder)

    Cache(root).get(PIN, logging_download)


def test_a_file_is_downloaded_once(tmp_path) -> None:
    cache = Cache(tmp_path)
    assert cache.get(PIN, download).read_bytes() == CONTENT
    assert cache.get(PIN, refuse).read_bytes() == CONTENT


def test_processes_that_want_the_same_file_download_it_once(tmp_path) -> None:
    log = tmp_path / "log"
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=logged_fetch, args=(tmp_path, log)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    assert log.read_text() == "downloaded\n"


def test_a_file_in_the_cache_is_read_only(tmp_path) -> None:
    assert Cache(tmp_path).get(PIN, download).stat().st_mode & 0o222 == 0


def test_an_interrupted_download_leaves_nothing(tmp_path) -> None:
    def interrupted(pin: Artifact, folder: Path) -> Path:
        (folder / pin.file).write_bytes(CONTENT[:5])
        raise KeyboardInterrupt

    cache = Cache(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        cache.get(PIN, interrupted)
    assert not cache.path(PIN).exists()
    assert list((tmp_path / "work").iterdir()) == []


def test_a_download_of_other_bytes_is_refused(tmp_path) -> None:
    def other(pin: Artifact, folder: Path) -> Path:
        (folder / "x").write_bytes(b"other")
        return folder / "x"

    cache = Cache(tmp_path)
    with pytest.raises(FetchError, match=r"^table\.bzl:3: thing 1\.0 has sha256 ") as caught:
        cache.get(PIN, other)
    assert PIN.sha256 in str(caught.value)
    assert hashlib.sha256(b"other").hexdigest() in str(caught.value)
    assert not cache.path(PIN).exists()


def test_a_full_disk_is_one_line_with_a_remedy(tmp_path) -> None:
    def to_a_full_device(pin: Artifact, folder: Path) -> Path:
        Path("/dev/full").write_bytes(CONTENT)
        return folder

    with pytest.raises(FetchError, match="no space left in .* for thing 1.0") as caught:
        Cache(tmp_path).get(PIN, to_a_full_device)
    assert "MINDFORGE_CACHE" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_was_had_otherwise_is_checked_too(tmp_path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"other")
    with pytest.raises(FetchError, match="has sha256"):
        Cache(tmp_path / "cache").add(PIN, source)


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({"MINDFORGE_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/mindforge"),
        ({"HOME": "/c"}, "/c/.cache/mindforge"),
    ],
)
def test_the_cache_lies_where_the_environment_says(environ: dict[str, str], root: str) -> None:
    assert default_root(environ) == Path(root)


def test_a_relative_cache_is_refused() -> None:
    with pytest.raises(FetchError, match="MINDFORGE_CACHE is some/where: give an absolute path"):
        default_root({"MINDFORGE_CACHE": "some/where"})


def test_without_a_home_the_cache_must_be_named() -> None:
    with pytest.raises(FetchError, match="set MINDFORGE_CACHE"):
        default_root({})


def test_a_failed_write_leaves_the_old_file(tmp_path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    (tmp_path / "file.part").mkdir()
    with pytest.raises(OSError, match="file.part"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
