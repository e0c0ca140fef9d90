# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What users see of fetching: the program that repository rules run, with the real pip."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

WRONG = "0" * 64


def cached(tmp_path: Path, pin) -> Path:
    return tmp_path / "cache" / "sha256" / pin.sha256 / pin.file


def test_a_pinned_archive_is_unpacked(tmp_path, index, fetch, archive_options) -> None:
    pin = index.add_wheel()
    result = fetch("archive", tmp_path / "out", *archive_options(pin))
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out/sample/__init__.py").read_text() == "VERSION = '1.0'\n"


def test_a_second_fetch_needs_no_index(tmp_path, index, fetch, archive_options) -> None:
    options = archive_options(index.add_wheel())
    assert fetch("archive", tmp_path / "first", *options).returncode == 0
    second = fetch("archive", tmp_path / "second", *options, online=False)
    assert second.returncode == 0, second.stderr
    assert (tmp_path / "second/sample/__init__.py").is_file()


def test_a_wrong_hash_names_both_hashes_and_the_line_of_the_pin(
    tmp_path, index, fetch, archive_options
) -> None:
    right = index.add_wheel()
    wrong = dataclasses.replace(right, sha256=WRONG)
    result = fetch("archive", tmp_path / "out", *archive_options(wrong))
    assert result.returncode == 1
    assert result.stderr.startswith("third_party/upstreams.bzl:4: sample 1.0 ")
    assert right.sha256 in result.stderr
    assert WRONG in result.stderr
    assert result.stderr.count("\n") == 1
    assert not cached(tmp_path, wrong).exists()
    assert not (tmp_path / "out").exists()


def test_without_an_index_the_error_says_where_to_put_the_file(
    tmp_path, index, fetch, archive_options
) -> None:
    pin = index.add_wheel()
    result = fetch("archive", tmp_path / "out", *archive_options(pin), online=False)
    assert result.returncode == 3
    assert "third_party/upstreams.bzl:4: sample 1.0 could not be had" in result.stderr
    assert "PIP_INDEX_URL" in result.stderr
    assert pin.sha256 in result.stderr
    assert result.stderr.count("\n") == 1
    where = Path(result.stderr.split()[-1])
    assert where == cached(tmp_path, pin)

    where.parent.mkdir(parents=True)
    where.write_bytes((index.folder / pin.file).read_bytes())
    again = fetch("archive", tmp_path / "out", *archive_options(pin), online=False)
    assert again.returncode == 0, again.stderr


def test_a_wrong_file_put_into_the_cache_is_not_used(
    tmp_path, index, fetch, archive_options
) -> None:
    pin = index.add_wheel()
    entry = cached(tmp_path, pin)
    entry.parent.mkdir(parents=True)
    entry.write_bytes(b"something else")
    result = fetch("archive", tmp_path / "out", *archive_options(pin), online=False)
    assert result.returncode == 3
    assert "is corrupt or another file" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_corrupt_cache_entry_is_fetched_again(tmp_path, index, fetch, archive_options) -> None:
    options = archive_options(pin := index.add_wheel())
    fetch("archive", tmp_path / "first", *options)
    entry = cached(tmp_path, pin)
    content = entry.read_bytes()
    entry.chmod(0o644)
    entry.write_bytes(content[:-1])
    result = fetch("archive", tmp_path / "second", *options)
    assert result.returncode == 0, result.stderr
    assert "is corrupt or another file" in result.stderr
    assert entry.read_bytes() == content


def test_what_a_killed_download_left_is_not_used(tmp_path, index, fetch, archive_options) -> None:
    pin = index.add_wheel()
    left = tmp_path / "cache" / "work" / pin.sha256 / "file" / pin.file
    left.parent.mkdir(parents=True)
    left.write_bytes((index.folder / pin.file).read_bytes()[:-10])
    assert fetch("archive", tmp_path / "a", *archive_options(pin), online=False).returncode == 3
    assert not cached(tmp_path, pin).exists()
    assert fetch("archive", tmp_path / "b", *archive_options(pin)).returncode == 0
    assert list((tmp_path / "cache" / "work").iterdir()) == []


def test_an_sdist_is_fetched_whole(tmp_path, index, fetch, archive_options) -> None:
    pin = index.add_sdist(tmp_path / "ran")
    options = [*archive_options(pin), "--strip-prefix=sourced-1.0"]
    result = fetch("archive", tmp_path / "out", *options)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out/backend.py").is_file()


def test_the_code_of_an_sdist_with_a_wrong_hash_never_runs(
    tmp_path, index, fetch, archive_options
) -> None:
    pin = dataclasses.replace(index.add_sdist(tmp_path / "ran"), sha256=WRONG)
    result = fetch("archive", tmp_path / "out", *archive_options(pin))
    assert result.returncode == 1
    assert WRONG in result.stderr
    assert not (tmp_path / "ran").exists()


def test_a_python_without_pip_fetches_too(tmp_path, index, fetch, archive_options) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    result = fetch(
        "archive",
        tmp_path / "out",
        *archive_options(index.add_wheel()),
        python=bare / "bin" / "python",
    )
    assert result.returncode == 0, result.stderr


def test_a_cache_that_cannot_be_written_is_one_line(
    tmp_path, index, fetch, archive_options
) -> None:
    (tmp_path / "file").touch()
    options = archive_options(index.add_wheel())
    result = fetch("archive", tmp_path / "out", *options, MINDFORGE_CACHE=str(tmp_path / "file"))
    assert result.returncode == 1
    assert result.stderr.startswith("cannot keep sample 1.0 (third_party/upstreams.bzl:4) in ")
    assert result.stderr.count("\n") == 1


@pytest.fixture
def lock(tmp_path, index) -> list[str]:
    wheels = [index.add_wheel("sample"), index.add_wheel("second", "2.0")]
    path = tmp_path / "some.txt"
    path.write_text(
        "".join(
            f"{wheel.name}=={wheel.version} \\\n    --hash=sha256:{wheel.sha256}  # {wheel.file}\n"
            for wheel in wheels
        )
    )
    return [f"--lock={path}", "--origin=third_party/python/some.txt"]


def test_missing_lists_the_wheels_that_the_cache_lacks(tmp_path, fetch, lock) -> None:
    assert fetch("missing", *lock).stdout.split() == ["sample", "second"]
    assert fetch("wheels", tmp_path / "house", *lock, "--only=sample").returncode == 0
    assert fetch("missing", *lock).stdout.split() == ["second"]


def test_the_wheels_of_a_lock_need_no_index_the_second_time(tmp_path, fetch, lock) -> None:
    assert fetch("wheels", tmp_path / "first", *lock).returncode == 0
    again = fetch("wheels", tmp_path / "second", *lock, online=False)
    assert again.returncode == 0, again.stderr
    names = ["sample-1.0-py3-none-any.whl", "second-2.0-py3-none-any.whl"]
    assert sorted(path.name for path in (tmp_path / "second").iterdir()) == names


def test_an_absent_wheel_names_the_line_of_the_lock(tmp_path, fetch, lock) -> None:
    result = fetch("wheels", tmp_path / "house", *lock, "--only=second", online=False)
    assert result.returncode == 3
    assert "third_party/python/some.txt:3: second 2.0 could not be had" in result.stderr


def fake_npm(folder: Path, script: str) -> str:
    folder.mkdir()
    npm = folder / "npm"
    npm.write_text("#!/bin/sh\n" + script)
    npm.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def npm_options(archive_options, pin) -> list[str]:
    return archive_options(dataclasses.replace(pin, kind="npm", name="@some/tool"))


def test_an_npm_archive_comes_through_npm(tmp_path, index, fetch, archive_options) -> None:
    pin = index.add_wheel()
    source = index.folder / pin.file
    script = f'test "$1 $2" = "pack @some/tool@1.0" && cp {source} "${{3#*=}}"\n'
    path = fake_npm(tmp_path / "bin", script)
    result = fetch("archive", tmp_path / "out", *npm_options(archive_options, pin), PATH=path)
    assert result.returncode == 0, result.stderr
    assert cached(tmp_path, pin).is_file()


def test_an_npm_archive_with_other_bytes_is_refused(
    tmp_path, index, fetch, archive_options
) -> None:
    pin = index.add_wheel()
    path = fake_npm(tmp_path / "bin", 'echo other > "${3#*=}/tool.tgz"\n')
    result = fetch("archive", tmp_path / "out", *npm_options(archive_options, pin), PATH=path)
    assert result.returncode == 1
    assert pin.sha256 in result.stderr
    assert not cached(tmp_path, pin).exists()


def test_a_disk_that_a_client_finds_full_is_one_line(
    tmp_path, index, fetch, archive_options
) -> None:
    path = fake_npm(tmp_path / "bin", "echo 'npm error code ENOSPC'; echo 'npm error x'; exit 1\n")
    options = npm_options(archive_options, index.add_wheel())
    result = fetch("archive", tmp_path / "out", *options, PATH=path)
    assert result.returncode == 1
    assert result.stderr.startswith("no space left to download @some/tool 1.0 (third_party/")
    assert result.stderr.count("\n") == 1


def test_without_npm_the_error_says_so(tmp_path, index, fetch, archive_options) -> None:
    options = npm_options(archive_options, index.add_wheel())
    result = fetch("archive", tmp_path / "out", *options, PATH=str(tmp_path))
    assert result.returncode == 3
    assert "there is no npm on PATH" in result.stderr
    assert str(tmp_path / "cache") in result.stderr
