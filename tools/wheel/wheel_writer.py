# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a wheel whose bytes depend on its inputs alone.

A wheel is a zip file, and a zip file likes to remember when, where and in which order it was made.
Here entries are sorted, dated 1980-01-01 (the first day that a zip file can name), marked as made
on Unix, given mode 0644 or 0755 by their content, compressed at one level, and followed by RECORD
as the last entry. Bazel hands over the inputs as a JSON file, see `read_spec`.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import core_metadata
from core_metadata import Project, WheelError

EPOCH = (1980, 1, 1, 0, 0, 0)
COMPRESSION_LEVEL = 6
LICENSES = "licenses/"
_UNIX = 3
_REGULAR_FILE = 0o100000
_EXECUTABLE_MAGIC = (b"\x7fELF", b"#!")


@dataclass(frozen=True)
class WheelSpec:
    """One wheel to write.

    Attributes:
        project: the core metadata.
        python_tag, abi, platform: the three tags of the file name.
        entry_points: group name to entries.
        files: (path in the wheel, file on disk); a folder on disk stands for all files below it.
        distinfo: (path below .dist-info, file on disk).
        strip_path_prefixes: the first one that a path in the wheel starts with is cut off.
        description_file: file with the long description, or None.
    """

    project: Project
    python_tag: str = "py3"
    abi: str = "none"
    platform: str = "any"
    entry_points: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Sequence[tuple[str, Path]] = ()
    distinfo: Sequence[tuple[str, Path]] = ()
    strip_path_prefixes: Sequence[str] = ()
    description_file: Path | None = None


def read_spec(text: str) -> WheelSpec:
    """Reads the JSON form of a WheelSpec, in which 'project' is an object of Project's fields."""
    data: dict[str, Any] = json.loads(text)
    project = Project(**data.pop("project"))
    for key in ("files", "distinfo"):
        data[key] = [(name, Path(path)) for name, path in data.get(key, ())]
    if data.get("description_file"):
        data["description_file"] = Path(data["description_file"])
    else:
        data.pop("description_file", None)
    return WheelSpec(project=project, **data)


def wheel_name(spec: WheelSpec) -> str:
    """Returns the canonical file name of the wheel."""
    project = spec.project
    return "-".join(
        [
            core_metadata.escaped_name(project.distribution),
            core_metadata.escaped_version(project.version),
            spec.python_tag,
            spec.abi,
            f"{spec.platform}.whl",
        ]
    )


def _files_below(name: str, path: Path) -> Iterable[tuple[str, Path]]:
    if not path.is_dir():
        return [(name, path)]
    return [
        (f"{name}/{found.relative_to(path).as_posix()}", found)
        for found in path.rglob("*")
        if not found.is_dir()
    ]


def _stripped(name: str, prefixes: Sequence[str]) -> str:
    return next((name[len(p) :] for p in prefixes if name.startswith(p)), name)


def _checked(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or str(PurePosixPath(name)) != name:
        raise WheelError(f"{name!r} is not a path inside a wheel")
    return name


def _contents(spec: WheelSpec) -> dict[str, bytes]:
    """Returns every entry but RECORD."""
    folder = core_metadata.dist_info_folder(spec.project)
    entries: dict[str, bytes] = {}

    def add(name: str, data: bytes) -> None:
        if entries.setdefault(_checked(name), data) != data:
            raise WheelError(f"two different files would become {name!r} in the wheel")

    for given, path in spec.files:
        for name, found in _files_below(given, path):
            add(_stripped(name, spec.strip_path_prefixes), found.read_bytes())
    for given, path in spec.distinfo:
        add(f"{folder}/{given}", path.read_bytes())

    project = spec.project
    licenses = [name[len(LICENSES) :] for name, _ in spec.distinfo if name.startswith(LICENSES)]
    project = replace(project, license_files=sorted({*project.license_files, *licenses}))
    description_path = ""
    if spec.description_file is not None:
        description_path = spec.description_file.name
        text = spec.description_file.read_text(encoding="utf-8")
        project = replace(project, description=text)
    add(f"{folder}/METADATA", core_metadata.metadata_text(project, description_path).encode())
    tags = core_metadata.wheel_text(spec.python_tag, spec.abi, spec.platform)
    add(f"{folder}/WHEEL", tags.encode())
    if spec.entry_points:
        text = core_metadata.entry_points_text(spec.entry_points)
        add(f"{folder}/entry_points.txt", text.encode())
    return entries


def _record(entries: Mapping[str, bytes], name: str) -> bytes:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    for path in sorted(entries):
        digest = base64.urlsafe_b64encode(hashlib.sha256(entries[path]).digest()).rstrip(b"=")
        rows.writerow([path, f"sha256={digest.decode()}", len(entries[path])])
    rows.writerow([name, "", ""])
    return out.getvalue().encode()


def _mode(data: bytes) -> int:
    # The mode on disk says nothing: Bazel makes every output 0555, a checkout follows the umask.
    return 0o755 if data.startswith(_EXECUTABLE_MAGIC) else 0o644


def _write_entry(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=EPOCH)
    info.create_system = _UNIX
    info.external_attr = (_REGULAR_FILE | _mode(data)) << 16
    archive.writestr(info, data, zipfile.ZIP_DEFLATED, COMPRESSION_LEVEL)


def wheel_bytes(spec: WheelSpec) -> bytes:
    """Returns the wheel.

    Raises:
        WheelError: an entry has a path outside the wheel, two inputs collide, or the metadata
            cannot be expressed.
        OSError: an input cannot be read.
    """
    entries = _contents(spec)
    record = f"{core_metadata.dist_info_folder(spec.project)}/RECORD"
    if record in entries:
        raise WheelError("RECORD is computed; it cannot be given as an input")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(entries):
            _write_entry(archive, name, entries[name])
        _write_entry(archive, record, _record(entries, record))
    return out.getvalue()


def _write_whole(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: --spec FILE --out FILE [--name_file FILE]."""
    parser = argparse.ArgumentParser(description="Write a reproducible wheel.")
    parser.add_argument("--spec", type=Path, required=True, help="JSON description of the wheel")
    parser.add_argument("--out", type=Path, required=True, help="wheel to write")
    parser.add_argument("--name_file", type=Path, help="file to write the wheel's own name to")
    args = parser.parse_args(argv)
    try:
        spec = read_spec(args.spec.read_text(encoding="utf-8"))
        _write_whole(args.out, wheel_bytes(spec))
        if args.name_file:
            _write_whole(args.name_file, wheel_name(spec).encode())
    except (WheelError, OSError) as error:
        print(f"wheel_writer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
