# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The fifth number: which changed modules of a result import.

torch2ms has no adapter and runs no code of the source; the interpreter of `--import-with` does
both, in one process for each module (see import_probe.py).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from torch2ms import mapping
from torch2ms.errors import UsageError

SECONDS = 120.0
_PROBE = Path(__file__).with_name("import_probe.py")


@dataclass(frozen=True)
class Import:
    """What came of importing one module.

    reason   what the exception says, in one line, or how the process ended; None if it imports
    missing  the package outside of the tree that is not installed, when that is the reason
    """

    module: str
    reason: str | None
    missing: str | None


def imports(
    root: Path,
    paths: Sequence[str],
    python: str,
    jobs: int,
    progress: Callable[[int, int], None],
    seconds: float = SECONDS,
) -> dict[str, Import]:
    """Import the modules at `paths` of the tree `root`, each in a process of its own.

    Files that are not modules (no `.py`, a name that is no identifier, setup.py) are left out.
    Raises UsageError if `python` cannot be run or has no adapter.
    """
    tried = {path: module_of(root, path) for path in paths if _is_module(path)}
    work = {
        "paths": search_path(root),
        "modules": [[name, _own_directory(root, path)] for path, name in tried.items()],
        "timeout": seconds,
        "jobs": jobs,
    }
    found: dict[str, Import] = {}
    own = frozenset({*_top_level(root), *mapping.load().renamed_roots, "mstorch"})
    for (path, name), row in zip(tried.items(), _run(python, work), strict=True):
        missing = None if row["missing"] in own else row["missing"]
        reason = row["reason"] and row["reason"].replace(f"{root}/", "")
        found[path] = Import(name, reason, missing)
        progress(len(found), len(tried))
    return found


def check(python: str) -> None:
    """Raise UsageError if `python` cannot be run or has no adapter."""
    list(_run(python, {"paths": [], "modules": [], "timeout": SECONDS, "jobs": 1}))


def search_path(root: Path) -> list[str]:
    """What a user of the tree would have on sys.path."""
    if (root / "__init__.py").exists():
        return [str(root.parent)]
    inner = root / "src"
    if inner.is_dir() and not (inner / "__init__.py").exists():
        return [str(root), str(inner)]
    return [str(root)]


def module_of(root: Path, path: str) -> str:
    """The dotted name of the module at `path` of the tree."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    if (root / "__init__.py").exists():
        parts.insert(0, root.name)
    elif parts[0] == "src" and not (root / "src/__init__.py").exists():
        parts.pop(0)
    return ".".join(parts)


def _is_module(path: str) -> bool:
    one = PurePosixPath(path)
    named = all(part.isidentifier() for part in one.with_suffix("").parts)
    return one.suffix == ".py" and named and one.name != "setup.py"


def _own_directory(root: Path, path: str) -> str | None:
    """The directory that Python puts on sys.path when it runs a file that is in no package."""
    directory = (root / path).parent
    return None if (directory / "__init__.py").exists() else str(directory)


def _top_level(root: Path) -> Iterator[str]:
    for place in map(Path, search_path(root)):
        for inside in place.iterdir():
            if inside.suffix == ".py" or inside.is_dir():
                yield inside.stem


def _run(python: str, work: dict[str, object]) -> Iterator[dict[str, str | None]]:
    """The probe's rows, as they come."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    # Modules that write beside themselves, or read what lies there, shall find nothing of ours.
    with tempfile.TemporaryDirectory(prefix="torch2ms.") as place:
        try:
            process = subprocess.Popen(
                [_found(python), str(_PROBE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=place,
                env=environment,
            )
        except OSError as error:
            raise UsageError(f"--import-with {python}: cannot be run: {error.strerror}") from error
        with process:
            try:
                yield from _rows(python, process, json.dumps(work))
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)


def _found(python: str) -> str:
    """A path stays one although the probe runs elsewhere; a bare name is looked up on PATH."""
    return os.path.abspath(python) if os.sep in python else python


def _rows(
    python: str, process: subprocess.Popen[str], work: str
) -> Iterator[dict[str, str | None]]:
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    # A process that has ended is told about below.
    with contextlib.suppress(BrokenPipeError), process.stdin as given:
        given.write(work)
    for line in process.stdout:
        row = json.loads(line)
        if "error" in row:
            raise UsageError(f"--import-with {python}: mstorch does not import: {row['error']}")
        yield row
    if process.wait():
        said = process.stderr.read().strip().rpartition("\n")[2]
        raise UsageError(f"--import-with {python}: ended with {process.returncode}: {said}")
