# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A whole tree: converted in parallel, and put in place at once.

The result does not depend on the number of processes. The source tree is only read. The output
appears under its name when it is complete, or not at all: it is written beside it and renamed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from torch2ms import plan, processes, wheel
from torch2ms.collector import without_collector
from torch2ms.errors import UsageError
from torch2ms.facts import NOTHING, Known, TreeFacts, modules, tells
from torch2ms.mentions import mentions
from torch2ms.plan import Plan, Task
from torch2ms.python_file import FileResult, Settings, convert
from torch2ms.report import TreeResult, manifest
from torch2ms.wheel import MANIFEST

if TYPE_CHECKING:
    from torch2ms.recipes import Recipe

# Under this much source, more processes cost more than they save.
_PARALLEL_BYTES = 100_000

# The files whose differences are told at a time.
_PORTION = 256

Progress = Callable[[int, int], None]


class Options(NamedTuple):
    """How to convert: see `torch2ms convert --help` for each."""

    target: str = "adapter"
    upstream: str | None = None
    recipes: Sequence[Recipe] = ()
    exclude: Sequence[str] = ()
    jobs: int = 1
    force: bool = False
    references: bool = True
    verify: bool = True


def no_progress(done: int, total: int) -> None:
    """For conversions that nobody watches."""


def convert_tree(
    source: Path, out: Path, options: Options, progress: Progress = no_progress
) -> TreeResult:
    """Convert the tree `source` into the new directory `out`.

    Raises UsageError for bad input and RecipeError for a recipe that does not fit; then nothing is
    left of the output.
    """
    if not source.is_dir():
        raise UsageError(f"{source}: not a directory")
    _check_apart(source, out)
    _check_out(out, options.force)
    work = plan.of_tree(source, options.recipes, options.exclude)
    with staged(out) as stage:
        result = _run(work, stage, options, progress)
        wheel.manifest_path(stage).write_bytes(manifest(result))
        wheel.write_record(stage)
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
    work = plan.of_file(source, options.recipes)
    with staged(out) as stage:
        result = _run(work, stage, options, no_progress)
        os.replace(stage / source.name, out)
    return result


def convert_files(
    files: Sequence[str], prefixes: Sequence[str], out: Path, options: Options
) -> TreeResult:
    """Convert listed files into `out`, each under its path without the first prefix that fits.

    For build systems: `out` may exist, symbolic links are followed, a file is only replaced when
    all are converted.
    """
    work = plan.of_list(files, prefixes, options.recipes)
    out.mkdir(parents=True, exist_ok=True)
    with staged(out / MANIFEST) as stage:
        result = _run(work, stage, options, no_progress)
        (stage / MANIFEST).write_bytes(manifest(result))
        for path in [*(task.path for task in work.tasks), MANIFEST]:
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(stage / path, out / path)
    return result


def check(source: Path, options: Options, progress: Progress = no_progress) -> TreeResult:
    """What a conversion of a tree or a file would do, without writing anything."""
    return _run(_plan_of(source, options), None, options, progress)


def diffs(source: Path, options: Options) -> Iterator[bytes]:
    """The unified diff of each file that a conversion would change, in order of their paths."""
    work = _plan_of(source, options)
    quick = options._replace(references=False, verify=False)
    # What other files say changes no edit of target `adapter`.
    facts = _convert_all(work, None, quick, no_progress)[1] if options.target == "native" else None
    settings = _settings(work, quick)
    items: list[_Work] = [
        (task, None, settings, facts.known(task.path) if facts else NOTHING)
        for task in work.tasks
        if task.link is None
    ]
    jobs = _jobs(options.jobs, work.tasks)
    # In portions, so that whoever reads the first does not wait for the last.
    for start in range(0, len(items), _PORTION):
        portion = items[start : start + _PORTION]
        yield from filter(None, processes.each(_difference, portion, jobs, lambda taken: None))


def _difference(work: _Work) -> bytes:
    """The unified diff of one file; nothing where it does not change."""
    task, _, settings, known = work
    before = _read(task)[0]
    after, _ = convert_bytes(before, task, settings, known)
    return b"" if after == before else "".join(_diff(before, after, task.path)).encode("latin-1")


def _diff(before: bytes, after: bytes, path: str) -> Iterator[str]:
    # Latin-1 gives every byte a character: a diff shows bytes, whatever their encoding.
    import difflib

    name = os.fsencode(path).decode("latin-1")
    old, new = ([line.decode("latin-1") for line in io.BytesIO(data)] for data in (before, after))
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _plan_of(source: Path, options: Options) -> Plan:
    if source.is_file():
        return plan.of_file(source, options.recipes)
    if not source.is_dir():
        raise UsageError(f"{source}: no such file or directory")
    return plan.of_tree(source, options.recipes, options.exclude)


# --- running

_Work = tuple[Task, str | None, Settings, Known]


def _run(work: Plan, stage: Path | None, options: Options, progress: Progress) -> TreeResult:
    """Convert every file into `stage`, or nowhere."""
    files, _ = _convert_all(work, stage, options, progress)
    if work.earlier:
        from torch2ms.recipes import Applied

        for file in files:
            own = [recipe for recipe in work.earlier if recipe.file == file.path]
            file.applied += [Applied(recipe, ()) for recipe in own]
    return TreeResult(
        options.target, options.upstream, files, work.skipped, verified=options.verify
    )


def _convert_all(
    work: Plan, stage: Path | None, options: Options, progress: Progress
) -> tuple[list[FileResult], TreeFacts]:
    """Convert every file, and those once more that the facts of others concern, until none is."""
    settings = _settings(work, options)
    facts = TreeFacts(_modules(work))
    tasks = {task.path: task for task in work.tasks}
    results: dict[str, FileResult] = {}
    done, total = 0, len(tasks)

    def taken(now: int) -> None:
        progress(done + now, total)

    with without_collector():
        waves = _waves(work, settings, options.jobs)
        while True:
            again = facts.concerned()
            known = again | (facts.begin(waves.pop(0)) if waves else {})
            if not known:
                break
            total += len(again)
            items: list[_Work] = [
                (tasks[path], os.path.join(stage, path) if stage else None, settings, told)
                for path, told in known.items()
            ]
            # The last files to be taken are small, so all processes end at one time.
            items.sort(key=lambda item: (-item[0].size, item[0].path))
            jobs = _jobs(options.jobs, (item[0] for item in items))
            for result in processes.each(_do, items, jobs, taken):
                if result is not None:
                    results[result.path] = result
                    facts.tell(result.path, result.facts)
            done += len(items)
    return [results[path] for path in tasks if path in results], facts


def _jobs(jobs: int, tasks: Iterable[Task]) -> int:
    size = sum(task.size for task in tasks if plan.is_python(task))
    return jobs if size >= _PARALLEL_BYTES else 1


def _waves(work: Plan, settings: Settings, jobs: int) -> list[list[str]]:
    """All files; for target `native` first those that look as if they had to tell the others."""
    paths = [task.path for task in work.tasks]
    if not settings.native:
        return [paths]
    tasks = [task for task in work.tasks if task.link is None and plan.is_python(task)]
    told = processes.each(_tells, tasks, _jobs(jobs, tasks), lambda taken: None)
    first = {task.path for task, early in zip(tasks, told, strict=True) if early}
    waves = [[path for path in paths if (path in first) == early] for early in (True, False)]
    return [wave for wave in waves if wave]


def _tells(task: Task) -> bool:
    return tells(_read(task)[0])


def _settings(work: Plan, options: Options) -> Settings:
    packages = frozenset(name.partition(".")[0] for name in _modules(work))
    return Settings(options.target, work.local_roots, packages, options.references, options.verify)


def _modules(work: Plan) -> dict[str, str]:
    return modules((task.path for task in work.tasks if task.link is None), work.name)


def _do(work: _Work) -> FileResult | None:
    """Convert one file and write it; links have no entry of their own."""
    task, destination, settings, known = work
    try:
        if task.link is None:
            data, mode = _read(task)
            data, result = convert_bytes(data, task, settings, known)
            if destination is not None:
                _make(lambda: _write(destination, data, mode), destination)
            return result
        link = task.link
        if destination is not None:
            _make(lambda: os.symlink(link, destination), destination)
        return None
    except OSError as error:
        # Errors of write() have no name of their own.
        raise UsageError(f"{task.path}: {error.strerror or error}") from error


def _make(one: Callable[[], None], destination: str) -> None:
    """Make a file, and the directories that it lies in if it is the first in there."""
    try:
        one()
    except FileNotFoundError:
        os.makedirs(os.path.dirname(destination), exist_ok=True)
        one()


def _write(destination: str, data: bytes, mode: int) -> None:
    with open(destination, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), mode | stat.S_IWUSR)


def _read(task: Task) -> tuple[bytes, int]:
    """The bytes of a file and its permissions."""
    with open(task.source, "rb", buffering=0) as file:
        return file.read(), stat.S_IMODE(os.fstat(file.fileno()).st_mode)


def convert_alone(data: bytes, task: Task, settings: Settings) -> tuple[bytes, FileResult]:
    """What becomes of a file that has no tree around it."""
    facts = TreeFacts({})
    known = NOTHING
    while True:
        after, result = convert_bytes(data, task, settings, known)
        facts.tell(task.path, result.facts)
        again = facts.concerned()
        if not again:
            return after, result
        known = again[task.path]


def convert_bytes(
    data: bytes, task: Task, settings: Settings, known: Known
) -> tuple[bytes, FileResult]:
    """What becomes of a file, by its kind; a file of no kind that is known is copied."""
    data, result = _by_kind(data, task, settings, known)
    states = settings.renames and plan.holds_dependencies(task.path)
    if states and result.unparsable is None:
        from torch2ms import requirements

        data = requirements.convert(data, result)
    return data, result


def _by_kind(data: bytes, task: Task, settings: Settings, known: Known) -> tuple[bytes, FileResult]:
    if plan.is_python(task, data):
        return convert(data, task.path, settings, task.recipes, known)
    if (settings.renames or settings.target == "launch") and plan.is_script(task.path, data):
        # The reader of shell is as large as all the rest, and most trees have few scripts.
        from torch2ms import scripts

        return scripts.convert(data, task.path)
    digest = hashlib.sha256(data).hexdigest()
    told = mentions(data, task.path) if settings.renames else []
    return data, FileResult(task.path, digest, digest, findings=told, python=False)


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
    if not wheel.manifest_path(out).is_file():
        raise UsageError(f"{out}: exists and was not made by torch2ms; name another directory")
    if not force:
        raise UsageError(f"{out}: exists; --force replaces the result of an earlier conversion")


@contextlib.contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A directory beside `out` to write into; whatever is left of it is removed in the end."""
    stage = _new_beside(out)
    try:
        yield stage
    finally:
        if stage.exists():
            _remove(stage)


def _new_beside(out: Path) -> Path:
    """A new directory that is nobody else's, with the permissions of any new one."""
    # To import the module tempfile takes longer than all that is made here.
    path = out.parent / f".{out.name}.torch2ms.{os.urandom(8).hex()}"
    path.mkdir()
    return path


def _remove(directory: Path) -> None:
    import shutil

    shutil.rmtree(directory)


def _put_in_place(stage: Path, out: Path) -> None:
    if not out.exists() or not any(out.iterdir()):
        os.rename(stage, out)
        return
    old = _new_beside(out)
    os.rename(out, old)
    try:
        os.rename(stage, out)
    except OSError:
        os.rename(old, out)
        raise
    _remove(old)
