# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Wheels: what besides the code must agree with it for the result to be one that installs.

RECORD holds the hash of every file, so it is written anew; signatures of it are left out. Nothing
may lie beside the packages that an installer would put into site-packages, so the manifest goes
into the .dist-info directory. The name, version and tags stay the source's.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

MANIFEST = "torch2ms-manifest.json"
SIGNATURES = ("RECORD.jws", "RECORD.p7s")
# The first day that a zip file can name: entries carry no time.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def dist_info(root: Path) -> str | None:
    """The name of the .dist-info directory if `root` is an unpacked wheel."""
    found = [path.parent.name for path in root.glob("*.dist-info/WHEEL")]
    return found[0] if len(found) == 1 else None


def manifest_path(root: Path) -> Path:
    """Where the manifest of a result stands."""
    return root / (dist_info(root) or "") / MANIFEST


def written_anew(root: Path) -> frozenset[str]:
    """Paths of a source that say something about the source alone: a result has its own."""
    folder = dist_info(root)
    own = () if folder is None else (f"{folder}/RECORD", f"{folder}/{MANIFEST}")
    return frozenset({MANIFEST, *own})


def write_record(root: Path) -> None:
    """Write RECORD for what an unpacked wheel holds; nothing for another directory."""
    folder = dist_info(root)
    if folder is None:
        return
    import base64
    import csv

    record = f"{folder}/RECORD"
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    for path in _files(root):
        if path != record:
            data = (root / path).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
            rows.writerow([path, f"sha256={digest.decode()}", len(data)])
    rows.writerow([record, "", ""])
    (root / record).write_bytes(out.getvalue().encode("utf-8"))


def pack(root: Path, file: Path) -> None:
    """Write the wheel `file`; its bytes depend on those of the unpacked wheel `root` alone."""
    folder = f"{dist_info(root)}/"
    import zipfile

    # Installers read .dist-info from the end of the file: the standard asks for it to be last.
    last = f"{folder}RECORD"
    order = sorted(_files(root), key=lambda path: (path == last, path.startswith(folder), path))
    with zipfile.ZipFile(file, "w") as archive:
        for path in order:
            info = zipfile.ZipInfo(path, date_time=_EPOCH)
            info.create_system = _UNIX
            executable = os.stat(root / path).st_mode & stat.S_IXUSR
            info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            archive.writestr(info, (root / path).read_bytes(), zipfile.ZIP_DEFLATED)


def _files(root: Path) -> Iterator[str]:
    """Every file below `root`, in order."""
    yield from sorted(
        path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()
    )
