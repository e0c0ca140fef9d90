# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Variables of the environment in launch scripts: renamed, kept or told, as launch.toml says.

A variable is renamed only if every place of the script that names it (comments apart) is
understood, so that no place is left that reads the old name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from torch2ms.launch_options import Told
from torch2ms.launch_table import LaunchTable, Variable
from torch2ms.launchers import Launches
from torch2ms.shell import Command, Word
from torch2ms.source import Edit

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SETS = re.compile(r"(?<![\w$])([A-Z][A-Z0-9_]*)=")
_NAMES = frozenset({"export", "unset", "declare", "typeset", "readonly", "local"})


@dataclass(frozen=True)
class _Given:
    """A place that names a variable; with `value` where one is given."""

    name: str
    place: int
    value: Word | None = None


def variables(data: bytes, table: LaunchTable, done: Launches) -> None:
    """Add what becomes of the environment's variables to `done`."""
    raw = data.decode("latin-1")
    given: dict[str, dict[int, _Given]] = {}
    for command in done.commands:
        for one in _places(command):
            given.setdefault(one.name, {}).setdefault(one.place, one)
    for one in _elsewhere(raw, done):
        given.setdefault(one.name, {})
    for name, places in sorted(given.items()):
        row = table.variable(name)
        if row is None:
            continue
        sets = [one for _, one in sorted(places.items()) if one.value is not None]
        sets += [
            one for one in _elsewhere(raw, done) if one.name == name and one.place not in places
        ]
        if row.action == "rename":
            reason = _obstacle(raw, name, row, places, done)
            if reason is None:
                _rename(raw, row, list(places.values()), done)
                continue
            _tell(done, sets, "environment", f"kept: {reason}; {row.note}")
        else:
            kind = "unconverted" if row.action == "refuse" else "environment"
            _tell(done, sets, kind, row.note)


def _elsewhere(raw: str, done: Launches) -> list[_Given]:
    """Every NAME= outside of comments: assignments, and words that other commands take for some."""
    return [
        _Given(match[1], match.start())
        for match in _SETS.finditer(raw)
        if not any(start <= match.start() < end for start, end in done.comments)
    ]


def _tell(done: Launches, sets: list[_Given], kind: str, message: str) -> None:
    done.told += [Told(one.place, kind, one.name, message) for one in sets]


def _obstacle(
    raw: str, name: str, row: Variable, places: dict[int, _Given], done: Launches
) -> str | None:
    """Why a variable cannot be renamed everywhere, or None."""
    for match in _IDENTIFIER.finditer(raw):
        at = match.start()
        if match[0] == row.becomes:
            return f"the script sets {row.becomes} itself"
        commented = any(start <= at < end for start, end in done.comments)
        if match[0] == name and at not in places and not commented:
            line = raw.count("\n", 0, at) + 1
            return f"line {line} names it where its meaning is not known"
    if row.values is not None:
        for one in places.values():
            literal = one.value.literal if one.value else ""
            if one.value is not None and (literal is None or literal not in row.values):
                return "its value has no counterpart"
            if one.value is None and raw[one.place - 1 : one.place] in ("$", "{"):
                return "its value is used"
    return None


def _rename(raw: str, row: Variable, places: list[_Given], done: Launches) -> None:
    for one in places:
        end = one.place + len(one.name)
        done.edits.append(Edit(one.place, end, row.becomes.encode("ascii"), "environment"))
        if row.values is not None and one.value is not None:
            content = one.value.content
            start, end = content.starts[0], content.ends[-1]
            after = row.values[content.chars].encode("ascii")
            done.edits.append(Edit(start, end, after, "environment"))


def _places(command: Command) -> Iterator[_Given]:
    for assignment in command.assignments:
        if assignment.array or assignment.append:
            # Not a place that can be renamed: whoever looks for the name finds it unexplained.
            continue
        yield _Given(assignment.name, assignment.name_place, assignment.words[0])
    words = [word for assignment in command.assignments for word in assignment.words]
    words += [*command.words, *(word for _, word in command.redirections)]
    for word in words:
        for expansion in (*word.expansions, *word.nested):
            if expansion.name_place >= 0:
                yield _Given(expansion.name, expansion.name_place)
    if command.name in _NAMES:
        for word in command.words[1:]:
            if word.literal and _IDENTIFIER.fullmatch(word.literal):
                yield _Given(word.literal, word.start)
