# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The download cache: files under their sha256, whole or not there at all.

    ROOT/sha256/<hex>/<file name>    a file whose content has that hash
    ROOT/work/<hex>/                 a download under way, removed when it ends
    ROOT/lock/<hex>                  held by the process that downloads that file

A user may put a file under its final name by hand: it is checked like any other.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20


class FetchError(Exception):
    """A file could not be had. The message is one or two lines, for the user."""


class Unavailable(FetchError):
    """No index offers the file, or none can be reached."""


@dataclass(frozen=True)
class Artifact:
    """One file to be had from outside.

    Attributes:
      kind: 'pypi' or 'npm'.
      name: its name on the index.
      version: exact version.
      file: file name.
      sha256: hash of the file, 64 hexadecimal digits.
      origin: 'PATH:LINE' of the pin, for messages.
    """

    kind: str
    name: str
    version: str
    file: str
    sha256: str
    origin: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.origin})"


Download = Callable[[Artifact, Path], Path]
"""Downloads an artifact into an empty folder and returns the file."""


def sha256_of(path: Path) -> str:
    """The sha256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def default_root(environ: dict[str, str]) -> Path:
    """The folder of the cache: MINDFORGE_CACHE, else below the user's cache directory."""
    if chosen := environ.get("MINDFORGE_CACHE"):
        root = Path(chosen).expanduser()
        if not root.is_absolute():
            raise FetchError(f"MINDFORGE_CACHE is {chosen}: give an absolute path")
        return root
    if caches := environ.get("XDG_CACHE_HOME"):
        return Path(caches) / "mindforge"
    if home := environ.get("HOME"):
        return Path(home) / ".cache" / "mindforge"
    raise FetchError("there is no HOME for the download cache: set MINDFORGE_CACHE to a folder")


def is_disk_full(error: OSError) -> bool:
    """Whether an error means that the disk, or the user's share of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


class Cache:
    """A content-addressed cache of downloads."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def path(self, artifact: Artifact) -> Path:
        """Where the artifact lies, or would lie."""
        return self.root / "sha256" / artifact.sha256 / artifact.file

    def get(self, artifact: Artifact, download: Download) -> Path:
        """The artifact's file: from the cache if it is there and right, else downloaded.

        Raises:
          FetchError: wrong hash, no disk, or another error in words for the user.
          Unavailable: it is not in the cache and download could not find it.
        """
        path = self.path(artifact)
        try:
            if path.is_file() and sha256_of(path) == artifact.sha256:
                return path
            with self._locked(artifact):
                if not self._is_right(artifact):
                    self._download(artifact, download)
        except OSError as error:
            if is_disk_full(error):
                raise FetchError(
                    f"no space left in {self.root} for {artifact}: free some, "
                    "or set MINDFORGE_CACHE to a folder on another disk"
                ) from error
            raise FetchError(f"cannot keep {artifact} in {self.root}: {error}") from error
        return path

    def add(self, artifact: Artifact, source: Path) -> Path:
        """Takes in a file that was had in another way, moving it; returns its path in the cache."""

        def take(_: Artifact, folder: Path) -> Path:
            return Path(shutil.move(source, folder / artifact.file))

        return self.get(artifact, take)

    @contextlib.contextmanager
    def work_folder(self, name: str) -> Iterator[Path]:
        """An empty folder on the cache's disk, removed at the end."""
        folder = self.root / "work" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _is_right(self, artifact: Artifact) -> bool:
        path = self.path(artifact)
        if not path.is_file():
            return False
        found = sha256_of(path)
        if found == artifact.sha256:
            return True
        print(
            f"{path} is corrupt or another file: its sha256 is {found}. Fetching {artifact} again",
            file=sys.stderr,
        )
        return False

    def _download(self, artifact: Artifact, download: Download) -> None:
        path = self.path(artifact)
        with self.work_folder(artifact.sha256) as folder:
            part = download(artifact, folder)
            check_hash(artifact, part)
            part.chmod(0o444)
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
            path.parent.mkdir(parents=True, exist_ok=True)
            part.replace(path)

    @contextlib.contextmanager
    def _locked(self, artifact: Artifact) -> Iterator[None]:
        lock = self.root / "lock" / artifact.sha256
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def check_hash(artifact: Artifact, path: Path) -> None:
    """Raises FetchError unless the file has the artifact's hash."""
    found = sha256_of(path)
    if found != artifact.sha256:
        raise wrong_hash(artifact, found)


def wrong_hash(artifact: Artifact, found: str) -> FetchError:
    """The error for a file that is not the pinned one."""
    return FetchError(
        f"{artifact.origin}: {artifact.name} {artifact.version} has sha256 {found}, "
        f"but the pin says {artifact.sha256}. Do not use it unless you know why it changed"
    )


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file's content at once: a reader sees the old or the new, never a part."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
