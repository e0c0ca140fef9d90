# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One Python file: bytes in, bytes out, and a record of what was done and why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch2ms import mapping, proof, recipes
from torch2ms.parts import parts
from torch2ms.recipes import Applied, Recipe
from torch2ms.rewrite import Counts, Finding, rewrite
from torch2ms.source import Source, SourceError, apply_edits, may_mention


@dataclass(frozen=True)
class Change:
    """One line of the result that differs from the source. `line` counts in the result."""

    line: int
    before: str
    after: str
    rule: str


@dataclass
class FileResult:
    """What became of one file; `path` is relative to the tree, with forward slashes."""

    path: str
    source_sha256: str
    sha256: str
    changes: list[Change] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    unparsable: str | None = None
    does_not_compile: str | None = None
    source_compiles: bool = True
    python: bool = True
    launches: int = 0
    launches_converted: int = 0

    @property
    def changed(self) -> bool:
        """Whether the result differs from the source."""
        return self.sha256 != self.source_sha256


@dataclass(frozen=True)
class Settings:
    """What holds for a whole run.

    local_roots  the top-level modules of the tree itself
    references   whether to count the references to torch, and tell about those that are uncertain
    """

    target: str
    local_roots: frozenset[str] = frozenset()
    references: bool = True


def convert(
    data: bytes, path: str, settings: Settings, file_recipes: Sequence[Recipe] = ()
) -> tuple[bytes, FileResult]:
    """Convert one Python file; a file that does not parse is given back as it is, and reported.

    Raises recipes.RecipeError if a recipe for this file does not fit it.
    """
    digest = hashlib.sha256(data).hexdigest()
    result = FileResult(path, digest, digest)
    table = mapping.load()
    renames = settings.target == "adapter" and (
        may_mention(data, table.renamed_words) or table.left_import.search(data) is not None
    )
    if not renames and not file_recipes:
        return data, result
    try:
        source = Source.decode(data)
        body = _with_recipes(source, file_recipes, result)
        if renames:
            body = _with_adapter(Source.from_utf8(body), settings, result)
        if body == source.body:
            return data, result
        if not source.round_trips(data):
            raise SourceError(f"encoding {source.encoding} cannot be given back byte for byte")
        converted = source.encode(body)
    except SourceError as error:
        result = FileResult(path, digest, digest, unparsable=str(error))
        return data, result
    result.sha256 = hashlib.sha256(converted).hexdigest()
    _check(body, source, settings, result)
    return converted, result


def _check(body: bytes, source: Source, settings: Settings, result: FileResult) -> None:
    """Prove that the result compiles and has no import left; what is left becomes a finding."""
    code, message = proof.compiled(body, result.path)
    if code is None:
        result.does_not_compile = message
        result.source_compiles = proof.compiled(source.body, result.path)[0] is not None
    elif settings.target == "adapter":
        for line, module in proof.imports(code, mapping.load().renamed_roots):
            if module.partition(".")[0] not in settings.local_roots:
                result.findings.append(Finding(line, "unconverted", module, "still imported"))
    result.findings = sorted(set(result.findings))


def _with_recipes(source: Source, file_recipes: Sequence[Recipe], result: FileResult) -> bytes:
    body = source.body
    for recipe in file_recipes:
        body, applied = recipes.apply(Source.from_utf8(body), recipe)
        result.applied.append(applied)
    return body


def _with_adapter(source: Source, settings: Settings, result: FileResult) -> bytes:
    done = rewrite(source, mapping.load(), settings.local_roots, settings.references)
    others = parts(source, mapping.load(), settings.local_roots)
    result.findings += done.findings + others.findings
    result.counts = done.counts
    edits = done.edits + others.edits
    body = apply_edits(source.body, edits)
    rules: dict[int, str] = {}
    for edit in sorted(edits, key=lambda one: one.start):
        rules.setdefault(source.line_of(edit.start), edit.rule)
    after = Source.from_utf8(body)
    for line, rule in sorted(rules.items()):
        result.changes.append(Change(line, source.line(line), after.line(line), rule))
    return body
