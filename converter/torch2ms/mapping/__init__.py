# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The mapping: what torch's modules and the packages around them become. Data beside this.

packages.txt       one line a package: renamed, or left as it is, and why
import_calls.txt   functions and mappings of Python that take a module's name as a string
launch.toml        options of torchrun, and variables of the environment; read by launch_table.py
native.txt         calls of torch that are calls of MindSpore; read by native_forms.py
star_imports.txt   the names that a star import of a module of torch binds
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from torch2ms.source import may_mention

_TABLES = (
    "import_calls.txt",
    "launch.toml",
    "native.txt",
    "packages.txt",
    "star_imports.txt",
)


class Package(NamedTuple):
    """One line of packages.txt.

    `becomes` is the module that takes the package's place, or None where the package is left: then
    `note` says what happens when the converted code imports it. `part` is the module of the adapter
    that takes the place of a part of a package which itself stays.
    """

    name: str
    becomes: str | None
    note: str
    part: str | None = None


class ImportCall(NamedTuple):
    """A function that receives a module's name: which argument, and what kind of name it is.

    kind: `module` (a dotted module), `object` (a dotted path to anything in a module),
    `distribution` (an installed distribution's name), `version` (the same, and the call's value is
    that distribution's version).
    """

    name: str
    argument: int
    keyword: str
    kind: str


@dataclass(frozen=True)
class Mapping:
    """What the tables say about imports, read once a process."""

    packages: dict[str, Package]
    calls: dict[str, tuple[ImportCall, ...]]
    module_tables: dict[str, frozenset[str]]

    def package_of(self, dotted: str) -> Package | None:
        """The row for the longest prefix of `dotted` (whole components) that has one."""
        while dotted:
            if dotted in self.packages:
                return self.packages[dotted]
            dotted = dotted.rpartition(".")[0]
        return None

    @functools.cached_property
    def parts(self) -> tuple[Package, ...]:
        """The parts of packages that become parts of the adapter."""
        return tuple(package for package in self.packages.values() if package.part)

    @functools.cached_property
    def roots(self) -> frozenset[str]:
        """The top-level names of all packages."""
        return frozenset(name.partition(".")[0] for name in self.packages)

    @functools.cached_property
    def renamed_roots(self) -> frozenset[str]:
        """The top-level names that are renamed."""
        return frozenset(package.name for package in self.packages.values() if package.becomes)

    @functools.cached_property
    def renamed_words(self) -> tuple[bytes, ...]:
        """A file that holds none of these bytes has nothing to convert."""
        return tuple(root.encode("ascii") for root in sorted(self.renamed_roots))

    def may_name_module(self, body: bytes) -> bool:
        """Whether a file can hold a string that Python takes as a renamed module's name.

        It must hold a literal that begins with one, and the name of a function or mapping that
        takes such strings: an alias of that function is made from its name.
        """
        return self.has_module_string(body) and may_mention(body, self._import_words)

    def has_module_string(self, body: bytes) -> bool:
        """Whether a file can hold a literal that begins with a renamed module's name."""
        return any(pattern.search(body) for pattern in self._module_strings)

    @functools.cached_property
    def _module_strings(self) -> tuple[re.Pattern[bytes], ...]:
        # The literal may have escapes for letters, or be the first of several in a row.
        heads = {r"\\[xuUN0-7\r\n]", *self.renamed_roots}
        for name in self.renamed_roots:
            heads |= {name[:end] + "[\"'\\\\]" for end in range(1, len(name))}
        # A pattern that begins with one character jumps from one such to the next.
        texts = [f"{quote}(?:{'|'.join(sorted(heads))})" for quote in "'\""]
        # sys.modules.update(torch=mine)
        texts.append(rf"\.update\([^)]*\b(?:{'|'.join(sorted(self.renamed_roots))})\s*=")
        return tuple(re.compile(text.encode("ascii")) for text in texts)

    @functools.cached_property
    def _import_words(self) -> tuple[bytes, ...]:
        names = {*self.calls, *self.module_tables}
        return tuple(sorted({name.rpartition(".")[2].encode("ascii") for name in names}))


@functools.cache
def left_import(local_roots: frozenset[str]) -> re.Pattern[bytes]:
    """Found in every file that imports a package which is left, and in some others.

    `local_roots` are not asked for: they are the tree's own.
    """
    left = {p.name.partition(".")[0] for p in load().packages.values() if not p.becomes}
    roots = "|".join(sorted(left - local_roots)).encode("ascii")
    return re.compile(rb"(?:from|import)[ \t].*\b(?:%s)\b" % roots)


@functools.cache
def load() -> Mapping:
    """Read the tables that come with this package."""
    packages = {}
    for name, becomes, note in map(_package_line, _lines("packages.txt")):
        if "." in name:
            # `import a.b` binds a, which has other parts: see parts.py.
            packages[name] = Package(name, None, note, part=becomes)
        else:
            packages[name] = Package(name, becomes, note)
    calls: dict[str, tuple[ImportCall, ...]] = {}
    tables = {}
    for name, *rest in map(str.split, _lines("import_calls.txt")):
        if rest[0].isdecimal():
            argument, keyword, kind = rest
            calls[name] = (*calls.get(name, ()), ImportCall(name, int(argument), keyword, kind))
        else:
            tables[name] = frozenset(rest)
    return Mapping(packages, calls, tables)


def _package_line(line: str) -> tuple[str, str | None, str]:
    left, _, note = line.partition(" ; ")
    name, _, becomes = left.partition(" -> ")
    return name, becomes or None, note


def _lines(table: str) -> list[str]:
    return [line for line in text(table).splitlines() if line and line[0] != "#"]


@functools.cache
def _star_imports() -> dict[str, frozenset[str]]:
    body = "\n".join(text("star_imports.txt").splitlines()[4:])
    rows = (row.split() for row in re.split(r"\n(?! )", body))
    return {module: frozenset(names) for module, *names in rows}


def public_names(module: str) -> frozenset[str] | None:
    """The names that `from module import *` binds, for a module of torch.

    None where the table does not have the module: then anything may be bound.
    """
    return _star_imports().get(module)


def sha256() -> str:
    """One hash over all tables: which mapping made a tree."""
    digest = hashlib.sha256()
    for table in _TABLES:
        digest.update(text(table).encode("utf-8"))
    return digest.hexdigest()


def text(table: str) -> str:
    """A table as it is written."""
    return (Path(__file__).parent / table).read_text(encoding="utf-8")
