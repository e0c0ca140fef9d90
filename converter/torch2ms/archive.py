# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Sources that come packed: an sdist, a wheel or another archive, unpacked for the conversion."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

WHEEL = ".whl"
ZIPS = (WHEEL, ".zip")
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def is_archive(path: Path) -> bool:
    """Whether a path is an archive, by its name, and a file."""
    return path.name.endswith(ZIPS + TARS) and path.is_file()


@contextlib.contextmanager
def opened(source: Path) -> Iterator[Path]:
    """The source to convert: `source` itself, or the directory that an archive was unpacked into.

    The one directory that an sdist holds everything in (`name-1.0/`) is not part of the tree.
    Raises UsageError for an archive that cannot be read or holds what is not allowed.
    """
    if not is_archive(source):
        yield source
        return
    import tempfile

    from torch2ms.unpack import unpack

    with tempfile.TemporaryDirectory(prefix="torch2ms.") as place:
        root = Path(place) / "source"
        root.mkdir()
        unpack(source, root, zipped=source.name.endswith(ZIPS))
        yield root if source.suffix == WHEEL else _without_top(root)


def _without_top(root: Path) -> Path:
    inside = list(root.iterdir())
    if len(inside) != 1 or inside[0].is_symlink() or not inside[0].is_dir():
        return root
    # A package's own directory carries its name and stays.
    return root if (inside[0] / "__init__.py").exists() else inside[0]
