# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a conversion did: the manifest beside the tree, the JSON report, the summary for a person.

The manifest depends on the inputs alone: no times, no absolute paths, everything in order.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from torch2ms import __version__, mapping
from torch2ms.python_file import FileResult

if TYPE_CHECKING:
    from torch2ms.importing import Import

FORMAT = 1

# Findings that mean that the result still depends on the original package.
FAILURES = frozenset({"unconverted"})
# Findings that --strict does not accept either.
STRICT_FAILURES = FAILURES | {"code", "dropped"}


class Skipped(NamedTuple):
    """Something in the source tree that is not in the result, and why."""

    path: str
    reason: str


@dataclass
class TreeResult:
    """A whole conversion: every file in order of its path.

    `verified` says whether Python was asked to compile what changed; `imports` holds what came of
    importing each changed module, by its path, if that was asked for.
    """

    target: str
    upstream: str | None
    files: list[FileResult]
    skipped: list[Skipped]
    strict: bool = False
    verified: bool = False
    imports: dict[str, Import] | None = None

    def problems(self, strict: bool | None = None) -> list[str]:
        """One line each for what makes the exit status 1; `strict` as the run had it if None."""
        strict = self.strict if strict is None else strict
        kinds = STRICT_FAILURES if strict else FAILURES
        lines = []
        for file in self.files:
            lines += [
                f"{file.path}:{f.line}: {f.text}: {f.message}"
                for f in file.findings
                if f.kind in kinds
            ]
            if file.does_not_compile and (strict or file.source_compiles):
                lines.append(f"{file.path}: does not compile: {file.does_not_compile}")
            if strict and file.unparsable:
                lines.append(f"{file.path}: copied unchanged: {file.unparsable}")
        return lines


def write(data: bytes, path: Path) -> None:
    """Write a report to a file, which appears whole or not at all."""
    import tempfile

    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.write(data)
            file.close()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def manifest(result: TreeResult) -> bytes:
    """torch2ms-manifest.json: where each file came from and what was done to it."""
    name, _, version = (result.upstream or "").partition("==")
    return _json(
        {
            "format": FORMAT,
            "converter": {
                "name": "torch2ms",
                "version": __version__,
                "mapping_sha256": mapping.sha256(),
            },
            "target": result.target,
            "upstream": {"name": name, "version": version} if result.upstream else None,
            "files": [_file_entry(file) for file in result.files],
            "recipes": recipe_entries(result),
            "skipped": [skipped._asdict() for skipped in result.skipped],
        }
    )


def report(result: TreeResult) -> bytes:
    """The report of --report FILE.json: the numbers, then the findings of each file."""
    return _json(
        {
            "format": FORMAT,
            "converter": {"name": "torch2ms", "version": __version__},
            "target": result.target,
            "numbers": numbers(result),
            "left": left_packages(result),
            "files": [
                {
                    **_file_entry(file),
                    "counts": vars(file.counts),
                    "findings": [finding._asdict() for finding in file.findings],
                    "unparsable": file.unparsable,
                    "does_not_compile": file.does_not_compile,
                    **_import_entry(result, file),
                }
                for file in result.files
                if file.changed or file.findings or file.unparsable or file.counts.found
            ],
            "recipes": recipe_entries(result),
            "skipped": [skipped._asdict() for skipped in result.skipped],
        }
    )


def numbers(result: TreeResult) -> dict[str, int]:
    """The numbers of the report; `converted` alone would say little.

    found      references to torch in code: import clauses, names, attribute chains, import strings
    resolved   those of which it is certain which torch name is meant
    converted  those that now reach the adapter; a name that is torch's on some ways through the
               program only is converted, but not resolved
    native     those of the converted ones that became MindSpore's own
    compile    changed Python files that Python compiles, out of `python_changed`; only where it was
               asked to
    launches   commands of shell scripts that start torch's launcher; `launches_converted` of these
               now start msrun
    import     changed modules that import, out of `import_tried`; `import_missing` of these ask for
               a package that is neither torch nor the tree's and is not installed
    """
    files = result.files
    changed = [file for file in files if file.changed and file.python]
    return {
        "files": len(files),
        "files_changed": sum(file.changed for file in files),
        "python_changed": len(changed),
        "found": sum(file.counts.found for file in files),
        "resolved": sum(file.counts.resolved for file in files),
        "converted": sum(file.counts.converted for file in files),
        "native": sum(file.counts.native for file in files),
        **({"compile": sum(_compiles(file) for file in changed)} if result.verified else {}),
        "unparsable": sum(file.unparsable is not None for file in files),
        "launches": sum(file.launches for file in files),
        "launches_converted": sum(file.launches_converted for file in files),
        **_import_numbers(result),
    }


def left_packages(result: TreeResult) -> list[dict[str, object]]:
    """The packages around torch whose imports are left as they are, with how many there are."""
    found = Counter(
        (finding.text, finding.message)
        for file in result.files
        for finding in file.findings
        if finding.kind == "left"
    )
    return [
        {"package": name, "imports": count, "note": note}
        for (name, note), count in sorted(found.items())
    ]


def summary(result: TreeResult) -> str:
    """A few lines for a terminal."""
    n = numbers(result)
    recipes = sum(len(file.applied) for file in result.files)
    text = (
        f"{n['files']} files, {n['files_changed']} changed, {recipes} recipes;"
        f" torch references: {n['found']} found, {n['resolved']} resolved,"
        f" {n['converted']} converted"
    )
    if result.target == "native":
        text += f", {n['native']} of them to MindSpore's own"
    if result.verified:
        text += f"; {n['compile']} of {n['python_changed']} compile"
    if result.imports is not None:
        text += f"\n{n['import']} of {n['import_tried']} changed modules import"
        text += f", {n['import_missing']} lack a package that is not installed"
    if n["launches"]:
        text += f"\n{n['launches']} launches found, {n['launches_converted']} converted"
    left = left_packages(result)
    if left:
        text += "\nleft as they are: " + ", ".join(str(row["package"]) for row in left)
    if n["unparsable"]:
        text += f"\n{n['unparsable']} files do not parse and were copied unchanged"
    return text


def _compiles(file: FileResult) -> bool:
    return file.does_not_compile is None


def _import_numbers(result: TreeResult) -> dict[str, int]:
    if result.imports is None:
        return {}
    every = result.imports.values()
    return {
        "import": sum(one.reason is None for one in every),
        "import_tried": len(every),
        "import_missing": sum(one.missing is not None for one in every),
    }


def _import_entry(result: TreeResult, file: FileResult) -> dict[str, object]:
    one = (result.imports or {}).get(file.path)
    return {} if one is None else {"import": vars(one)}


def _file_entry(file: FileResult) -> dict[str, object]:
    return {
        "path": file.path,
        "source_sha256": file.source_sha256,
        "sha256": file.sha256,
        "edits": [change._asdict() for change in file.changes],
    }


def recipe_entries(result: TreeResult) -> list[dict[str, object]]:
    """The recipes that were applied, in order of their files."""
    return [
        {
            "name": applied.recipe.name,
            "file": applied.recipe.file,
            "scope": applied.recipe.scope,
            "reason": applied.recipe.reason,
            "sha256": applied.recipe.sha256,
            "before": applied.recipe.match,
            "after": applied.recipe.replace,
            "lines": list(applied.lines),
        }
        for file in result.files
        for applied in file.applied
    ]


def _json(value: object) -> bytes:
    return (json.dumps(value, separators=(",\n", ": ")) + "\n").encode("utf-8")
