# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the parts of a call stand in the source: callee, arguments with their commas, parentheses.

`ast` gives the span of an argument's value without the parentheses around it, and no place at all
for commas, so the text between values is read here. Every byte that is passed over is checked: a
call whose positions are not the text's own (inside of f-strings before Python 3.12) does not fit.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from torch2ms.source import Source, normal_name

# Inside of parentheses line breaks are space; before the call's own they stand behind a backslash.
_SPACE = re.compile(rb"(?:[ \t\f\r\n]|\\(?:\r\n|\n|\r)|#[^\r\n]*)*")
_BREAK = re.compile(rb"[\r\n]")
_CALLEE = re.compile(rb"(?:[ \t\f\r\n]|\\(?:\r\n|\n|\r)|#[^\r\n]*)+|[A-Za-z0-9_\x80-\xff]+|.")


class NotInText(Exception):
    """The call is not spelt at its position in a way that can be edited; the message says why."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its value, its keyword if it has one, and the span of its whole text.

    start, end: from the keyword or the first parenthesis to behind the last parenthesis.
    inner: where the text of the value begins, behind `keyword=`, parentheses included.
    comma: offset of the comma behind it, or None.
    """

    value: ast.expr
    keyword: str | None
    start: int
    inner: int
    end: int
    comma: int | None


@dataclass(frozen=True, slots=True)
class CallText:
    """A call's parts: the span of the callee, the arguments, the offset of the last parenthesis."""

    callee: tuple[int, int]
    arguments: tuple[Argument, ...]
    close: int


def read(source: Source, call: ast.Call) -> CallText:
    """Find the parts of a call without stars; raises NotInText if they are not in their places."""
    body = source.body
    callee = source.span(call.func)
    if callee[0] < 0 or not spells(body[slice(*callee)], call.func):
        raise NotInText("the name is not spelt at its position in the source")
    at = _space(body, callee[1])
    while body[at : at + 1] == b")":
        at = _space(body, at + 1)
    at = _expect(body, at, b"(")
    arguments: list[Argument] = []
    for keyword, value in _values(call):
        argument = _argument(source, _space(body, at), keyword, value)
        arguments.append(argument)
        at = argument.end if argument.comma is None else argument.comma + 1
    close = _space(body, at)
    if _expect(body, close, b")") != source.span(call)[1]:
        raise NotInText("the call does not end at its position in the source")
    return CallText(callee, tuple(arguments), close)


def callee_text(body: bytes, span: tuple[int, int], target: str) -> bytes:
    """What to write over a callee so that it reads `target`; line breaks inside of it are kept.

    Raises NotInText where parentheses inside of the name hold a line break.
    """
    text = body[slice(*span)]
    if not _BREAK.search(text):
        return target.encode("ascii")
    tokens = _CALLEE.findall(text)
    if b"(" in tokens:
        raise NotInText("the name is in parentheses over several lines")
    dot = max(i for i, token in enumerate(tokens) if token == b".")
    owner, _, last = target.rpartition(".")
    spaces = [token for token in tokens[:dot] if _SPACE.fullmatch(token)]
    behind = [token for token in tokens[dot + 1 :] if _SPACE.fullmatch(token)]
    return b"".join([owner.encode("ascii"), *spaces, b".", *behind, last.encode("ascii")])


def has_break(body: bytes, start: int, end: int) -> bool:
    """Whether a span holds a line break, which no edit may remove."""
    return _BREAK.search(body, start, end) is not None


def blanks(body: bytes, at: int) -> int:
    """Behind the blanks that follow an offset on its line."""
    while body[at : at + 1] in (b" ", b"\t"):
        at += 1
    return at


def _values(call: ast.Call) -> list[tuple[str | None, ast.expr]]:
    return [
        *((None, value) for value in call.args),
        *((keyword.arg, keyword.value) for keyword in call.keywords),
    ]


def _argument(source: Source, start: int, keyword: str | None, value: ast.expr) -> Argument:
    body = source.body
    inner = start
    if keyword is not None:
        inner = _expect(body, start, keyword.encode("utf-8"))
        inner = _space(body, _expect(body, _space(body, inner), b"="))
    first, last = source.span(value)
    at = inner
    depth = 0
    while at < first:
        at = _space(body, _expect(body, at, b"("))
        depth += 1
    if at != first:
        raise NotInText("an argument is not at its position in the source")
    end = last
    for _ in range(depth):
        end = _expect(body, _space(body, end), b")")
    comma = _space(body, end)
    return Argument(
        value, keyword, start, inner, end, comma if body[comma : comma + 1] == b"," else None
    )


def _space(body: bytes, at: int) -> int:
    found = _SPACE.match(body, at)
    assert found is not None
    return found.end()


def _expect(body: bytes, at: int, text: bytes) -> int:
    if not body.startswith(text, at):
        raise NotInText("the call is not spelt at its position in the source")
    return at + len(text)


def spells(text: bytes, callee: ast.expr) -> bool:
    parts: list[str] = []
    while isinstance(callee, ast.Attribute):
        parts.append(callee.attr)
        callee = callee.value
    if not isinstance(callee, ast.Name):
        return False
    parts.append(callee.id)
    plain = ".".join(reversed(parts))
    if text == plain.encode("utf-8"):
        return True
    try:
        tokens = _CALLEE.findall(text)
        names = [t for t in tokens if t not in (b"(", b")") and not _SPACE.fullmatch(t)]
        return "".join(map(normal_name, names)) == plain
    except UnicodeDecodeError:
        return False
