# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a converted tree where its user wants it: `bazel run //tools:vendor -- NAME DIR`.

The folder appears whole or not at all. It holds the converted sources, the converter's manifest and
a list of checksums, by which a later run recognises what may be replaced: a folder with anything
else in it, edited files included, is left as it is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SUMS = "SHA256SUMS"
_CACHE = "__pycache__"


class VendorError(ValueError):
    """The tree cannot be written as asked; the message says why and what to do."""


@dataclass(frozen=True)
class Tree:
    """One converted tree: the folder it is in and its files relative to that."""

    root: Path
    files: tuple[str, ...]


def read_index(path: Path) -> dict[str, Tree]:
    """Reads the index that the build wrote; roots are relative to the runfiles above `path`."""
    data = json.loads(path.read_text(encoding="utf-8"))
    runfiles = Path(os.environ.get("RUNFILES_DIR", Path.cwd().parent))
    return {
        name: Tree(runfiles / entry["root"], tuple(entry["files"])) for name, entry in data.items()
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sums_text(root: Path, files: Sequence[str]) -> str:
    """Returns `sha256  path` lines, sorted by path; `sha256sum --check` reads them."""
    return "".join(f"{_digest(root / name)}  {name}\n" for name in sorted(files))


def _listed(folder: Path) -> dict[str, str]:
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("  ") for line in lines]
    return {name: digest for digest, _, name in pairs}


def foreign_files(folder: Path) -> list[str]:
    """Returns the files of a folder that an earlier run did not write, or that changed since."""
    present = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if (path.is_symlink() or not path.is_dir()) and _CACHE not in path.parts
    ]
    if SUMS not in present:
        return present
    listed = _listed(folder)
    return [
        name
        for name in present
        if name != SUMS
        and ((folder / name).is_symlink() or listed.get(name) != _digest(folder / name))
    ]


def _check_replaceable(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise VendorError(f"{folder} is not a folder; name one that does not exist yet")
    if not folder.exists():
        return
    foreign = foreign_files(folder)
    if foreign:
        raise VendorError(
            f"{folder} holds {len(foreign)} files that are not of an earlier run or were edited "
            f"since, such as {foreign[0]}; name another folder or move them away"
        )


def _copy(tree: Tree, folder: Path) -> None:
    for name in tree.files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree.root / name, target)
    (folder / SUMS).write_text(sums_text(folder, tree.files), encoding="utf-8")


def write_tree(tree: Tree, folder: Path) -> None:
    """Writes the tree as `folder`, in place of nothing, an empty folder or an earlier tree.

    Raises:
        VendorError: the folder holds something else.
        OSError: the file system does not permit it; nothing is left behind then.
    """
    _check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    replaced = folder.with_name(f".{folder.name}.replaced-{os.getpid()}")
    try:
        _copy(tree, partial)
        if folder.exists():
            os.rename(folder, replaced)
        os.rename(partial, folder)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        if replaced.exists():
            os.rename(replaced, folder)
        raise
    if replaced.exists():
        shutil.rmtree(replaced)


def vendor(trees: Mapping[str, Tree], name: str, folder: Path) -> str:
    """Writes the named tree and returns a sentence about it.

    Raises:
        VendorError: there is no such tree, or the folder holds something else.
    """
    if name not in trees:
        raise VendorError(f"there is no converted tree {name!r}; there are: {', '.join(trees)}")
    write_tree(trees[name], folder)
    return f"wrote {len(trees[name].files)} files to {folder}"


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: --index FILE NAME DIR."""
    parser = argparse.ArgumentParser(
        prog="vendor", description="Write a converted tree and its manifest to a folder."
    )
    parser.add_argument("--index", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("name", help="name of the converted tree, such as megatron_core")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to write it")
    args = parser.parse_args(argv)
    working = Path(os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd()))
    try:
        print(vendor(read_index(args.index), args.name, working / args.folder))
    except (VendorError, OSError) as error:
        print(f"vendor: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
