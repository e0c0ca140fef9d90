# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The mapping: what torch's modules and the packages around them become. Data beside this.

packages.toml      one row a package: renamed, or left as it is, and why
import_calls.toml  functions and mappings of Python that take a module's name as a string
launch.toml        options of torchrun, and variables of the environment, in launch scripts
native.txt         calls of torch that are calls of MindSpore; read by native_forms.py
star_imports.txt   the names that a star import of a module of torch binds
"""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

_TABLES = (
    "import_calls.toml",
    "launch.toml",
    "native.txt",
    "packages.toml",
    "star_imports.txt",
)


@dataclass(frozen=True)
class Package:
    """One row of packages.toml.

    `becomes` is the module that takes the package's place, or None where the package is left: then
    `note` says what happens when the converted code imports it. `part` is the module of the adapter
    that takes the place of a part of a package which itself stays.
    """

    name: str
    becomes: str | None
    note: str
    part: str | None = None


@dataclass(frozen=True)
class ImportCall:
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
class Option:
    """An option of torchrun; see launch.toml for `action`."""

    action: str
    takes_value: bool
    becomes: str = ""
    only: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Variable:
    """A variable of the environment; see launch.toml for `action`."""

    name: str
    action: str
    note: str
    becomes: str = ""
    values: dict[str, str] | None = None


@dataclass(frozen=True)
class LaunchTable:
    """launch.toml: options by each of their names, variables, and two kinds of commands."""

    options: dict[str, Option]
    variables: tuple[Variable, ...]
    run: frozenset[str]
    talk: frozenset[str]

    def variable(self, name: str) -> Variable | None:
        """The row for a variable: its own, or the longest that ends in * and fits."""
        fits = [
            row
            for row in self.variables
            if row.name == name or (row.name[-1] == "*" and name.startswith(row.name[:-1]))
        ]
        return max(fits, key=lambda row: (row.name == name, len(row.name)), default=None)

    @functools.cached_property
    def words(self) -> re.Pattern[bytes]:
        """Found in every script that there may be something to do for."""
        names = "|".join(sorted({re.escape(row.name.rstrip("*")) for row in self.variables}))
        return re.compile(rf"torchrun|torch\.distributed\.|\b(?:{names})".encode("ascii"))


@dataclass(frozen=True)
class Mapping:
    """All tables, read once a process."""

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
        return self.has_module_string(body) and self._import_word.search(body) is not None

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
        return tuple(re.compile(f"{q}(?:{'|'.join(sorted(heads))})".encode("ascii")) for q in "'\"")

    @functools.cached_property
    def _import_word(self) -> re.Pattern[bytes]:
        names = {*self.calls, *self.module_tables}
        words = "|".join(sorted({name.rpartition(".")[2] for name in names}))
        return re.compile(rf"\b(?:{words})\b".encode("ascii"))

    @functools.cached_property
    def left_import(self) -> re.Pattern[bytes]:
        """Found in every file that imports a package which is left, and in some others."""
        roots = sorted({p.name.partition(".")[0] for p in self.packages.values() if not p.becomes})
        return re.compile(rb"(?:from|import)[ \t].*\b(?:%s)\b" % "|".join(roots).encode("ascii"))


@functools.cache
def load() -> Mapping:
    """Read the tables that come with this package."""
    packages = tomllib.loads(_text("packages.toml"))["package"]
    calls = tomllib.loads(_text("import_calls.toml"))
    by_name: dict[str, tuple[ImportCall, ...]] = {}
    for row in calls["call"]:
        by_name[row["name"]] = (*by_name.get(row["name"], ()), ImportCall(**row))
    for row in packages:
        if "becomes" in row and "." in row["name"] + row["becomes"]:
            # `import a.b` binds a, which has other parts: see parts.py.
            raise ValueError(f"packages.toml: `part` is for a part of a package: {row['name']}")
    return Mapping(
        packages={
            row["name"]: Package(row["name"], row.get("becomes"), row["note"], row.get("part"))
            for row in packages
        },
        calls=by_name,
        module_tables={row["name"]: frozenset(row["methods"]) for row in calls["module_table"]},
    )


@functools.cache
def load_launch() -> LaunchTable:
    """Read the table of launch scripts."""
    table = tomllib.loads(_text("launch.toml"))
    options = {}
    for row in table["option"]:
        option = Option(
            row["action"],
            row["takes"] == "value",
            row.get("becomes", ""),
            tuple(row.get("only", ())),
            row.get("note", ""),
        )
        options.update(dict.fromkeys(row["names"], option))
    return LaunchTable(
        options,
        tuple(Variable(**row) for row in table["environment"]),
        frozenset(table["commands"]["run"]),
        frozenset(table["commands"]["talk"]),
    )


@functools.cache
def _star_imports() -> dict[str, frozenset[str]]:
    body = "\n".join(_text("star_imports.txt").splitlines()[4:])
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
        digest.update(_text(table).encode("utf-8"))
    return digest.hexdigest()


def _text(table: str) -> str:
    return (Path(__file__).parent / table).read_text(encoding="utf-8")
