# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What one file of a tree says that matters for the others.

Two things cross the borders of files: a name that one file has from torch and another imports from
it, and a function of torch that one file replaces, or keeps as a value that another may compare
with. So every file tells its facts, and those that the facts of others concern are converted once
more, until nothing new is told.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from torch2ms.names import Contents

_FROM = re.compile(
    rb"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|(?:[^\n\\#]|\\\r?\n)*)", re.M
)
# Something of torch that is assigned to, or replaced by name.
_TELLING = tuple(
    re.compile(pattern)
    for pattern in (
        rb"\n[ \t]*torch(?:\.\w+)+[ \t]*=[^=]",
        rb"setattr\([ \t]*torch",
        rb"patch[\w.]*\(\s*f?[\"']?torch\b",
    )
)
# `x.F.relu = f`, where what stands before it on the line is one expression.
_ASSIGNED = re.compile(rb"\.(\w+)\.(\w+)[ \t]*=(?!=)")
_HOLDER = re.compile(rb"[ \t]*[\w.\[\]()\"']+")
# `setattr(x.F, "relu", f)`, `patch("x.F.relu", f)`, and the words of which one must be there.
_CALLS = (
    (
        (b"setattr(", b"delattr(", b"object(", b"multiple("),
        re.compile(
            rb"(?:setattr|delattr|object|multiple)\(\s*[\w.]*\.(\w+)\s*,\s*(?:[\"'](\w+)[\"'])?"
        ),
    ),
    (
        (b"setattr(", b"delattr(", b"patch("),
        re.compile(rb"(?:setattr|delattr|patch)\(\s*[\"'][\w.]*\.(\w+)\.(\w+)[\"']"),
    ),
)
_WORD = re.compile(rb"[A-Za-z_]\w*|\*")


class Held(NamedTuple):
    """Functions of torch that stay on the adapter in the whole tree.

    calls   also where they are called: the tree replaces them, or what they are part of, at the
            place that is given (`FILE:LINE`); `x.*` is every function of x, where the tree sets one
            whose name is computed
    values  where they are passed as values: a function that was converted here and not there would
            no longer be equal to itself; `x.*` is all that can be reached from x
    """

    calls: Mapping[str, str]
    values: frozenset[str]

    def call(self, name: str) -> str | None:
        """The place for which calls of `name` stay, if there is one."""
        if not self.calls:
            return None
        names = [name, f"{name.rpartition('.')[0]}.*"]
        while "." in name:
            name = name.rpartition(".")[0]
            names.append(name)
        return next((self.calls[one] for one in names if one in self.calls), None)

    def value(self, name: str) -> bool:
        """Whether `name` stays where it is not called."""
        if name in self.values or self.call(name) is not None:
            return True
        parts = name.split(".")
        return any(".".join((*parts[:count], "*")) in self.values for count in range(1, len(parts)))


class Known(NamedTuple):
    """What the rest of the tree says about one file.

    contents  the torch names that its imports from other files bring, by module and name
    held      what stays on the adapter everywhere
    """

    contents: Contents
    held: Held


# For a file on its own.
NOTHING = Known({}, Held({}, frozenset()))


@dataclass
class FileFacts:
    """What one file says about itself.

    exports           names of the module that are certain to be torch's, with their torch paths
    starred           those of them that a star import brings
    imports           what it imports from the tree: level, module, names
    replaced          torch functions that it assigns to, or may, each with the line: they stay
                      everywhere
    holders           attributes that it sets to modules of torch (`self.torch = torch`), with these
    written           attributes called like a function of torch that it sets through another one:
                      for `x.torch.abs = f`, `torch.abs` with its line
    kept_values       torch functions that it keeps as values on the adapter
    converted         torch functions that became MindSpore's where they are called
    converted_values  those that did where they are passed as values
    """

    exports: dict[str, str] = field(default_factory=dict)
    starred: dict[str, str] = field(default_factory=dict)
    imports: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)
    replaced: dict[str, int] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    kept_values: set[str] = field(default_factory=set)
    converted: set[str] = field(default_factory=set)
    converted_values: set[str] = field(default_factory=set)


def tells(data: bytes) -> bool:
    """Whether a file looks as if it replaced functions of torch; only a guess.

    Converting such files first saves converting the others twice.
    """
    return b"torch" in data and any(pattern.search(data) for pattern in _TELLING)


def written(data: bytes, names: Container[str]) -> dict[str, int]:
    """The attributes called one of `names` that a file sets through another attribute.

    `X.NAME` with the line, X.* where the name is computed: read off the text, whatever is parsed.
    """
    found: dict[str, int] = {}
    for match in _writes(data):
        holder, name = (part.decode("ascii", "replace") for part in match.groups(b"*"))
        if name == "*" or name in names:
            line = data.count(b"\n", 0, match.end()) + 1
            found.setdefault(f"{holder}.{name}", line)
    return found


def _writes(data: bytes) -> Iterator[re.Match[bytes]]:
    for match in _ASSIGNED.finditer(data):
        start = max(data.rfind(mark, 0, match.start()) for mark in (b"\n", b";"))
        if start >= 0 and _HOLDER.fullmatch(data, start + 1, match.start()):
            yield match
    for words, pattern in _CALLS:
        if any(word in data for word in words):
            yield from pattern.finditer(data)


def tree_imports(data: bytes, packages: frozenset[str]) -> list[tuple[int, str, tuple[str, ...]]]:
    """The from-imports that a file which is not parsed may have of its own tree.

    Level, module, names: read off the text, so some may be part of a string; `packages` are the
    tree's top-level names.
    """
    found = []
    for dots, module, names in _FROM.findall(data):
        path = module.decode("utf-8", "replace")
        if dots or path.partition(".")[0] in packages:
            words = tuple(sorted({word.decode("ascii") for word in _WORD.findall(names)}))
            found.append((len(dots), path, words))
    return found


class TreeFacts:
    """The facts of all files, and what they mean for each."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        """`modules` gives the path of each module of the tree by its dotted name."""
        self._modules = modules
        self._paths = set(modules.values())
        self._facts: dict[str, FileFacts] = {}
        self._known: dict[str, Known] = {}

    def tell(self, path: str, facts: FileFacts) -> None:
        """Record what the file `path` says."""
        self._facts[path] = facts

    def begin(self, paths: Iterable[str]) -> dict[str, Known]:
        """What is known already for files that are converted for the first time."""
        known = dict.fromkeys(paths, Known({}, self._held()))
        self._known.update(known)
        return known

    def concerned(self) -> dict[str, Known]:
        """The files that were converted without knowing what the others say, and what that is."""
        held = self._held()
        again = {}
        for path, facts in self._facts.items():
            contents = self._contents(path, facts)
            before = self._known.get(path, NOTHING)
            stay = any(map(held.call, facts.converted)) or any(
                map(held.value, facts.converted_values)
            )
            if contents != before.contents or stay:
                again[path] = self._known[path] = Known(contents, held)
        return again

    def known(self, path: str) -> Known:
        """What is known for a file in the end."""
        return self._known.get(path, NOTHING)

    def _held(self) -> Held:
        calls: dict[str, str] = {}
        for path, facts in sorted(self._facts.items(), key=lambda item: item[0]):
            for name, line in facts.replaced.items():
                calls.setdefault(name, f"{path}:{line}")
        for path, name, line in self._written_through():
            calls.setdefault(name, f"{path}:{line}")
        kept = frozenset().union(*(facts.kept_values for facts in self._facts.values()))
        return Held(calls, kept)

    def _written_through(self) -> Iterator[tuple[str, str, int]]:
        """What the files set through attributes that some file set to modules of torch."""
        holders: dict[str, set[str]] = {}
        for facts in self._facts.values():
            for name, module in (*facts.holders.items(), *facts.exports.items()):
                holders.setdefault(name, set()).add(module)
        for path, facts in sorted(self._facts.items()):
            for written, line in facts.written.items():
                holder, _, name = written.partition(".")
                for module in sorted(holders.get(holder, ())):
                    yield path, f"{module}.{name}", line

    def _contents(self, path: str, facts: FileFacts) -> dict[tuple[int, str], dict[str, str]]:
        contents: dict[tuple[int, str], dict[str, str]] = {}
        for level, module, words in facts.imports:
            origin = self._origin(path, level, module)
            if origin is None or origin == path or origin not in self._facts:
                continue
            other = self._facts[origin]
            taken = other.starred if "*" in words else _chosen(other.exports, words)
            if taken:
                contents.setdefault((level, module), {}).update(taken)
        return contents

    def _origin(self, path: str, level: int, module: str) -> str | None:
        """The file that an import in `path` names."""
        if not level:
            return self._modules.get(module)
        folder = path
        for _ in range(level):
            folder = folder.rpartition("/")[0]
        base = "/".join(part for part in (folder, module.replace(".", "/")) if part)
        candidates = (f"{base}.py", f"{base}/__init__.py" if base else "__init__.py")
        return next((name for name in candidates if name in self._paths), None)


def _chosen(exports: Mapping[str, str], words: Iterable[str]) -> dict[str, str]:
    return {name: exports[name] for name in words if name in exports}


def modules(paths: Iterable[str], root: str) -> dict[str, str]:
    """The file of each module of a tree, by the dotted names that its files may call it by.

    Names start at the top of the tree, at a top-level directory that is no package (`src`), or,
    where the tree is a package itself, at `root`, its name.
    """
    files = [path for path in paths if path.endswith(".py")]
    every = set(files)
    found: dict[str, str] = {}
    for path in files:
        dotted = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        top, _, inner = dotted.partition(".")
        if inner and f"{top}/__init__.py" not in every:
            found.setdefault(inner, path)
        if "__init__.py" in every:
            found.setdefault(root if dotted == "__init__" else f"{root}.{dotted}", path)
        found[dotted] = path
    return found
