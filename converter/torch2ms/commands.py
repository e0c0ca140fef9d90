# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands as functions: what `torch2ms.convert` and its like are, and the command line runs.

Arguments have the names and the meanings of the command's options. What would end the command with
status 2 raises UsageError, or RecipeError, which is one.
"""

from __future__ import annotations

import io
import os
import tokenize
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import AnyStr

from torch2ms import archive, plan, tree, wheel
from torch2ms.errors import UsageError
from torch2ms.python_file import FileResult, Settings
from torch2ms.report import TreeResult, write
from torch2ms.report import report as json_report
from torch2ms.targets import TARGETS

PathLike = str | os.PathLike[str]
Progress = Callable[[int, int], None]


def _page(result: TreeResult) -> bytes:
    from torch2ms import report_page

    return report_page.page(result)


_REPORTS = {".json": json_report, ".html": _page}


def convert(
    src: PathLike,
    out: PathLike,
    *,
    target: str = "adapter",
    jobs: int | None = None,
    strict: bool = False,
    exclude: Iterable[str] = (),
    recipes: PathLike | None = None,
    upstream: str | None = None,
    report: PathLike | None = None,
    force: bool = False,
    import_with: str | None = None,
    verify: bool = False,
    references: bool = True,
    progress: Progress = tree.no_progress,
) -> TreeResult:
    """Convert `src` into `out`, which appears whole or not at all; `src` is never written.

    `src` is a file, a directory, an sdist (`.tar.gz`, `.zip` and the like) or a wheel. `out` is a
    file for a file, else a new directory; for a wheel it may be a wheel of the same name.

    target      "adapter", "native" (calls become MindSpore's where that is proven), or "torch"
                (recipes alone)
    jobs        processes; one a processor if None. The result does not depend on it
    strict      what `TreeResult.problems()` counts when it is not told otherwise
    exclude     patterns of files and directories to leave out
    recipes     a recipe file, or a directory of them; needs `upstream`, NAME==VERSION
    report      where to write what was found, file by file: FILE.json, or FILE.html, a page
    force       replace `out` if an earlier conversion made it
    import_with an interpreter that has the adapter and what else the tree needs: it imports every
                changed module, see `TreeResult.imports`
    verify      ask Python to compile every changed file and search its byte code for imports of
                torch; done without asking where there is a report or `strict`, and for files with
                calls that became MindSpore's
    references  whether to count the references to torch, and tell about those that are uncertain
    progress    called with the number of files done and of all files

    Raises UsageError for bad input, RecipeError for a recipe that does not fit; then there is no
    `out`.
    """
    _check_report(report)
    verify = verify or strict or report is not None
    how = options(target, jobs, exclude, recipes, upstream, force, references, verify)
    _check_import_with(_existing(src), import_with)
    result = _converted(Path(src), Path(os.path.abspath(out)), how, progress, import_with)
    return finished(result, strict, report)


def launch(
    src: PathLike,
    out: PathLike,
    *,
    jobs: int | None = None,
    strict: bool = False,
    exclude: Iterable[str] = (),
    report: PathLike | None = None,
    force: bool = False,
    progress: Progress = tree.no_progress,
) -> TreeResult:
    """Convert the launch scripts of `src` alone, and copy all other files; see `convert`.

    Raises UsageError for a single file that is no shell script.
    """
    source = Path(src)
    if source.is_file() and not archive.is_archive(source):
        _check_script(source)
    return convert(
        source,
        out,
        target="launch",
        jobs=jobs,
        strict=strict,
        exclude=exclude,
        report=report,
        force=force,
        progress=progress,
    )


def check(
    src: PathLike,
    *,
    target: str = "adapter",
    jobs: int | None = None,
    strict: bool = False,
    exclude: Iterable[str] = (),
    recipes: PathLike | None = None,
    upstream: str | None = None,
    report: PathLike | None = None,
    references: bool = True,
    progress: Progress = tree.no_progress,
) -> TreeResult:
    """What `convert` would do with `src`; nothing is written but the report."""
    _check_report(report)
    how = options(target, jobs, exclude, recipes, upstream, references=references)
    with archive.opened(_existing(src)) as source:
        result = tree.check(source, how, progress)
    return finished(result, strict, report)


def diff(
    src: PathLike,
    *,
    target: str = "adapter",
    jobs: int | None = None,
    exclude: Iterable[str] = (),
    recipes: PathLike | None = None,
    upstream: str | None = None,
) -> Iterator[bytes]:
    """The unified diff of each file that `convert` would change, in order of their paths.

    Files are converted by `jobs` processes, one a processor if None; the result is the same.
    """
    how = options(target, jobs, exclude, recipes, upstream)
    with archive.opened(_existing(src)) as source:
        yield from tree.diffs(source, how)


def convert_source(
    source: AnyStr,
    *,
    path: str = "module.py",
    target: str = "adapter",
    local: Iterable[str] = (),
) -> tuple[AnyStr, FileResult]:
    """Convert one file in memory: text or bytes in, the same kind out, and what was done.

    `path` says what kind of file it is (Python, a shell script, `setup.py`, `requirements.txt`...)
    and is its name in the record; `local` are the top-level modules of the tree that it belongs to.
    A file that does not parse comes back as it is, with the parser's message in
    `FileResult.unparsable`.
    """
    _check_target(target)
    if isinstance(source, bytes):
        return _one_file(source, path, target, local)
    try:
        encoding = _encoding(source)
        data, result = _one_file(source.encode(encoding), path, target, local)
    except (UnicodeError, SyntaxError) as error:
        raise UsageError(f"{path}: the text cannot be encoded as it declares: {error}") from error
    return data.decode(encoding), result


def options(
    target: str,
    jobs: int | None,
    exclude: Iterable[str],
    recipe_path: PathLike | None,
    upstream: str | None,
    force: bool = False,
    references: bool = False,
    verify: bool = True,
) -> tree.Options:
    """The settings of a run; raises UsageError or RecipeError where they do not fit together."""
    _check_target(target)
    if isinstance(exclude, str):
        raise UsageError(f"exclude={exclude!r}: give a list of patterns")
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs={jobs}: not a number of processes")
    found = []
    if recipe_path is not None:
        from torch2ms import recipes

        found = recipes.load(Path(recipe_path), upstream, target)
    return tree.Options(
        target=target,
        upstream=upstream,
        recipes=found,
        exclude=list(exclude),
        jobs=jobs or len(os.sched_getaffinity(0)),
        force=force,
        references=references,
        verify=verify,
    )


def finished(result: TreeResult, strict: bool, report: PathLike | None) -> TreeResult:
    """Note what counts as a problem, and write the report."""
    result.strict = strict
    if report is not None:
        path = Path(report)
        write(_REPORTS[path.suffix](result), path)
    return result


def _check_script(source: Path) -> None:
    if not plan.is_script(source.name, source.read_bytes()):
        raise UsageError(f"{source}: not a shell script, by its name or its first line")


def _check_target(target: str) -> None:
    # The launch command's own target is not one of convert's, but comes this way.
    if target not in (*TARGETS, "launch"):
        raise UsageError(f"target {target!r}: must be one of {', '.join(TARGETS)}")


def _check_report(report: PathLike | None) -> None:
    if report is None:
        return
    path = Path(report)
    if path.suffix not in _REPORTS:
        raise UsageError(f"--report {path}: must end in {' or '.join(_REPORTS)}")
    if not path.parent.is_dir():
        raise UsageError(f"--report {path.parent}: no such directory")


def _existing(src: PathLike) -> Path:
    source = Path(src)
    if not source.exists():
        raise UsageError(f"{source}: no such file or directory")
    return source


def _check_import_with(source: Path, python: str | None) -> None:
    if python is None:
        return
    if source.is_file() and not archive.is_archive(source):
        raise UsageError(
            f"--import-with: {source} is one file; convert the tree that it is part of"
        )
    from torch2ms import importing

    importing.check(python)


def _converted(
    source: Path, out: Path, how: tree.Options, progress: Progress, import_with: str | None
) -> TreeResult:
    if out.suffix == archive.WHEEL:
        return _into_wheel(source, out, how, progress, import_with)
    with archive.opened(source) as root:
        if root.is_file():
            return tree.convert_file(root, out, how)
        result = tree.convert_tree(root, out, how, progress)
    try:
        _import(result, out, how, progress, import_with)
    except KeyboardInterrupt as error:
        raise UsageError(f"interrupted; {out} is complete, only --import-with is not") from error
    return result


def _into_wheel(
    source: Path, out: Path, how: tree.Options, progress: Progress, import_with: str | None
) -> TreeResult:
    _check_wheel(source, out, how.force)
    with archive.opened(source) as root, tree.staged(out) as stage:
        if wheel.dist_info(root) is None:
            raise UsageError(f"{source}: not a wheel: no .dist-info/WHEEL in it")
        result = tree.convert_tree(root, stage / "tree", how, progress)
        _import(result, stage / "tree", how, progress, import_with)
        wheel.pack(stage / "tree", stage / out.name)
        os.replace(stage / out.name, out)
    return result


def _check_wheel(source: Path, out: Path, force: bool) -> None:
    if source.suffix != archive.WHEEL:
        raise UsageError(f"{out}: only a wheel becomes a wheel; name a directory")
    if out.name != source.name:
        raise UsageError(f"{out}: a wheel's name says what it is; write to {source.name}")
    if out.exists() and out.samefile(source):
        raise UsageError(f"{out}: is the source itself; write to another directory")
    if out.exists() and not force:
        raise UsageError(f"{out}: exists; --force replaces it")
    if not out.parent.is_dir():
        raise UsageError(f"{out.parent}: no such directory")


def _import(
    result: TreeResult, root: Path, how: tree.Options, progress: Progress, python: str | None
) -> None:
    if python is not None:
        from torch2ms import importing

        changed = [file.path for file in result.files if file.changed and file.python]
        result.imports = importing.imports(root, changed, python, how.jobs, progress)


def _one_file(
    data: bytes, path: str, target: str, local: Iterable[str]
) -> tuple[bytes, FileResult]:
    task = plan.Task(path, path, len(data))
    return tree.convert_alone(data, task, Settings(target, frozenset(local)))


def _encoding(text: str) -> str:
    """The encoding that a text declares for its bytes; UTF-8 otherwise, whatever its mark."""
    head = "".join(text.splitlines(keepends=True)[:2]).encode("utf-8", "surrogatepass")
    encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    return "utf-8" if encoding == "utf-8-sig" else encoding
