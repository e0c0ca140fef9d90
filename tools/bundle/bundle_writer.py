# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a model bundle: one tar with wheels, locks, launch scripts, configs and a README.

The tar depends on its inputs alone: entries sorted, one date, owner 0:0 without names, mode by
content, no compression (wheels are compressed already, and no compressor's version can matter).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

import locks

EPOCH = 315532800  # 1980-01-01T00:00:00Z, the same day as inside the wheels
WHEELHOUSE = "wheelhouse"
REQUIREMENTS = "requirements.lock"
THIRD_PARTY = "third_party.lock"


class BundleError(ValueError):
    """A bundle cannot be written as asked; the message says which part and why."""


@dataclass(frozen=True)
class Wheel:
    """A wheel of ours: its canonical file name, its bytes, and what its METADATA states."""

    file_name: str
    data: bytes
    name: str
    version: str
    requires: tuple[str, ...]


def _fields(archive: zipfile.ZipFile, file: str) -> Message:
    (inner,) = [n for n in archive.namelist() if n.endswith(f".dist-info/{file}")]
    return HeaderParser().parsestr(archive.read(inner).decode())


def _file_name(name: str, version: str, tags: Sequence[str]) -> str:
    parts = [re.sub(r"[-_.]+", "_", name).lower(), version.replace("-", "_")]
    # A wheel for several tags lists each combination; its name lists each part's values once.
    columns = zip(*(tag.split("-") for tag in tags), strict=True)
    parts += [".".join(sorted(set(values))) for values in columns]
    return "-".join(parts) + ".whl"


def read_wheel(path: Path) -> Wheel:
    """Reads a wheel and its metadata.

    The file name is made from what the wheel states, because rules_python's own py_wheel cannot
    call its output by the canonical name where the version has a local part.

    Raises:
        BundleError: the file is not a wheel with one METADATA and one WHEEL.
    """
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            metadata = _fields(archive, "METADATA")
            tags = _fields(archive, "WHEEL").get_all("Tag")
            if not tags:
                raise ValueError("its WHEEL has no Tag")
    except (zipfile.BadZipFile, ValueError) as error:
        raise BundleError(f"{path.name} is not a wheel: {error}") from error
    return Wheel(
        file_name=_file_name(metadata["Name"], metadata["Version"], tags),
        data=data,
        name=metadata["Name"],
        version=metadata["Version"],
        requires=tuple(metadata.get_all("Requires-Dist") or ()),
    )


def our_lock(wheels: Sequence[Wheel]) -> str:
    """Returns requirements.lock: every wheel by version and sha256."""
    blocks = [
        f"{locks.canonical(w.name)}=={w.version} \\\n"
        f"    --hash=sha256:{hashlib.sha256(w.data).hexdigest()}\n"
        for w in wheels
    ]
    return "".join(sorted(blocks))


def third_party_lock(wheels: Sequence[Wheel], lock_text: str) -> str:
    """Returns the part of a lock file that the wheels need besides one another."""
    ours = {locks.canonical(w.name) for w in wheels}
    wanted = {
        requirement
        for wheel in wheels
        for requirement in wheel.requires
        if "extra ==" not in requirement and locks.split_requirement(requirement)[0] not in ours
    }
    blocks = locks.subset(locks.parse_lock(lock_text), sorted(wanted))
    return "".join(block.text() for block in blocks)


def tar_bytes(entries: Mapping[str, bytes]) -> bytes:
    """Returns a tar of the files; keys are paths inside it.

    Raises:
        BundleError: a path leaves the archive.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in sorted(entries):
            if name.startswith("/") or ".." in PurePosixPath(name).parts:
                raise BundleError(f"{name!r} would be written outside the bundle")
            info = tarfile.TarInfo(name)
            info.size = len(entries[name])
            info.mtime = EPOCH
            info.mode = 0o755 if entries[name].startswith(b"#!") else 0o644
            archive.addfile(info, io.BytesIO(entries[name]))
    return out.getvalue()


def bundle_bytes(
    files: Sequence[tuple[str, Path]], wheels: Sequence[Path], lock_text: str
) -> bytes:
    """Returns the bundle.

    Args:
        files: (path in the bundle, file on disk).
        wheels: wheels of ours; a requirement among them is met from the wheelhouse.
        lock_text: hash-locked third-party requirements to take the needed subset from.

    Raises:
        BundleError: two files claim one path, or a wheel cannot be read.
        locks.LockError: a wheel needs something that the lock does not have.
    """
    read = [read_wheel(path) for path in wheels]
    entries: dict[str, bytes] = {
        REQUIREMENTS: our_lock(read).encode(),
        THIRD_PARTY: third_party_lock(read, lock_text).encode(),
    }
    given = [(name, path.read_bytes()) for name, path in files]
    given += [(f"{WHEELHOUSE}/{wheel.file_name}", wheel.data) for wheel in read]
    for name, data in given:
        if name in entries:
            raise BundleError(f"two files would become {name!r} in the bundle")
        entries[name] = data
    return tar_bytes(entries)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: --spec FILE --out FILE; the spec holds files, wheels and lock."""
    parser = argparse.ArgumentParser(description="Write a reproducible model bundle.")
    parser.add_argument("--spec", type=Path, required=True, help="JSON description of the bundle")
    parser.add_argument("--out", type=Path, required=True, help="tar to write")
    args = parser.parse_args(argv)
    try:
        spec = json.loads(args.spec.read_text(encoding="utf-8"))
        data = bundle_bytes(
            files=[(name, Path(path)) for name, path in spec["files"]],
            wheels=[Path(path) for path in spec["wheels"]],
            lock_text=Path(spec["lock"]).read_text(encoding="utf-8"),
        )
        partial = args.out.with_name(args.out.name + ".partial")
        partial.write_bytes(data)
        os.replace(partial, args.out)
    except (BundleError, locks.LockError, OSError) as error:
        print(f"bundle_writer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
