# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Which files of the workspace are sources, and of which kind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

_PYTHON = {".py", ".pyi"}
_CPP = {".cc", ".cpp", ".h", ".hpp"}
_BAZEL_SUFFIXES = {".bzl", ".bazel", ".BUILD"}
_BAZEL_NAMES = {"WORKSPACE", "BUILD"}
_SKIPPED = {".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name for name in folders if name not in _SKIPPED and not name.startswith("bazel-")
        ]
        for name in files:
            yield Path(folder, name).relative_to(root)


def _tracked(root: Path) -> Iterator[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    for name in listed.stdout.split("\0"):
        if name:
            yield Path(name)


def source_files(root: Path) -> list[Path]:
    """Returns the files of the workspace, relative to its root and sorted.

    In a git checkout these are the files that git has or would add, so a virtual environment that
    someone keeps in the folder and ignores is none of our business; elsewhere, all files but
    caches. Links are left out: what they point at is checked where it is.

    Raises:
        subprocess.CalledProcessError: git does not want to list the checkout.
    """
    found = _tracked(root) if (root / ".git").exists() else _walk(root)
    present = {p for p in found if (root / p).is_file() and not (root / p).is_symlink()}
    return sorted(present)


def python_files(files: list[Path]) -> list[Path]:
    """Returns the Python sources among the files."""
    return [path for path in files if path.suffix in _PYTHON]


def cpp_files(files: list[Path]) -> list[Path]:
    """Returns the C++ sources among the files."""
    return [path for path in files if path.suffix in _CPP]


def bazel_files(files: list[Path]) -> list[Path]:
    """Returns what Bazel reads among the files."""
    return [p for p in files if p.suffix in _BAZEL_SUFFIXES or p.name in _BAZEL_NAMES]
