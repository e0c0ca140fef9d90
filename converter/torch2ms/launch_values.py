# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The values that a script's variables may have, as the words that they split into.

The order of execution is not followed: a variable may have any value that the file gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch2ms.shell import Assignment, Command, ShellError, Text, Word, read

LAUNCH_MODULES = frozenset({"torch.distributed.run", "torch.distributed.launch"})
# How many ways through the values of variables are followed for one launch.
_MAX_WAYS = 128


class Undecided(Exception):
    """A launch cannot be converted; the message says why."""


@dataclass
class Definition:
    """One value that a variable is given: its words, or None where these cannot be known."""

    name: str
    words: list[Word] | None
    append: bool
    conditional: bool
    place: int


@dataclass(frozen=True, eq=False)
class Item:
    """A word of a launch and the definition that it comes from (None: the command line)."""

    word: Word
    origin: Definition | None


class Values:
    """All values that a file gives to its variables."""

    def __init__(self) -> None:
        self._commands: list[Command] = []
        self.definitions: dict[str, list[Definition]] = {}

    def define(self, definition: Definition) -> None:
        """Take in one value."""
        self.definitions.setdefault(definition.name, []).append(definition)

    def add(self, command: Command, around: Sequence[Command]) -> None:
        """Take in what a command defines; `around` are the commands of the text it stands in."""
        self._commands.append(command)
        for assignment in command.assignments:
            words = None if assignment.element else self._words_of(assignment, around)
            place = assignment.name_place
            own = self._self_append(assignment.name, words)
            append = assignment.append or own is not None
            found = own if own is not None else words
            self.define(Definition(assignment.name, found, append, assignment.conditional, place))
        if command.name in ("read", "mapfile", "readarray", "getopts"):
            for word in command.words[1:]:
                name = word.literal or ""
                if not re.fullmatch(r"[A-Za-z_]\w*", name):
                    continue
                words = None
                if len(command.heredocs) == 1 and command.name == "read":
                    words = _split(command.heredocs[0].content)
                self.define(Definition(name, words, False, False, command.start))

    def _words_of(self, assignment: Assignment, around: Sequence[Command]) -> list[Word] | None:
        if assignment.array:
            return assignment.words
        word = assignment.words[0]
        if len(word.expansions) == 1 and word.expansions[0].kind == "command":
            return self._printed(word, around)
        return _split(word.content)

    def _printed(self, word: Word, around: Sequence[Command]) -> list[Word] | None:
        """The words that `$(cat <<EOF ...)` gives."""
        inside = [c for c in around if word.start <= c.start < word.end]
        if len(inside) == 1 and inside[0].name == "cat" and len(inside[0].words) == 1:
            docs = inside[0].heredocs
            return _split(docs[0].content) if len(docs) == 1 else None
        return None

    @staticmethod
    def _self_append(name: str, words: list[Word] | None) -> list[Word] | None:
        """What `x="$x more"` appends."""
        if not words:
            return None
        head, *rest = words
        is_own = head.variable is not None and head.variable.name == name
        return rest if is_own else None

    def of(self, name: str) -> list[list[Item]]:
        """Every value that a variable may have, as words; raises Undecided if that is not known."""
        values: list[list[Item]] = []
        for definition in self.definitions[name]:
            if definition.words is None:
                raise Undecided(f"${name} is computed")
            items = [Item(word, definition) for word in definition.words]
            if not definition.append:
                values.append(items)
            elif not values:
                raise Undecided(f"what ${name} begins with is not known")
            elif definition.conditional:
                values += [value + items for value in values]
            else:
                values = [value + items for value in values]
            if len(values) > _MAX_WAYS:
                raise Undecided(f"${name} has too many values")
        return values

    def launches(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a value of a variable holds a launcher, itself or in a variable."""
        if name in seen:
            return False
        words = [word for one in self.definitions.get(name, ()) for word in one.words or ()]
        return any(
            is_launcher(word.literal)
            if word.literal is not None
            else word.variable is not None and self.launches(word.variable.name, seen | {name})
            for word in words
        )

    def unquoted(self, offset: int) -> bool:
        """Whether a place lies in an assignment's value that has no quotes around it."""
        return any(
            word.start <= offset <= word.end and not word.quoted and not _in_command(word, offset)
            for command in self._commands
            for assignment in command.assignments
            if not assignment.array
            for word in assignment.words
        )

    def users(self, talk: frozenset[str]) -> Iterator[tuple[str, list[Word]]]:
        """Commands and variables that do something with the words they are given."""
        for command in self._commands:
            if not command.test and command.name not in talk:
                yield command.name or "a command", command.words
            for assignment in command.assignments:
                if assignment.array:
                    yield assignment.name, assignment.words
                elif not self.launches(assignment.name):
                    words = self._words_of(assignment, self._commands)
                    if self._self_append(assignment.name, words) is not None:
                        words = words[1:] if words else None
                    yield assignment.name, words if words is not None else assignment.words


def _in_command(word: Word, offset: int) -> bool:
    """Whether a place lies in a command substitution of a word."""
    content = word.content
    return any(
        one.kind == "command" and content.starts[one.start] <= offset < content.ends[one.end - 1]
        for one in word.expansions
    )


def is_launcher(literal: str) -> bool:
    return literal in LAUNCH_MODULES or literal.rpartition("/")[2] == "torchrun"


def _split(text: Text) -> list[Word] | None:
    """The words that an unquoted expansion of `text` gives, or None if it is more than words."""
    try:
        script = read(text, newline_is_blank=True)
    except ShellError:
        return None
    words: list[Word] = []
    for command in script.commands:
        if command.assignments or command.redirections or words:
            return None
        words = command.words
    return words
