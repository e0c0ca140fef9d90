# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A whole tree: found, converted in parallel, and put in place at once.

The result does not depend on the number of processes. The source tree is only read. The output
appears under its name when it is complete, or not at all: it is written beside it and renamed.
"""

from __future__ import annotations

import contextlib
import fnmatch
import gc
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from torch2ms import mapping
from torch2ms.convert import FileResult, Settings, convert
from torch2ms.errors import UsageError
from torch2ms.recipes import Applied, Recipe
from torch2ms.report import MANIFEST, Skipped, TreeResult, manifest

PYTHON_SUFFIXES = frozenset({".py", ".pyi", ".pyw"})
# Never part of a source: version control and compiled caches.
IGNORED_DIRECTORIES = frozenset({".git", ".hg", ".svn", "__pycache__"})
# Under this much source, starting processes costs more than it saves.
_PARALLEL_BYTES = 2_000_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """How to convert: see `torch2ms convert --help` for each."""

    target: str = "adapter"
    upstream: str | None = None
    recipes: Sequence[Recipe] = ()
    exclude: Sequence[str] = ()
    jobs: int = 1
    force: bool = False


@dataclass(frozen=True)
class _Task:
    """One file to convert or copy; `link` is the text of a symbolic link to make instead."""

    source: str
    path: str
    size: int = 0
    link: str | None = None
    recipes: tuple[Recipe, ...] = ()


@dataclass
class _Plan:
    tasks: list[_Task] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def convert_tree(source: Path, out: Path, options: Options, progress: Progress) -> TreeResult:
    """Convert the tree `source` into the new directory `out`.

    Raises UsageError for bad input and RecipeError for a recipe that does not fit; then nothing is
    left of the output.
    """
    if not source.is_dir():
        raise UsageError(f"{source}: not a directory")
    _check_apart(source, out)
    plan = _plan_tree(source, options)
    earlier = _applied_before(source, options.recipes)
    _check_out(out, options.force)
    with _staged(out) as stage:
        result = _run(plan, stage, options, _local_roots(source), earlier, progress)
        (stage / MANIFEST).write_bytes(manifest(result))
        _put_in_place(stage, out)
    return result


def convert_file(source: Path, out: Path, options: Options) -> TreeResult:
    """Convert one file into the file `out`."""
    if out.is_dir():
        raise UsageError(f"{out}: is a directory; name the file to write")
    if out.exists() and not options.force:
        raise UsageError(f"{out}: exists; --force replaces it")
    if out.exists() and out.samefile(source):
        raise UsageError(f"{out}: is the source itself; write to another file")
    if not out.parent.is_dir():
        raise UsageError(f"{out.parent}: no such directory")
    plan = _Plan([_Task(str(source), source.name)])
    _give_recipes(plan, options.recipes, ())
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as stage:
        result = _run(plan, Path(stage), options, frozenset(), (), _no_progress)
        os.replace(Path(stage) / source.name, out)
    return result


def convert_files(
    files: Sequence[str], prefixes: Sequence[str], out: Path, options: Options
) -> TreeResult:
    """Convert listed files into `out`, each under its path without the first prefix that fits.

    For build systems: `out` may exist, symbolic links are followed, a file is only replaced when
    all are converted.
    """
    plan = _Plan()
    taken: dict[str, str] = {}
    for file in files:
        path = _without_prefix(file, prefixes)
        if path in taken:
            raise UsageError(f"{file}: has the same place in the result as {taken[path]}: {path}")
        taken[path] = file
        if not os.path.isfile(file):
            raise UsageError(f"{file}: no such file")
        plan.tasks.append(_Task(file, path, os.path.getsize(file)))
    plan.tasks.sort(key=lambda task: task.path)
    top = {path.partition("/")[0].removesuffix(".py") for path in taken}
    roots = frozenset(top & mapping.load().renamed_roots)
    out.mkdir(parents=True, exist_ok=True)
    _give_recipes(plan, options.recipes, ())
    with tempfile.TemporaryDirectory(prefix=".torch2ms.", dir=out) as stage:
        result = _run(plan, Path(stage), options, roots, (), _no_progress)
        (Path(stage) / MANIFEST).write_bytes(manifest(result))
        for path in [*taken, MANIFEST]:
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(stage) / path, out / path)
    return result


def _without_prefix(file: str, prefixes: Sequence[str]) -> str:
    for prefix in prefixes:
        if prefix == ".":
            return file
        inside = file.removeprefix(prefix.rstrip("/") + "/")
        if inside != file:
            return inside
    if prefixes:
        raise UsageError(f"{file}: does not begin with {' or '.join(prefixes)}")
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
        raise UsageError(f"{file}: give --strip-prefix to say where it goes")
    return file


# --- what is in a tree


def _plan_tree(source: Path, options: Options) -> _Plan:
    plan = _Plan()
    root = os.path.realpath(source)
    for entry, path in _entries(str(source), "", options.exclude, plan):
        if path == MANIFEST:
            continue
        if entry.is_symlink():
            _plan_link(entry, path, root, plan)
        elif entry.is_file():
            plan.tasks.append(_Task(entry.path, path, entry.stat().st_size))
        else:
            plan.skipped.append(Skipped(path, "neither a file, a directory nor a link"))
    plan.tasks.sort(key=lambda task: task.path)
    plan.skipped.sort(key=lambda skipped: skipped.path)
    return plan


def _entries(
    directory: str, prefix: str, exclude: Sequence[str], plan: _Plan
) -> Iterator[tuple[os.DirEntry[str], str]]:
    with os.scandir(directory) as entries:
        for entry in sorted(entries, key=lambda item: item.name):
            path = prefix + entry.name
            pattern = next((p for p in exclude if _matches(path, entry.name, p)), None)
            if pattern is not None:
                plan.skipped.append(Skipped(path, f"excluded by {pattern}"))
            elif not entry.is_dir(follow_symlinks=False):
                yield entry, path
            elif entry.name not in IGNORED_DIRECTORIES:
                yield from _entries(entry.path, path + "/", exclude, plan)


def _matches(path: str, name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path, pattern.rstrip("/")) or fnmatch.fnmatchcase(name, pattern)


def _plan_link(entry: os.DirEntry[str], path: str, root: str, plan: _Plan) -> None:
    """A link inside of the tree becomes the same link in the result, relative whatever it was."""
    target = os.path.realpath(entry.path)
    if os.path.commonpath([root, target]) != root:
        plan.skipped.append(Skipped(path, "a symbolic link that leaves the tree"))
        return
    if not os.path.exists(target):
        plan.skipped.append(Skipped(path, "a symbolic link to nothing"))
        return
    here = os.path.dirname(os.path.join(root, path))
    plan.tasks.append(_Task(entry.path, path, link=os.path.relpath(target, here)))


def _local_roots(source: Path) -> frozenset[str]:
    """The renamed packages' names that are modules of the tree itself.

    A directory that is a package holds no top-level modules: its torch.py is package.torch.
    """
    if (source / "__init__.py").exists():
        return frozenset()
    names = mapping.load().renamed_roots
    return frozenset(
        name
        for name in names
        if (source / f"{name}.py").exists() or (source / name / "__init__.py").exists()
    )


# --- recipes


def _applied_before(source: Path, recipes: Sequence[Recipe]) -> tuple[str, ...]:
    """The names of the recipes that made this tree, if it is a result of ours.

    Raises RecipeError for one that has changed since: its effect cannot be told from the code.
    """
    try:
        table = json.loads((source / MANIFEST).read_bytes())
        rows = {row["name"]: row["sha256"] for row in table["recipes"]}
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{source / MANIFEST}: not a manifest of torch2ms: {error}") from error
    for recipe in recipes:
        if rows.get(recipe.name, recipe.sha256) != recipe.sha256:
            raise recipe.error("an older form of it made this tree; convert the original instead")
    return tuple(rows)


def _give_recipes(plan: _Plan, recipes: Sequence[Recipe], earlier: Sequence[str]) -> None:
    by_file: dict[str, list[Recipe]] = {}
    for recipe in recipes:
        if recipe.name not in earlier:
            by_file.setdefault(recipe.file, []).append(recipe)
    for index, task in enumerate(plan.tasks):
        own = by_file.pop(task.path, None)
        if own is None:
            continue
        if not _is_python(task):
            raise own[0].error("not a Python file")
        plan.tasks[index] = replace(task, recipes=tuple(own))
    for missing in by_file.values():
        raise missing[0].error("there is no such file in the source")


# --- running


def _run(
    plan: _Plan,
    stage: Path,
    options: Options,
    local_roots: frozenset[str],
    earlier: Sequence[str],
    progress: Progress,
) -> TreeResult:
    _give_recipes(plan, options.recipes, earlier)
    settings = Settings(options.target, local_roots)
    for directory in sorted({os.path.dirname(task.path) for task in plan.tasks}):
        (stage / directory).mkdir(parents=True, exist_ok=True)
    work = [(task, str(stage / task.path), settings) for task in plan.tasks]
    files: list[FileResult] = []
    with _pool(options.jobs, plan) as each, _without_collector():
        for done in each(_do, work):
            if done is not None:
                files.append(done)
            progress(len(files), len(work))
    for recipe in options.recipes:
        if recipe.name in earlier:
            owner = next((file for file in files if file.path == recipe.file), None)
            if owner is None:
                raise recipe.error("there is no such file in the source")
            owner.applied.append(Applied(recipe, ()))
    return TreeResult(options.target, options.upstream, files, plan.skipped)


_Work = tuple[_Task, str, Settings]
_Each = Callable[[Callable[[_Work], FileResult | None], list[_Work]], Iterator[FileResult | None]]


@contextlib.contextmanager
def _pool(jobs: int, plan: _Plan) -> Iterator[_Each]:
    """An ordered map over all files: in this process, or in `jobs` of them."""
    size = sum(task.size for task in plan.tasks if _is_python(task))
    if jobs <= 1 or size < _PARALLEL_BYTES:
        yield map
        return
    with multiprocessing.get_context("fork").Pool(jobs, _begin_worker) as pool:
        yield lambda function, work: pool.imap(function, work, chunksize=8)


def _begin_worker() -> None:
    gc.disable()
    # Interrupts are the parent's: it stops its workers and clears the output away.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """Syntax trees hold no cycles, and looking for these takes twice as long as parsing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _do(work: _Work) -> FileResult | None:
    """Write one file of the result; links have no entry of their own."""
    task, destination, settings = work
    try:
        return _converted(task, destination, settings)
    except OSError as error:
        # Errors of write() have no name of their own.
        raise UsageError(f"{task.path}: {error.strerror or error}") from error


def _converted(task: _Task, destination: str, settings: Settings) -> FileResult | None:
    if task.link is not None:
        os.symlink(task.link, destination)
        return None
    data = Path(task.source).read_bytes()
    if _is_python(task, data):
        data, result = convert(data, task.path, settings, task.recipes)
    else:
        digest = hashlib.sha256(data).hexdigest()
        result = FileResult(task.path, digest, digest)
    Path(destination).write_bytes(data)
    mode = stat.S_IMODE(os.stat(task.source).st_mode)
    os.chmod(destination, mode | stat.S_IWUSR)
    return result


def _is_python(task: _Task, data: bytes = b"") -> bool:
    suffix = PurePosixPath(task.path).suffix
    if suffix in PYTHON_SUFFIXES:
        return True
    first = data[:80].partition(b"\n")[0]
    return not suffix and first.startswith(b"#!") and b"python" in first


# --- putting the result in place


def _check_apart(source: Path, out: Path) -> None:
    inner, outer = out.resolve(), source.resolve()
    if inner == outer:
        raise UsageError(f"{out}: is the source itself; write to another directory")
    if outer in inner.parents:
        raise UsageError(f"{out}: lies inside of the source {source}; write outside of it")
    if inner in outer.parents:
        raise UsageError(
            f"{out}: the source {source} lies inside of it; write to another directory"
        )


def _check_out(out: Path, force: bool) -> None:
    if not os.path.lexists(out):
        if not out.parent.is_dir():
            raise UsageError(f"{out.parent}: no such directory")
        return
    if not out.is_dir() or out.is_symlink():
        raise UsageError(f"{out}: exists and is not a directory")
    if not any(out.iterdir()):
        return
    if not (out / MANIFEST).is_file():
        raise UsageError(f"{out}: exists and was not made by torch2ms; name another directory")
    if not force:
        raise UsageError(f"{out}: exists; --force replaces the result of an earlier conversion")


@contextlib.contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """A directory beside `out` to write into; whatever is left of it is removed in the end."""
    stage = Path(tempfile.mkdtemp(prefix=f".{out.name}.torch2ms.", dir=out.parent))
    try:
        os.chmod(stage, 0o777 & ~_umask())
        yield stage
    finally:
        if stage.exists():
            shutil.rmtree(stage)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _put_in_place(stage: Path, out: Path) -> None:
    if not out.exists() or not any(out.iterdir()):
        os.rename(stage, out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.replaced.", dir=out.parent))
    os.rename(out, old)
    try:
        os.rename(stage, out)
    except OSError:
        os.rename(old, out)
        raise
    shutil.rmtree(old)


def _no_progress(done: int, total: int) -> None:
    """For conversions that are too short to tell about."""
