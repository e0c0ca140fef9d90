# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The formatters and checkers of the workspace, each as one command over a list of files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import source_tree


@dataclass(frozen=True)
class Toolbox:
    """Where the tools are.

    Attributes:
        root: the workspace.
        python: a Python in which ruff, mypy and clang-format are installed.
        buildifier: the formatter of Bazel files.
    """

    root: Path
    python: Path
    buildifier: Path


@dataclass(frozen=True)
class Style:
    """One check: the files it is for and the command that checks them."""

    name: str
    select: Callable[[list[Path]], list[Path]]
    check: Callable[[Toolbox], list[str]]


@dataclass(frozen=True)
class Format(Style):
    """A check together with the command that rewrites files so that they pass it."""

    fix: Callable[[Toolbox], list[str]]


def _ruff(*arguments: str) -> Callable[[Toolbox], list[str]]:
    return lambda box: [str(box.python), "-m", "ruff", *arguments, "--no-cache"]


def _clang_format(*arguments: str) -> Callable[[Toolbox], list[str]]:
    start = "import clang_format; clang_format.clang_format()"
    return lambda box: [str(box.python), "-c", start, "--style=file", *arguments]


def _buildifier(*arguments: str) -> Callable[[Toolbox], list[str]]:
    return lambda box: [str(box.buildifier), *arguments]


FORMATS = [
    Format(
        "imports",
        source_tree.python_files,
        check=_ruff("check", "--select=I"),
        fix=_ruff("check", "--select=I", "--fix"),
    ),
    Format(
        "python",
        source_tree.python_files,
        check=_ruff("format", "--diff"),
        fix=_ruff("format"),
    ),
    Format(
        "cpp",
        source_tree.cpp_files,
        check=_clang_format("--dry-run", "--Werror"),
        fix=_clang_format("-i"),
    ),
    Format(
        "bazel",
        source_tree.bazel_files,
        check=_buildifier("-mode=check", "-lint=off"),
        fix=_buildifier("-mode=fix", "-lint=off"),
    ),
]

# Bazel 4 to 7 have the C++ rules built in, and the newer home that buildifier wants is not theirs.
_WARNINGS = "-warnings=-native-cc-binary,-native-cc-import,-native-cc-library,-native-cc-test"

LINTS = [
    Style(
        "python lint",
        source_tree.python_files,
        check=_ruff("check", "--output-format=concise"),
    ),
    Style(
        "bazel lint",
        source_tree.bazel_files,
        check=_buildifier("-mode=check", "-lint=warn", _WARNINGS),
    ),
]


def run(command: Sequence[str], files: Sequence[Path], root: Path) -> str:
    """Runs a tool over files and returns '' if it is content, else what it printed.

    A tool that says nothing but fails is not content: its status is returned as text.
    """
    if not files:
        return ""
    full = [*command, *map(str, files)]
    ran = subprocess.run(full, cwd=root, capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return ""
    return (ran.stdout + ran.stderr).strip() or f"{command[0]} exited with {ran.returncode}"


def mypy_command(box: Toolbox, cache: Path) -> list[str]:
    """Returns the command that type-checks strictly; folders are to be appended."""
    return [str(box.python), "-m", "mypy", "--strict", f"--cache-dir={cache}"]
