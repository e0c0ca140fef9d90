# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Archives come from anywhere, so nothing in one is trusted.

Every member is judged before a byte of it is written, files are written before any link exists, and
what would land outside, replace another member, be no file at all or fill the disk is refused with
the archive's and the member's name. That is stricter than tarfile's `data` filter, holds for zip
files as well, and does not depend on the version of Python.
"""

from __future__ import annotations

import functools
import lzma
import os
import shutil
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from torch2ms.errors import UsageError

# Source shrinks to a tenth, long tables to a fiftieth; a bomb to a thousandth.
_MOST_GROWTH = 100
_ALWAYS_ALLOWED = 256 << 20
# What a member costs besides its bytes: a million empty files fill a disk as well.
_MEMBER_BYTES = 512

_Open = Callable[[], IO[bytes] | None]


def unpack(source: Path, root: Path, zipped: bool) -> None:
    """Unpack a zip file or a tar file into the empty directory `root`.

    Raises UsageError for an archive that cannot be read or holds what is not allowed.
    """
    unpacking = _Unpacking(source, root)
    try:
        if zipped:
            unpacking.zip()
        else:
            unpacking.tar()
    except (
        *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
        *(EOFError, NotImplementedError),
    ) as error:
        raise UsageError(f"{source}: cannot be read as an archive: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        # gzip and bz2 tell about damage this way.
        raise UsageError(f"{source}: cannot be read as an archive: {error}") from error
    unpacking.finish()


class _Unpacking:
    """One archive on its way into the directory `root`."""

    def __init__(self, source: Path, root: Path) -> None:
        self._source = source
        self._root = root
        self._budget = max(_ALWAYS_ALLOWED, _MOST_GROWTH * source.stat().st_size)
        # Each path as a file system without letter case would tell it from others -> its name.
        self._files: dict[str, str] = {}
        self._directories: dict[str, str] = {}
        self._links: list[tuple[str, str, str]] = []

    def tar(self) -> None:
        """Unpack a tar file, whatever its compression."""
        with tarfile.open(self._source) as archive:
            for member in archive:
                name = member.name
                if member.isdir():
                    self._directory(name)
                elif member.issym():
                    self._link(name, member.linkname)
                elif member.islnk():
                    self._same(name, member.linkname)
                elif member.isreg() and not member.issparse():
                    read = functools.partial(archive.extractfile, member)
                    self._file(name, member.size, member.mode, read)
                else:
                    raise self._refused(name, "neither a file, a directory nor a link")
            # Checksums of a compressed file stand at its end, behind what tar reads.
            while archive.fileobj is not None and (rest := archive.fileobj.read(1 << 16)):
                self._pay("the end of the archive", len(rest))

    def zip(self) -> None:
        """Unpack a zip file; Unix modes are followed as far as they say what a member is."""
        with zipfile.ZipFile(self._source) as archive:
            for member in archive.infolist():
                name, mode = member.filename, member.external_attr >> 16
                kind = stat.S_IFMT(mode)
                if member.flag_bits & 1:
                    raise self._refused(name, "encrypted")
                if member.is_dir():
                    self._directory(name)
                elif kind == stat.S_IFLNK:
                    self._pay(name, member.file_size)
                    self._link(name, os.fsdecode(archive.read(member)))
                elif kind in (0, stat.S_IFREG):
                    read = functools.partial(archive.open, member)
                    self._file(name, member.file_size, mode, read)
                else:
                    raise self._refused(name, "neither a file, a directory nor a link")

    def finish(self) -> None:
        """Make the links, and refuse those that lead out of the archive by whatever way."""
        for _, path, target in self._links:
            os.symlink(target, self._root / path)
        root = os.path.realpath(self._root)
        for name, path, target in self._links:
            end = os.path.realpath(self._root / path)
            if os.path.isabs(target) or os.path.commonpath([root, end]) != root:
                raise self._refused(name, f"a link that leaves the archive: {target}")

    # --- one member

    def _file(self, name: str, size: int, mode: int, read: _Open) -> None:
        place = self._new(name)
        self._pay(name, size)
        data = read()
        if data is None:
            raise self._refused(name, "has no content")
        with data, place.open("xb") as file:
            shutil.copyfileobj(data, file)
        os.chmod(place, 0o755 if mode & stat.S_IXUSR else 0o644)

    def _same(self, name: str, other: str) -> None:
        """A hard link: the bytes of an earlier member once more."""
        earlier = self._root / self._path(other)
        if not earlier.is_file():
            raise self._refused(name, f"a link to {other}, which is no file before it")
        size, mode = earlier.stat().st_size, earlier.stat().st_mode
        self._file(name, size, mode, lambda: earlier.open("rb"))

    def _link(self, name: str, target: str) -> None:
        self._pay(name, len(target))
        path = self._new(name).relative_to(self._root)
        self._links.append((name, str(path), target))

    def _directory(self, name: str) -> None:
        self._pay(name, 0)
        path = self._path(name)
        if path != ".":
            self._claim_directory(name, path)
            (self._root / path).mkdir(parents=True, exist_ok=True)

    def _new(self, name: str) -> Path:
        """The place for a member that is not a directory, which no other has."""
        path = self._path(name)
        if path == ".":
            raise self._refused(name, "has no name")
        parent = os.path.dirname(path)
        if parent:
            self._claim_directory(name, parent)
        key = _key(path)
        if key in self._files or key in self._directories:
            other = self._files.get(key) or self._directories[key]
            raise self._refused(name, f"has the same place as {other!r}")
        self._files[key] = name
        place = self._root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _claim_directory(self, name: str, path: str) -> None:
        while path:
            key = _key(path)
            if key in self._files:
                raise self._refused(name, f"lies below {self._files[key]!r}, which is no directory")
            if self._directories.setdefault(key, path) != path:
                other = self._directories[key]
                raise self._refused(name, f"differs from {other!r} in nothing but letter case")
            path = os.path.dirname(path)

    def _path(self, name: str) -> str:
        """A member's path below the root; refuses what is not below it."""
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or "\0" in name or parts[0][1:2] == ":":
            raise self._refused(name, "not a relative path")
        if ".." in parts:
            raise self._refused(name, "leads out of its directory")
        return os.path.normpath(name) if name else "."

    def _pay(self, name: str, size: int) -> None:
        self._budget -= size + _MEMBER_BYTES
        if self._budget < 0:
            raise self._refused(name, f"unpacks to more than {_MOST_GROWTH} times the archive")

    def _refused(self, name: str, reason: str) -> UsageError:
        return UsageError(
            f"{self._source}: member {name!r}: {reason}; not unpacked"
            " (if you trust the archive, unpack it and convert the directory)"
        )


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
