# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Unpacks wheels, zip files and tar files: regular files only, and only below the folder given."""

from __future__ import annotations

import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import IO

from third_party.fetch.cache import FetchError

_Member = tuple[str, bool, AbstractContextManager[IO[bytes]]]
"""Path in the archive, whether it is executable, its content to be opened."""


def unpack(
    archive: Path, folder: Path, strip_prefix: str = "", include: Sequence[str] = ("**",)
) -> int:
    """Unpacks an archive and returns the number of files written.

    Args:
      archive: a .whl, .zip, .tar.gz, .tgz, .tar.bz2 or .tar.xz file.
      folder: where to; made if it is not there.
      strip_prefix: folder of the archive whose content is wanted; what lies outside is left out.
      include: patterns of the paths wanted, after strip_prefix; `*` stays in one folder, `**` does
        not.

    Raises:
      FetchError: a path that leaves the folder, or nothing to unpack.
    """
    wanted = re.compile("|".join(_expression(pattern) for pattern in include))
    prefix = f"{strip_prefix.rstrip('/')}/" if strip_prefix else ""
    written = 0
    for name, executable, content in _members(archive):
        relative = name.removeprefix(prefix)
        if not name.startswith(prefix) or not wanted.fullmatch(relative):
            continue
        path = PurePosixPath(relative)
        if path.is_absolute() or ".." in path.parts:
            raise FetchError(f"{archive.name} is unsafe: its member {name} lies outside of it")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with content as source, target.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        target.chmod(0o755 if executable else 0o644)
        written += 1
    if not written:
        raise FetchError(f"{archive.name} has no file {prefix}{{{','.join(include)}}}")
    return written


def _members(archive: Path) -> Iterator[_Member]:
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as bundle:
            for info in bundle.infolist():
                mode = info.external_attr >> 16
                if not info.is_dir() and not stat.S_ISLNK(mode):
                    yield info.filename, bool(mode & 0o111), bundle.open(info)
        return
    with tarfile.open(archive) as tape:
        for member in tape:
            content = tape.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, bool(member.mode & 0o111), content


def _expression(pattern: str) -> str:
    """The regular expression of a pattern in which `**` also matches slashes."""
    parts = re.split(r"(\*\*/?|\*)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return "".join(meaning.get(part, re.escape(part)) for part in parts)
