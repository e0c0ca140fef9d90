# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the locks of the Python environments: bazel run //third_party/python:lock -- [NAME ...].

Each NAME.in becomes NAME.txt. pip-tools chooses the versions, with pip as the machine has it set
up; what third_party/upstreams.bzl pins is held at that version. Then each wheel is had and its
hash and file name are written beside its version, one file a distribution: the one for this
machine's Python. Versions already locked are kept; --upgrade takes the newest.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from third_party.fetch.cache import (
    Artifact,
    Cache,
    FetchError,
    default_root,
    sha256_of,
    write_whole,
)
from third_party.fetch.clients import fetch_unpinned
from third_party.fetch.lockfile import entry, read_lock
from third_party.fetch.pins import Pin, artifact, read_table

_HEADER = """# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
#
# Written by: bazel run //third_party/python:lock
"""
_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;]+)$")


def main(arguments: list[str]) -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="lock", description=__doc__)
    parser.add_argument("names", nargs="*", help="locks to write (default: all)")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    parser.add_argument("--tools-python", required=True, help="a Python that has pip-tools")
    options = parser.parse_args(arguments)
    tools = Path(options.tools_python).absolute()
    third_party = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ".")) / "third_party"
    try:
        cache = Cache(default_root(dict(os.environ)))
        pins = read_table(third_party / "upstreams.bzl")
        folder = third_party / "python"
        for name in options.names or sorted(path.stem for path in folder.glob("*.in")):
            print(f"locking {name}", file=sys.stderr)
            write_lock(cache, pins, tools, folder / f"{name}.in", options.upgrade)
    except FetchError as error:
        print(f"lock: {error}", file=sys.stderr)
        return 1
    return 0


def write_lock(
    cache: Cache, pins: dict[str, Pin], tools: Path, source: Path, upgrade: bool
) -> None:
    """Writes the lock beside one .in file."""
    if not source.is_file():
        raise FetchError(f"there is no {source}")
    lock = source.with_suffix(".txt")
    known = {}
    if lock.is_file():
        known = {(wheel.name, wheel.version): wheel for wheel in read_lock(lock, lock.name)}
    lines = [_HEADER]
    for line in _resolve(cache, pins, tools, source, upgrade).splitlines(keepends=True):
        found = _PINNED.match(line.strip())
        if found:
            wheel = known.get((found["name"], found["version"]))
            wheel = wheel or _have(cache, found["name"], found["version"], source.name)
            line = entry(wheel.name, wheel.version, wheel.sha256, wheel.file)
        lines.append(line)
    write_whole(lock, "".join(lines).encode())


def _resolve(cache: Cache, pins: dict[str, Pin], tools: Path, source: Path, upgrade: bool) -> str:
    """What an .in file comes to: lines NAME==VERSION, and comments of pip-tools."""
    lock = source.with_suffix(".txt")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(source, folder)
        if lock.is_file():
            shutil.copy(lock, folder)
        held, options = [], []
        for pin in pins.values():
            if pin.fields["kind"] == "pypi":
                held.append(f"{pin.fields['name']}=={pin.fields['version']}\n")
                options += _offer(cache.path(artifact(pin, "")))
        (folder / "pins").write_text("".join(held), encoding="utf-8")
        command = [str(tools), "-m", "piptools", "compile", "--quiet", "--no-header"]
        command += ["--strip-extras", "--allow-unsafe", "--no-emit-options", "--constraint=pins"]
        command += [*options, *(["--upgrade"] if upgrade else [])]
        command += [f"--output-file={lock.name}", source.name]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if result.returncode:
            reason = result.stderr.strip().splitlines() or ["no reason given"]
            raise FetchError(f"{source.name} cannot be resolved: {reason[-1]}")
        return (folder / lock.name).read_text(encoding="utf-8")


def _offer(file: Path) -> list[str]:
    """pip-tools' option to see a pin that is in the cache, also where no index has it."""
    return [f"--find-links={file.parent}"] if file.is_file() else []


def _have(cache: Cache, name: str, version: str, origin: str) -> Artifact:
    """The wheel of one version for this machine, downloaded into the cache."""
    asked = Artifact("pypi", name, version, file=".whl", sha256="", origin=origin)
    with cache.work_folder(f"lock-{os.getpid()}") as folder:
        found = fetch_unpinned(asked, folder)
        wheel = Artifact("pypi", name, version, found.name, sha256_of(found), origin)
        cache.add(wheel, found)
    return wheel


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
