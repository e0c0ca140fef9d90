# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Dependencies of a distribution: one on torch becomes one on the adapter, all others stay.

setup.py, setup.cfg, pyproject.toml, requirement files and the metadata of sdists and wheels are
read as far as it takes to know which of their strings are dependencies; the strings are edited in
place. A version of torch says nothing about the adapter's own, so it goes; a marker
(`; python_version > "3.8"`) stays.
"""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from torch2ms import mapping, plan
from torch2ms.findings import Finding
from torch2ms.mapping import Mapping
from torch2ms.python_file import Change, FileResult
from torch2ms.source import Edit, Source, SourceError, apply_edits

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
# What may follow the name: extras, then a version (in parentheses, or not) or an address.
_REST = re.compile(
    r"\s*(?:\[[^\]]*\])?\s*(?:\([^)]*\)|@\s*\S+|(?:(?:[<>=!~]=?=?)\s*[^\s,;]+\s*,?\s*)*)"
)
_VERSIONED = re.compile(r"([A-Za-z][\w.-]*?)\s*(?:\[[^\]]*\]\s*)?[<>=!~]=?\s*\d")
_SETUP_KEYS = frozenset({"install_requires", "setup_requires", "tests_require", "extras_require"})
_CFG_KEYS = frozenset({"install_requires", "setup_requires", "tests_require"})
_TOML_TOKEN = re.compile(
    r'(?P<text>"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')'
    r"|(?P<comment>#[^\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<equals>=)|(?P<line>\n)"
    r"|(?P<bare>[A-Za-z0-9_-]+)|(?P<dot>\.)|(?P<other>.)",
    re.DOTALL,
)


def convert(data: bytes, result: FileResult) -> bytes:
    """Change the dependencies that `data` states, and say so in `result`, which made `data`."""
    try:
        source = Source.decode(data)
        done = dependencies(source, result.path, mapping.load())
    except SourceError as error:
        result.unparsable = str(error)
        return data
    result.findings = sorted({*result.findings, *done.findings})
    if not done.edits:
        return data
    body = apply_edits(source.body, done.edits)
    after = Source.from_utf8(body)
    changed = {change.line: change for change in result.changes}
    for line in {source.line_of(edit.start) for edit in done.edits}:
        before = changed[line].before if line in changed else source.line(line)
        changed[line] = Change(line, before, after.line(line), "dependency")
    result.changes = [change for _, change in sorted(changed.items())]
    data = source.encode(body)
    result.sha256 = hashlib.sha256(data).hexdigest()
    return data


@dataclass
class Dependencies:
    """What one file needs: edits in its text, and what is worth telling."""

    edits: list[Edit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def dependencies(source: Source, path: str, table: Mapping) -> Dependencies:
    """What becomes of the dependencies that a file states. Raises SourceError if it cannot be read.

    `source` is the file decoded, as UTF-8.
    """
    name = PurePosixPath(path).name
    reader = _Reader(source, table)
    if name == "setup.py":
        reader.setup_py()
    elif name == "setup.cfg":
        reader.setup_cfg()
    elif name == "pyproject.toml":
        reader.pyproject()
    elif plan.is_metadata(path):
        reader.metadata()
    else:
        reader.requirement_file()
    return reader.done


class _Reader:
    def __init__(self, source: Source, table: Mapping) -> None:
        self.source = source
        self.done = Dependencies()
        self._rows = {
            row.name.replace("_", "-").lower(): row
            for row in table.packages.values()
            if "." not in row.name
        }

    # --- one requirement

    def _requirement(self, text: str, start: int, quote: str = "") -> None:
        """Edit the requirement `text`, which begins at byte `start`."""
        match = _NAME.match(text)
        if match is None:
            return
        row = self._rows.get(re.sub(r"[-_.]+", "-", match[1]).lower())
        if row is None:
            return
        line = self.source.line_of(start)
        if row.becomes is None:
            self.done.findings.append(Finding(line, "left", row.name, row.note))
            return
        rest = _REST.match(text, match.end())
        assert rest is not None
        end = rest.end()
        while end > match.end() and text[end - 1] in " \t":
            end -= 1
        after = text[end:].lstrip(" \t")
        if (after and after[0] != ";") or (quote and quote in text):
            message = "a dependency in a form that is not known; it stays"
            self.done.findings.append(Finding(line, "unconverted", text.strip(), message))
            return
        first = start + len(text[: match.start(1)].encode())
        self.done.edits.append(
            Edit(first, start + len(text[:end].encode()), row.becomes.encode(), "dependency")
        )

    # --- the kinds of files

    def requirement_file(self) -> None:
        """A file for pip: a requirement a line, options, comments."""
        continued = False
        for number, start in enumerate(self.source.line_starts[:-1]):
            raw = self.source.body[start : self.source.line_starts[number + 1]].decode()
            text = re.split(r"(?:^|\s)#", raw.rstrip("\r\n"), maxsplit=1)[0].rstrip()
            if not continued and not text.lstrip().startswith("-"):
                self._requirement(text, start)
            continued = raw.rstrip("\r\n").endswith("\\")

    def metadata(self) -> None:
        """Core metadata: headers, of which Requires-Dist are requirements; then a text."""
        for number, start in enumerate(self.source.line_starts[:-1]):
            raw = self.source.body[start : self.source.line_starts[number + 1]].decode()
            text = raw.rstrip("\r\n")
            if not text:
                return
            header = re.match(r"Requires-Dist:\s*", text, re.IGNORECASE)
            if header:
                self._requirement(text[header.end() :], start + header.end())

    def setup_cfg(self) -> None:
        """The options of setuptools that list requirements."""
        section, key = "", ""
        for number, start in enumerate(self.source.line_starts[:-1]):
            raw = self.source.body[start : self.source.line_starts[number + 1]].decode()
            text = raw.rstrip("\r\n")
            if not text.strip() or text.lstrip()[0] in "#;":
                continue
            header = re.fullmatch(r"\[([^\]]+)\]\s*(?:[#;].*)?", text)
            if header:
                section, key = header[1].strip(), ""
                continue
            given = None if text[0] in " \t" else re.match(r"([^=:]+?)\s*[=:]", text)
            at = 0
            if given:
                key, at = given[1].strip(), given.end()
            if not (section == "options.extras_require" or self._is_cfg_list(section, key)):
                continue
            if given:
                self._separated(text[at:], start + len(text[:at].encode()))
            else:
                self._requirement(text, start)

    @staticmethod
    def _is_cfg_list(section: str, key: str) -> bool:
        return section == "options" and key in _CFG_KEYS

    def _separated(self, text: str, start: int) -> None:
        """Requirements on the line of the key: setuptools separates them by semicolons."""
        at = 0
        for piece in text.split(";"):
            self._requirement(piece, start + len(text[:at].encode()))
            at += len(piece) + 1

    def pyproject(self) -> None:
        """The lists of requirements of pyproject.toml, and the tables of Poetry."""
        text = self.source.body.decode()
        try:
            before = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.done.findings.append(Finding(1, "unconverted", "pyproject.toml", str(error)))
            return
        for key, match in _toml_strings(text):
            if _is_requirement_list(key):
                literal = match[0]
                quote = literal[0]
                start = len(text[: match.start()].encode())
                if literal.startswith(quote * 3) or "\\" in literal:
                    continue
                self._requirement(literal[1:-1], start + 1, quote)
        self._poetry(before)
        after = tomllib.loads(apply_edits(self.source.body, self.done.edits).decode())
        if _without_requirements(before) != _without_requirements(after):
            raise AssertionError("an edit of pyproject.toml has changed more than requirements")

    def _poetry(self, table: dict[str, object]) -> None:
        """Dependencies that are keys: their names and versions belong together, and stay."""
        tool = table.get("tool")
        poetry = tool.get("poetry") if isinstance(tool, dict) else None
        if not isinstance(poetry, dict):
            return
        groups = [poetry, *(poetry.get("group") or {}).values()]
        names = {name for group in groups for name in group.get("dependencies", {})}
        for name in sorted(names):
            row = self._rows.get(re.sub(r"[-_.]+", "-", name).lower())
            if row is not None and row.becomes is not None:
                line = self._line_of_key(name)
                message = f"a dependency of Poetry; write {row.becomes} and its version"
                self.done.findings.append(Finding(line, "unconverted", name, message))

    def _line_of_key(self, name: str) -> int:
        key = rb"(?m)^\s*[\"']?%s[\"']?\s*[=.]" % re.escape(name).encode()
        match = re.search(key, self.source.body)
        return self.source.line_of(match.end() - 1) if match else 1

    def setup_py(self) -> None:
        """The arguments of `setup(...)`, through names that the module binds once to a literal."""
        tree = self.source.parse()
        bound: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                if isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                    bound.setdefault(target.id, []).append(node.value)
        seen: set[int] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) == "setup":
                for keyword in node.keywords:
                    if keyword.arg in _SETUP_KEYS:
                        self._expression(keyword.value, bound, seen)
        self._tell_others(tree)

    def _tell_others(self, tree: ast.Module) -> None:
        """Tell about strings that look like a dependency on torch where nothing says that."""
        edited = [(edit.start, edit.end) for edit in self.done.edits]
        told = {finding.line for finding in self.done.findings}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            start, end = self.source.span(node)
            match = _VERSIONED.match(node.value)
            row = self._rows.get(match[1].lower()) if match else None
            known = any(start <= first < end for first, _ in edited) or node.lineno in told
            if row is not None and row.becomes is not None and not known:
                message = "reads like a dependency, but setup() is not known to get it; it stays"
                self.done.findings.append(Finding(node.lineno, "name", node.value, message))

    def _expression(self, node: ast.expr, bound: dict[str, list[ast.expr]], seen: set[int]) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._literal(node, node.value)
        elif isinstance(node, ast.JoinedStr):
            self._computed(node)
        elif isinstance(node, ast.Name):
            for value in bound.get(node.id, ()):
                self._expression(value, bound, seen)
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            for element in node.elts:
                self._expression(element, bound, seen)
        elif isinstance(node, ast.Dict):
            for element in node.values:
                self._expression(element, bound, seen)
        elif isinstance(node, ast.BinOp):
            if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
                self._computed(node)
                return
            self._expression(node.left, bound, seen)
            self._expression(node.right, bound, seen)
        elif isinstance(node, ast.Starred):
            self._expression(node.value, bound, seen)
        elif isinstance(node, ast.IfExp):
            self._expression(node.body, bound, seen)
            self._expression(node.orelse, bound, seen)

    def _literal(self, node: ast.Constant, value: str) -> None:
        start, end = self.source.span(node)
        written = self.source.body[start:end].decode()
        match = re.match(r"[rRuU]?(\"\"\"|'''|\"|')", written)
        if match is None or written[match.end() : -len(match[1])] != value or "\n" in value:
            self._computed(node)
            return
        self._requirement(value, start + match.end(), match[1])

    def _computed(self, node: ast.expr) -> None:
        """Tell about a dependency that is put together, if it is one on torch."""
        start, end = self.source.span(node)
        written = self.source.body[start:end].decode()
        match = re.match(r"[A-Za-z]*[\"'(]+\s*([A-Za-z0-9_.-]+)", written)
        row = self._rows.get(match[1].rstrip(".-_").lower()) if match else None
        if row is not None and row.becomes is not None:
            message = "a dependency whose version is computed; it stays"
            found = Finding(self.source.line_of(start), "unconverted", written, message)
            self.done.findings.append(found)


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_requirement_list(key: tuple[str, ...]) -> bool:
    return (
        key in (("build-system", "requires"), ("project", "dependencies"))
        or (len(key) > 1 and key[:2] == ("project", "optional-dependencies"))
        or key[:1] == ("dependency-groups",)
    )


def _toml_strings(text: str) -> Iterator[tuple[tuple[str, ...], re.Match[str]]]:
    """The strings in arrays, each with the dotted key of the array. `text` is valid TOML."""
    table: tuple[str, ...] = ()
    words: list[str] = []
    key: tuple[str, ...] = ()
    opened: list[str] = []
    in_header, in_value = False, False
    for match in _TOML_TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "open":
            if not in_value and not words:
                in_header = True
            elif in_value:
                opened.append(match[0])
        elif kind == "close" and opened:
            opened.pop()
        elif kind == "line" and not opened:
            if in_header:
                table = tuple(words)
            words, in_header, in_value = [], False, False
        elif kind == "equals" and not in_value:
            key, in_value = (*table, *words), True
        elif kind in ("bare", "text") and not in_value:
            words.append(match[0].strip("\"'"))
        elif kind == "text" and opened == ["["]:
            yield key, match


def _without_requirements(
    table: dict[str, object], path: tuple[str, ...] = ()
) -> dict[str, object]:
    """A document with the lists of requirements taken out, all else as it is."""
    kept: dict[str, object] = {}
    for name, value in table.items():
        key = (*path, name)
        if _is_requirement_list(key) and isinstance(value, list):
            kept[name] = len(value)
        elif isinstance(value, dict):
            kept[name] = _without_requirements(value, key)
        else:
            kept[name] = value
    return kept
