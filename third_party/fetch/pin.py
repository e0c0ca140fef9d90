# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Moves a pin to another version: bazel run //third_party:pin -- NAME VERSION.

The archive of that version is downloaded, its file name and hash are written into
third_party/upstreams.bzl, and it stays in the download cache. After an error nothing has changed.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from third_party.fetch.cache import Cache, FetchError, default_root, sha256_of, write_whole
from third_party.fetch.clients import fetch_unpinned
from third_party.fetch.pins import artifact, find, rewrite

TABLE = "third_party/upstreams.bzl"


def main(arguments: list[str]) -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="pin", description=__doc__)
    parser.add_argument("name", help="name of the pin in the table")
    parser.add_argument("version", help="the version to pin")
    options = parser.parse_args(arguments)
    workspace = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    try:
        cache = Cache(default_root(dict(os.environ)))
        print(move(cache, workspace / TABLE, options.name, options.version))
    except FetchError as error:
        print(f"pin: {error}", file=sys.stderr)
        return 1
    return 0


def move(cache: Cache, table: Path, name: str, version: str) -> str:
    """Rewrites one pin of a table and returns what was done, for the user.

    Raises:
      FetchError: there is no such pin, or that version cannot be had.
    """
    pin = find(table, name)
    old = artifact(pin, TABLE)
    with cache.work_folder(f"pin-{os.getpid()}") as folder:
        found = fetch_unpinned(replace(old, version=version), folder)
        new = replace(old, version=version, file=found.name, sha256=sha256_of(found))
        cache.add(new, found)
    changes = {"version": new.version, "file": new.file, "sha256": new.sha256}
    write_whole(table, rewrite(table, pin, changes))
    locks = [path.name for path in locks_that_name(table.parent / "python", new.name)]
    advice = f"\n{', '.join(locks)}: now bazel run //third_party/python:lock" if locks else ""
    return f"{old.origin}: {name} {old.version} -> {version}, sha256 {new.sha256}{advice}"


def locks_that_name(folder: Path, distribution: str) -> list[Path]:
    """The *.in files of a folder that ask for a distribution."""
    return [
        path
        for path in sorted(folder.glob("*.in"))
        if distribution in path.read_text(encoding="utf-8").split()
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
