# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What there is to do: the files of a tree, a single file or a list, with the recipes of each."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from torch2ms import mapping, wheel
from torch2ms.errors import UsageError
from torch2ms.report import Skipped

if TYPE_CHECKING:
    from torch2ms.recipes import Recipe

PYTHON_SUFFIXES = frozenset({".py", ".pyi", ".pyw"})
SCRIPT_SUFFIXES = frozenset({".sh", ".bash", ".slurm", ".sbatch", ".pbs"})
_SHEBANG = re.compile(rb"#![^\n]*\b(?:ba|da|k)?sh\b")
_REQUIREMENT_FILE = re.compile(
    r"(?:.*[-_.])?(?:requirements?|constraints?)(?:[-_.].*)?\.(?:txt|in)"
)
# Never part of a source: version control and compiled caches.
IGNORED_DIRECTORIES = frozenset({".git", ".hg", ".svn", "__pycache__"})


class Task(NamedTuple):
    """One file to convert or copy: read from `source`, known as `path` in the result.

    `link` is the text of a symbolic link to make instead of a file.
    """

    source: str
    path: str
    size: int = 0
    link: str | None = None
    recipes: tuple[Recipe, ...] = ()


@dataclass
class Plan:
    """Every task in order of its path.

    name         what the tree is called
    local_roots  top-level modules of the source that are called like a package of the mapping
    earlier      recipes that made the source, when it is itself a result
    """

    tasks: list[Task]
    name: str = ""
    skipped: list[Skipped] = field(default_factory=list)
    local_roots: frozenset[str] = frozenset()
    earlier: tuple[Recipe, ...] = ()


def of_tree(source: Path, recipes: Sequence[Recipe], exclude: Sequence[str]) -> Plan:
    """The plan for a directory.

    Raises UsageError for a directory that cannot be converted, RecipeError for a recipe that is not
    for any of its files.
    """
    plan = Plan([], source.name, local_roots=_local_roots(source))
    root = os.path.realpath(source)
    written_anew = wheel.written_anew(source)
    for entry, path in _entries(str(source), "", exclude, plan):
        if path in written_anew:
            continue
        if entry.name in wheel.SIGNATURES:
            plan.skipped.append(Skipped(path, "a signature of the source, not of the result"))
            continue
        if entry.is_symlink():
            _plan_link(entry, path, root, plan)
        elif entry.is_file():
            plan.tasks.append(Task(entry.path, path, entry.stat().st_size))
        else:
            plan.skipped.append(Skipped(path, "neither a file, a directory nor a link"))
    plan.tasks.sort(key=lambda task: task.path)
    plan.skipped.sort(key=lambda skipped: skipped.path)
    plan.earlier = _applied_before(source, recipes)
    _give_recipes(plan, recipes)
    return plan


def of_file(source: Path, recipes: Sequence[Recipe]) -> Plan:
    """The plan for one file."""
    plan = Plan([Task(str(source), source.name, source.stat().st_size)])
    _give_recipes(plan, recipes)
    return plan


def of_list(files: Sequence[str], prefixes: Sequence[str], recipes: Sequence[Recipe]) -> Plan:
    """The plan for listed files, each known by its path without the first prefix that fits."""
    taken: dict[str, str] = {}
    plan = Plan([])
    for file in files:
        path = _without_prefix(file, prefixes)
        if path in taken:
            raise UsageError(f"{file}: has the same place in the result as {taken[path]}: {path}")
        taken[path] = file
        if not os.path.isfile(file):
            raise UsageError(f"{file}: no such file")
        plan.tasks.append(Task(file, path, os.path.getsize(file)))
    plan.tasks.sort(key=lambda task: task.path)
    tops = {path.partition("/")[0].removesuffix(".py") for path in taken}
    plan.local_roots = frozenset(tops & mapping.load().roots)
    _give_recipes(plan, recipes)
    return plan


def is_python(task: Task, data: bytes = b"") -> bool:
    """Whether a file is Python, by its name or by the first line of its bytes."""
    suffix = _suffix(task.path)
    if suffix in PYTHON_SUFFIXES:
        return True
    first = data[:80].partition(b"\n")[0]
    return not suffix and first.startswith(b"#!") and b"python" in first


def is_script(path: str, data: bytes) -> bool:
    """Whether a file is a shell script, by its name or by its first line."""
    suffix = _suffix(path)
    return suffix in SCRIPT_SUFFIXES or (not suffix and _SHEBANG.match(data) is not None)


def holds_dependencies(path: str) -> bool:
    """Whether a file is one of those that state dependencies, by its name."""
    folder, _, name = path.rpartition("/")
    if name in ("setup.py", "setup.cfg", "pyproject.toml") or is_metadata(path):
        return True
    if _suffix(name) not in (".txt", ".in"):
        return False
    if name == "requires.txt" and _suffix(folder) == ".egg-info":
        return True
    in_folder = folder.rpartition("/")[2] == "requirements"
    return in_folder or _REQUIREMENT_FILE.fullmatch(name) is not None


def is_metadata(path: str) -> bool:
    """Whether a file holds the core metadata of a wheel or of an sdist, by its name."""
    folder, _, name = path.rpartition("/")
    return name == "PKG-INFO" or (name == "METADATA" and _suffix(folder) == ".dist-info")


def _suffix(path: str) -> str:
    # As PurePosixPath gives it, in a tenth of the time.
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if 0 < dot < len(name) - 1 else ""


def _without_prefix(file: str, prefixes: Sequence[str]) -> str:
    for prefix in prefixes:
        if prefix == ".":
            return file
        inside = file.removeprefix(prefix.rstrip("/") + "/")
        if inside != file:
            return inside
    if prefixes:
        raise UsageError(f"{file}: does not begin with {' or '.join(prefixes)}")
    if file.startswith("/") or ".." in file.split("/"):
        raise UsageError(f"{file}: give --strip-prefix to say where it goes")
    return file


def _entries(
    directory: str, prefix: str, exclude: Sequence[str], plan: Plan
) -> Iterator[tuple[os.DirEntry[str], str]]:
    with os.scandir(directory) as entries:
        for entry in sorted(entries, key=lambda item: item.name):
            path = prefix + entry.name
            pattern = next((p for p in exclude if _matches(path, entry.name, p)), None)
            if pattern is not None:
                plan.skipped.append(Skipped(path, f"excluded by {pattern}"))
            elif not entry.is_dir(follow_symlinks=False):
                yield entry, path
            elif os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                plan.skipped.append(Skipped(path, "a virtual environment"))
            elif entry.name not in IGNORED_DIRECTORIES:
                yield from _entries(entry.path, path + "/", exclude, plan)


def _matches(path: str, name: str, pattern: str) -> bool:
    pattern = pattern.rstrip("/")
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(name, pattern)


def _plan_link(entry: os.DirEntry[str], path: str, root: str, plan: Plan) -> None:
    """A link inside of the tree becomes the same link in the result, relative whatever it was."""
    target = os.path.realpath(entry.path)
    if os.path.commonpath([root, target]) != root:
        plan.skipped.append(Skipped(path, "a symbolic link that leaves the tree"))
        return
    if not os.path.exists(target):
        plan.skipped.append(Skipped(path, "a symbolic link to nothing"))
        return
    here = os.path.dirname(os.path.join(root, path))
    plan.tasks.append(Task(entry.path, path, link=os.path.relpath(target, here)))


def _local_roots(source: Path) -> frozenset[str]:
    """The packages of the mapping that the tree itself holds.

    A directory that is a package holds no top-level modules: its torch.py is package.torch.
    """
    roots = mapping.load().roots
    if (source / "__init__.py").exists():
        return roots & {source.resolve().name}
    places = [source]
    if not (source / "src/__init__.py").exists():
        places.append(source / "src")
    return frozenset(
        name
        for place in places
        if place.is_dir()
        for name in roots & {inside.removesuffix(".py") for inside in os.listdir(place)}
        if _holds(place, name)
    )


def _holds(place: Path, name: str) -> bool:
    """Whether a directory on sys.path gives Python the module `name`."""
    if (place / f"{name}.py").exists() or (place / name / "__init__.py").exists():
        return True
    # Without __init__.py an installed package comes first: torch is, what stays may be.
    return name not in mapping.load().renamed_roots and (place / name).is_dir()


def _applied_before(source: Path, recipes: Iterable[Recipe]) -> tuple[Recipe, ...]:
    """Those of `recipes` that made this tree, if it is a result of ours.

    Raises RecipeError for one that has changed since: its effect cannot be told from the code.
    """
    manifest = wheel.manifest_path(source)
    if not manifest.exists():
        return ()
    import json

    try:
        table = json.loads(manifest.read_bytes())
        rows = {row["name"]: row["sha256"] for row in table["recipes"]}
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{manifest}: not a manifest of torch2ms: {error}") from error
    found = tuple(recipe for recipe in recipes if recipe.name in rows)
    for recipe in found:
        if rows[recipe.name] != recipe.sha256:
            raise recipe.error("an older form of it made this tree; convert the original instead")
    return found


def _give_recipes(plan: Plan, recipes: Sequence[Recipe]) -> None:
    by_file: dict[str, list[Recipe]] = {}
    for recipe in recipes:
        by_file.setdefault(recipe.file, []).append(recipe)
    for index, task in enumerate(plan.tasks):
        own = by_file.pop(task.path, None)
        if own is None:
            continue
        if not is_python(task):
            raise own[0].error("not a Python file")
        due = tuple(recipe for recipe in own if recipe not in plan.earlier)
        plan.tasks[index] = task._replace(recipes=due)
    for missing in by_file.values():
        raise missing[0].error("there is no such file in the source")
