# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One Python file: bytes in, bytes out, and a record of what was done and why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from torch2ms import mapping, proof
from torch2ms.facts import NOTHING, FileFacts, Known, tree_imports, written
from torch2ms.findings import Counts, Finding
from torch2ms.rewrite import Rules, rewrite
from torch2ms.source import Edit, Source, SourceError, apply_edits, may_mention

if TYPE_CHECKING:
    from torch2ms.recipes import Applied, Recipe


class Change(NamedTuple):
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
    facts: FileFacts = field(default_factory=FileFacts)

    @property
    def changed(self) -> bool:
        """Whether the result differs from the source."""
        return self.sha256 != self.source_sha256


class Settings(NamedTuple):
    """What holds for a whole run.

    local_roots  the top-level modules of the tree itself that are called like a package
    packages     all top-level modules of the tree itself
    references   whether to count the references to torch, and tell about those that are uncertain
    verify       whether Python is asked to compile every changed file, and its byte code searched
                 for imports of torch; for files with calls that became MindSpore's it always is
    """

    target: str
    local_roots: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    references: bool = True
    verify: bool = True

    @property
    def renames(self) -> bool:
        """Whether torch becomes the adapter."""
        return self.target in ("adapter", "native")

    @property
    def native(self) -> bool:
        """Whether calls become MindSpore's."""
        return self.target == "native"


def convert(
    data: bytes,
    path: str,
    settings: Settings,
    file_recipes: Sequence[Recipe] = (),
    known: Known = NOTHING,
) -> tuple[bytes, FileResult]:
    """Convert one Python file; a file that does not parse is given back as it is, and reported.

    `known` is what the other files of the tree say. Raises recipes.RecipeError if a recipe for this
    file does not fit it.
    """
    digest = hashlib.sha256(data).hexdigest()
    result = FileResult(path, digest, digest)
    renames = settings.renames and (bool(known.contents) or _concerns(data, settings))
    if settings.renames and not renames and (settings.references or settings.native):
        result.facts.imports = tree_imports(data, settings.packages)
    if settings.native:
        from torch2ms import native_forms

        result.facts.written = written(data, native_forms.last_names())
    if not renames and not file_recipes:
        return data, result
    try:
        source = Source.decode(data)
        recast = _with_recipes(source, file_recipes, result)
        body = _with_rules(recast, settings, known, result) if renames else recast.body
        if body == source.body:
            return data, result
        if not source.round_trips(data):
            raise SourceError(f"encoding {source.encoding} cannot be given back byte for byte")
        converted = source.encode(body)
    except SourceError as error:
        result = FileResult(path, digest, digest, unparsable=str(error))
        return data, result
    result.sha256 = hashlib.sha256(converted).hexdigest()
    if settings.verify or result.counts.native:
        _verify(body, source, settings, result)
    return converted, result


def _concerns(data: bytes, settings: Settings) -> bool:
    """Whether a file can have to do with a package of the mapping: decided without parsing it."""
    if may_mention(data, mapping.load().renamed_words):
        return True
    return mapping.left_import(settings.local_roots).search(data) is not None


def _verify(body: bytes, source: Source, settings: Settings, result: FileResult) -> None:
    """Prove that the result compiles and has no import left; what is left becomes a finding."""
    code, message = proof.compiled(body, result.path)
    if code is None:
        result.does_not_compile = message
        result.source_compiles = proof.compiled(source.body, result.path)[0] is not None
    elif settings.renames:
        for line, module in proof.imports(code, mapping.load().renamed_roots):
            if module.partition(".")[0] not in settings.local_roots:
                result.findings.append(Finding(line, "unconverted", module, "still imported"))
    result.findings = sorted(set(result.findings))


def _with_recipes(source: Source, file_recipes: Sequence[Recipe], result: FileResult) -> Source:
    if not file_recipes:
        return source
    from torch2ms import recipes

    for recipe in file_recipes:
        body, applied = recipes.apply(source, recipe)
        source = Source.from_utf8(body)
        result.applied.append(applied)
    return source


def _with_rules(source: Source, settings: Settings, known: Known, result: FileResult) -> bytes:
    rules = Rules(
        settings.local_roots, settings.packages, settings.references, settings.native, known
    )
    done = rewrite(source, mapping.load(), rules)
    done.facts.written = result.facts.written
    result.facts = done.facts
    result.findings += sorted(set(done.findings))
    result.counts = done.counts
    by_line: dict[int, list[Edit]] = {}
    for edit in sorted(done.edits, key=lambda one: one.start):
        by_line.setdefault(source.line_of(edit.start), []).append(edit)
    for line, own in sorted(by_line.items()):
        after = source.line(line, own)
        result.changes.append(Change(line, source.line(line), after, own[0].rule))
    return apply_edits(source.body, done.edits)
