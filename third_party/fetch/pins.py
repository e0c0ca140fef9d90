# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads and rewrites third_party/upstreams.bzl, the table of pins.

The table is one Starlark dictionary of literals, which is also a Python literal.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from third_party.fetch.cache import Artifact, FetchError

_TABLE = "UPSTREAMS"


@dataclass(frozen=True)
class Span:
    """Where a string literal lies in the table: one line, byte columns from begin to end."""

    line: int
    begin: int
    end: int


@dataclass(frozen=True)
class Pin:
    """One entry of the table, and where each of its values lies."""

    key: str
    line: int
    fields: dict[str, str]
    spans: dict[str, Span]


def read_table(path: Path) -> dict[str, Pin]:
    """The pins of a table, by name.

    Raises:
      FetchError: the file is not a table of pins; names the line.
    """
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise FetchError(f"{path}:{error.lineno}: {error.msg}") from error
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _TABLE:
            pins = (_pin(path, *item) for item in _items(path, node.value))
            return {pin.key: pin for pin in pins}
    raise FetchError(f"{path}: there is no {_TABLE} = {{...}} in it")


def _items(path: Path, node: ast.expr) -> Iterator[tuple[ast.Constant, ast.expr]]:
    if not isinstance(node, ast.Dict):
        raise FetchError(f"{path}:{node.lineno}: expected a dictionary of literals")
    for key, value in zip(node.keys, node.values, strict=True):
        yield _string(path, key or value), value


def _string(path: Path, node: ast.expr) -> ast.Constant:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        raise FetchError(f"{path}:{node.lineno}: expected a plain string")
    return node


def _pin(path: Path, key: ast.Constant, value: ast.expr) -> Pin:
    fields, spans = {}, {}
    for name, node in _items(path, value):
        content = _string(path, node)
        fields[str(name.value)] = str(content.value)
        spans[str(name.value)] = Span(
            content.lineno, content.col_offset, content.end_col_offset or 0
        )
    return Pin(str(key.value), key.lineno, fields, spans)


def find(path: Path, name: str) -> Pin:
    """The pin of that name.

    Raises:
      FetchError: there is none; names those there are.
    """
    table = read_table(path)
    if name not in table:
        raise FetchError(f"{path}: there is no pin {name}; there are {', '.join(table)}")
    return table[name]


def artifact(pin: Pin, origin: str) -> Artifact:
    """What a pin of kind pypi or npm pins; origin is the table's path for messages.

    Raises:
      FetchError: the pin is of another kind, of which nothing is fetched.
    """
    if pin.fields["kind"] not in ("pypi", "npm"):
        raise FetchError(
            f"{origin}:{pin.line}: {pin.key} is of kind {pin.fields['kind']}: nothing of it is "
            "fetched, so change its version by hand"
        )
    return Artifact(
        kind=pin.fields["kind"],
        name=pin.fields["name"],
        version=pin.fields["version"],
        file=pin.fields["file"],
        sha256=pin.fields["sha256"],
        origin=f"{origin}:{pin.line}",
    )


def rewrite(path: Path, pin: Pin, changes: dict[str, str]) -> bytes:
    """The table's bytes with new values for some fields of one pin; the rest stays as it is."""
    lines = path.read_bytes().splitlines(keepends=True)
    # From the back: the spans of a line stay true while what lies behind them changes.
    for name, value in sorted(changes.items(), key=lambda change: -pin.spans[change[0]].begin):
        span = pin.spans[name]
        line = lines[span.line - 1]
        lines[span.line - 1] = line[: span.begin] + f'"{value}"'.encode() + line[span.end :]
    return b"".join(lines)
