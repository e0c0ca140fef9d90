# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Parts of other packages that become parts of the adapter: `safetensors.torch` is one, the
function `safetensors.safe_open` another.

The package itself stays, so what is bound must be told apart from what is imported: `import a.b`
binds `a` for its other parts as well. Such an import gets a second name for the part, and every
reference to the part is edited; where one of them cannot be known, the import stays, reported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch2ms.findings import Finding
from torch2ms.mapping import Mapping, Package
from torch2ms.names import Names, certain, resolve
from torch2ms.source import Edit, Source

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_GAP = rb"(?:[ \t\f]|\\(?:\r\n|\n|\r))*"
_COMMA = re.compile(rb"[ \t\f]*,[ \t\f]*")
_FROM = re.compile(rb"from" + _GAP)


@dataclass
class Parts:
    """What one file needs: edits, and imports that have to stay."""

    edits: list[Edit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def parts(
    source: Source,
    tree: ast.Module,
    imports: Sequence[ast.Import | ast.ImportFrom],
    mapping: Mapping,
    local_roots: frozenset[str],
) -> Parts:
    """The edits for every part of another package that the file imports.

    `imports` are all import statements of the tree.
    """
    done = Parts()
    for row in mapping.parts:
        package, _, part = row.name.rpartition(".")
        words = (package.encode("ascii"), part.encode("ascii"))
        if package not in local_roots and all(word in source.body for word in words):
            _Part(source, tree, row, done, frozenset(r.name for r in mapping.parts)).run(imports)
    return done


class _Part:
    """One row of the mapping in one file."""

    def __init__(
        self, source: Source, tree: ast.Module, row: Package, done: Parts, parts: frozenset[str]
    ) -> None:
        self._source = source
        self._parts = parts
        self._tree = tree
        self._done = done
        self._old = row.name
        assert row.part is not None
        self._new = row.part
        self._package, _, self._name = row.name.rpartition(".")
        # What takes the place of `package.part` where code refers to it.
        self._short = row.name.replace(".", "_")
        self._spelled = re.compile(
            _GAP.join(re.escape(word.encode("ascii")) for word in (self._package, ".", self._name))
        )

    def run(self, imports: Sequence[ast.Import | ast.ImportFrom]) -> None:
        bare: list[ast.alias] = []
        bound: set[str] = set()
        for node in imports:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name == self._old and alias.asname:
                        bound.add(alias.asname)
                        self._replace(alias, self._new)
                    elif alias.name == self._old:
                        bare.append(alias)
            elif not node.level:
                bound |= self._from(node)
        if bare:
            self._bare(bare, bound)
        elif self._new.endswith(f".{self._name}"):
            self._unbound(bound)

    def _from(self, node: ast.ImportFrom) -> set[str]:
        """`from package.part import x`, `from package import part`; the names that they bind."""
        start = self._source.offset(node.lineno, node.col_offset)
        found = _FROM.match(self._source.body, start)
        assert found is not None
        if node.module == self._old:
            self._edit(found.end(), self._new, node.lineno)
            return {alias.asname or alias.name for alias in node.names}
        named = [alias for alias in node.names if alias.name == self._name]
        if node.module != self._package or not named:
            return set()
        bound = {alias.asname or alias.name for alias in named}
        parent, _, name = self._new.rpartition(".")
        bound_as = named[0].asname or self._name
        after = name if bound_as == name else f"{name} as {bound_as}"
        spelled = self._package.encode("ascii")
        end = found.end() + len(spelled)
        if len(node.names) > 1:
            split = self._split(node, named, f"; from {parent} import {after}")
            if not split:
                self._stays(node.lineno, "imported together with other names; import it by itself")
            self._done.edits += split
        elif self._source.body.startswith(spelled, found.end()):
            self._done.edits.append(Edit(found.end(), end, parent.encode("ascii"), "import"))
            span = self._source.span(named[0])
            self._done.edits.append(Edit(*span, after.encode("utf-8"), "import"))
        else:
            self._stays(node.lineno, "cannot find the name in the source")
        return bound

    def _split(self, node: ast.ImportFrom, named: Sequence[ast.alias], after: str) -> list[Edit]:
        """Take the part out of an import of several names, and import it behind that."""
        others = [alias for alias in node.names if alias not in named]
        if len(named) > 1 or any(f"{self._package}.{a.name}" in self._parts for a in others):
            return []
        body, (start, end) = self._source.body, self._source.span(named[0])
        _, end_of_all = self._source.span(node)
        comma = _COMMA.match(body, end)
        if comma:
            end = comma.end()
        elif end == end_of_all:
            _, start = self._source.span(node.names[-2])
            if not _COMMA.fullmatch(body, start, self._source.span(named[0])[0]):
                return []
            return [Edit(start, end, after.encode("utf-8"), "import")]
        elif named[0] is not node.names[-1]:
            return []
        return [
            Edit(start, end, b"", "import"),
            Edit(end_of_all, end_of_all, after.encode("utf-8"), "import"),
        ]

    def _bare(self, bare: Sequence[ast.alias], bound: set[str]) -> None:
        """`import package.part`, whose part every reference finds through the package."""
        references = list(self._references(bound))
        obstacle = self._obstacle(bare, references)
        if obstacle is not None:
            for alias in bare:
                self._stays(alias.lineno, obstacle)
            return
        for alias in bare:
            self._replace(alias, f"{self._package}, {self._new} as {self._short}")
        for _, node in references:
            assert node is not None
            self._replace(node, self._short)

    def _unbound(self, bound: set[str]) -> None:
        """A function is read through its package, which stays what it is."""
        for line, node in self._references(bound):
            if node is not None:
                self._stays(line, f"write `from {self._package} import {self._name}` for it")

    def _references(self, bound: set[str]) -> Iterator[tuple[int, ast.Attribute | None]]:
        """The line and the node of what reads the part through the package.

        No node where that cannot be known: the package as a value, or one of two packages.
        """
        for root, node, scope in Names(self._tree).references:
            if root in bound:
                continue
            meanings = resolve(node, scope)
            if not any(meaning and self._is_meant(meaning) for meaning in meanings):
                continue
            first = _first_attribute(node)
            if root != self._package or certain(meanings) is None or first is None:
                yield node.lineno, None
            elif first.attr == self._name:
                yield node.lineno, first

    def _is_meant(self, meaning: str) -> bool:
        return meaning == self._package or f"{meaning}.".startswith(f"{self._old}.")

    def _obstacle(
        self,
        bare: Sequence[ast.alias],
        references: Sequence[tuple[int, ast.Attribute | None]],
    ) -> str | None:
        definitions = [n for n in ast.walk(self._tree) if isinstance(n, _DEFINITIONS)]
        inner = {id(below) for n in definitions for below in ast.walk(n)}
        if any(id(alias) in inner for alias in bare):
            return f"imported inside of a function; write `import {self._old} as {self._short}`"
        if self._short.encode("ascii") in self._source.body:
            return f"the file has a name {self._short} of its own"
        for line, node in references:
            if node is None or not isinstance(node.ctx, ast.Load) or not self._is_spelled(node):
                return f"line {line} uses {self._package} in a way that hides which part is meant"
        return None

    def _is_spelled(self, node: ast.alias | ast.expr) -> bool:
        # Before 3.12 positions inside of f-strings are wrong.
        start, end = self._source.span(node)
        return self._spelled.fullmatch(self._source.body, start, end) is not None

    def _replace(self, node: ast.alias | ast.expr, after: str) -> None:
        self._edit(self._source.span(node)[0], after, node.lineno)

    def _edit(self, start: int, after: str, line: int) -> None:
        """Put `after` in the place of `package.part` at `start`."""
        found = self._spelled.match(self._source.body, start)
        if found is None:
            self._stays(line, "cannot find the name in the source")
            return
        self._done.edits.append(Edit(*found.span(), after.encode("ascii"), "import"))

    def _stays(self, line: int, message: str) -> None:
        self._done.findings.append(Finding(line, "unconverted", self._old, message))


def _first_attribute(node: ast.expr) -> ast.Attribute | None:
    """The node of `a.b` in `a.b.c`; None where nothing of a is asked for."""
    found = None
    while isinstance(node, ast.Attribute):
        found, node = node, node.value
    return found
