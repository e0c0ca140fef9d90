# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What repository rules run to get files from outside.

    python -m third_party.fetch.fetch archive FOLDER --table=FILE --pin=NAME
    python -m third_party.fetch.fetch missing --lock=FILE
    python -m third_party.fetch.fetch wheels FOLDER --lock=FILE [--only=NAME]

--origin is the path of the table or of the lock as a user sees it, for messages.

Exit status: 0 done, 1 an error, 3 the file is neither in the cache nor to be had from an index.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from third_party.fetch.archive import unpack
from third_party.fetch.cache import Cache, FetchError, Unavailable, default_root, is_disk_full
from third_party.fetch.clients import fetch
from third_party.fetch.lockfile import read_lock
from third_party.fetch.pins import artifact, find

UNAVAILABLE = 3


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        cache = Cache(default_root(dict(os.environ)))
        options.run(cache, options)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return UNAVAILABLE
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        if not is_disk_full(error):
            raise
        print(f"no space left for {error.filename or 'the files'}: free some", file=sys.stderr)
        return 1
    return 0


def _archive(cache: Cache, options: argparse.Namespace) -> None:
    wanted = artifact(find(options.table, options.pin), options.origin)
    unpack(fetch(cache, wanted), options.folder, options.strip_prefix, options.include or ("**",))


def _missing(cache: Cache, options: argparse.Namespace) -> None:
    """Prints the names whose wheels are not in the cache, one a line. Hashes are not read here."""
    for wheel in read_lock(options.lock, options.origin):
        if not cache.path(wheel).exists():
            print(wheel.name)


def _wheels(cache: Cache, options: argparse.Namespace) -> None:
    """Puts the wheels of a lock, or one of them, into a folder under their own names."""
    options.folder.mkdir(parents=True, exist_ok=True)
    for wheel in read_lock(options.lock, options.origin):
        if options.only in (None, wheel.name):
            link_or_copy(fetch(cache, wheel), options.folder / wheel.file)


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the two lie on different disks."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fetch", description=__doc__)
    commands = parser.add_subparsers(required=True)
    archive = commands.add_parser("archive")
    archive.set_defaults(run=_archive)
    archive.add_argument("folder", type=Path)
    archive.add_argument("--table", type=Path, required=True)
    archive.add_argument("--pin", required=True)
    archive.add_argument("--strip-prefix", default="")
    archive.add_argument("--include", action="append")
    missing = commands.add_parser("missing")
    missing.set_defaults(run=_missing)
    missing.add_argument("--lock", type=Path, required=True)
    wheels = commands.add_parser("wheels")
    wheels.set_defaults(run=_wheels)
    wheels.add_argument("folder", type=Path)
    wheels.add_argument("--lock", type=Path, required=True)
    wheels.add_argument("--only")
    for command in (archive, missing, wheels):
        command.add_argument("--origin", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
