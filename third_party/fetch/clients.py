# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Downloads through the clients that the machine has set up: pip and npm.

No address of a registry is known here. pip and npm read their own settings (indexes, mirrors,
certificates, credentials), so a machine that can install a package can also fetch its pin.
"""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from third_party.fetch.cache import Artifact, Cache, FetchError, Unavailable, wrong_hash

_GOT_HASH = re.compile(r"\bGot\s+([0-9a-f]{64})\b")
_DISK_FULL = re.compile(r"No space left on device|ENOSPC|Disk quota exceeded")


def fetch(cache: Cache, artifact: Artifact) -> Path:
    """The artifact's file in the cache, downloaded if it is not there yet.

    Raises:
      FetchError: see Cache.get. The message of Unavailable says how to provide the file by hand.
    """
    try:
        return cache.get(artifact, _DOWNLOADS[artifact.kind])
    except Unavailable as error:
        raise Unavailable(
            f"{artifact.origin}: {artifact.name} {artifact.version} could not be had ({error}). "
            f"Either {_HOW_TO_SET_UP[artifact.kind]}, or put the file with sha256 "
            f"{artifact.sha256} at {cache.path(artifact)}"
        ) from error


def fetch_unpinned(artifact: Artifact, folder: Path) -> Path:
    """Downloads the archive of a version whose file name and hash are not known yet.

    Args:
      artifact: kind, name and version count; file only says whether it is a wheel.
      folder: an empty folder to work in.

    Raises:
      Unavailable: no index offers that version.
    """
    if artifact.kind == "npm":
        return _download_from_npm(artifact, folder)
    return _pip_download(artifact, folder, f"{artifact.name}=={artifact.version}")


def _download_from_pypi(artifact: Artifact, folder: Path) -> Path:
    """pip checks the hash itself, before it looks into an sdist for its metadata."""
    requirement = f"{artifact.name}=={artifact.version} --hash=sha256:{artifact.sha256}"
    return _pip_download(artifact, folder, requirement)


def _pip_download(artifact: Artifact, folder: Path, requirement: str) -> Path:
    listed = folder / "requirement.txt"
    listed.write_text(requirement + "\n", encoding="utf-8")
    form = "--only-binary" if artifact.file.endswith(".whl") else "--no-binary"
    result = run_pip(
        [
            "download",
            "--no-deps",
            "--no-cache-dir",
            f"{form}={artifact.name}",
            f"--dest={folder / 'file'}",
            f"--requirement={listed}",
        ],
        scratch=folder,
    )
    if result.returncode:
        if found := _GOT_HASH.search(result.stdout):
            raise wrong_hash(artifact, found[1])
        raise _failure("pip", artifact, result.stdout)
    return _only_file(artifact, folder / "file")


def _download_from_npm(artifact: Artifact, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("there is no npm on PATH")
    destination = folder / "file"
    destination.mkdir()
    result = _run(
        [
            npm,
            "pack",
            f"{artifact.name}@{artifact.version}",
            f"--pack-destination={destination}",
            f"--cache={folder / 'npm'}",
        ],
        scratch=folder,
    )
    if result.returncode:
        raise _failure("npm", artifact, result.stdout)
    return _only_file(artifact, destination)


_DOWNLOADS = {"pypi": _download_from_pypi, "npm": _download_from_npm}

_HOW_TO_SET_UP = {
    "pypi": "let pip see an index that has it (pip config set global.index-url, PIP_INDEX_URL, "
    "PIP_FIND_LINKS)",
    "npm": "install npm and let it see a registry that has it (npm config set registry)",
}


def run_pip(
    arguments: Sequence[str], scratch: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the machine's pip, its output and its errors together in `stdout`.

    Args:
      arguments: of pip.
      scratch: a folder for pip's temporary files, on the disk that has room for them.
    """
    return _run([*_pip(), "--no-input", "--disable-pip-version-check", *arguments], scratch=scratch)


@functools.cache
def _pip() -> tuple[str, ...]:
    """The command that starts pip: this Python's own, else that of a fresh virtual environment."""
    own = (sys.executable, "-s", "-P", "-m", "pip")
    if _run([*own, "--version"]).returncode == 0:
        return own
    folder = Path(tempfile.mkdtemp(prefix="mindforge-pip-"))
    atexit.register(shutil.rmtree, folder)
    result = _run([sys.executable, "-s", "-P", "-m", "venv", str(folder)])
    if result.returncode:
        raise FetchError(
            f"{sys.executable} has neither pip nor the means to make a virtual environment with "
            "it. Run ./tools/setup (Debian: apt-get install python3-venv)"
        )
    return (str(folder / "bin" / "python"), "-P", "-m", "pip")


def _run(command: list[str], scratch: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = dict(os.environ)
    environ.pop("PYTHONPATH", None)
    if scratch is not None:
        environ["TMPDIR"] = str(scratch)
    return subprocess.run(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _failure(client: str, artifact: Artifact, output: str) -> FetchError:
    """What went wrong, as one line: the client's own last word."""
    if _DISK_FULL.search(output):
        return FetchError(
            f"no space left to download {artifact}: free some, or set MINDFORGE_CACHE to a folder "
            "on another disk"
        )
    said = [line.strip() for line in output.splitlines()]
    errors = [line for line in said if re.match(r"(npm )?(ERROR:?|error) ", line)]
    # npm starts with a code and ends with where its log lies; pip ends with the reason.
    reason = errors[:2] if client == "npm" else errors[-1:]
    return Unavailable(f"{client} says: {', '.join(reason or said[-1:])}")


def _only_file(artifact: Artifact, folder: Path) -> Path:
    files = list(folder.iterdir())
    if len(files) != 1:
        names = ", ".join(sorted(file.name for file in files)) or "nothing"
        raise FetchError(f"{artifact.origin}: expected {artifact.file}, downloaded {names}")
    return files[0]
