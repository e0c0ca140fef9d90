# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The options of a launch: read through variables, and edited where each is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch2ms.launch_table import LaunchTable, Option
from torch2ms.launch_values import Definition, Item, Undecided, Values
from torch2ms.shell import Expansion, Text, Word

_NUMBER = re.compile(r"0|[1-9]\d*")
_QUOTES = re.compile(r"[\"'`]")
_WORDY_DEFAULT = re.compile(r"[-=+](?![$\d}])[^}]")

# Edits: from and up to which byte; the new text and the rule.
Plan = dict[tuple[int, int], tuple[str, str]]


@dataclass(frozen=True)
class Told:
    """A finding: `offset` in the file, `kind` as in rewrite.Finding."""

    offset: int
    kind: str
    text: str
    message: str


@dataclass(frozen=True)
class _Value:
    """An option's value: `start` to `end` in the file with its quotes, `text` without."""

    text: Text
    expansions: tuple[Expansion, ...]
    start: int
    end: int
    origin: Definition | None


@dataclass(frozen=True)
class _Given:
    """An option as it is given: where its name lies, its value, what is between the two."""

    option: Option
    name: str
    start: int
    end: int
    joint: str
    value: _Value | None
    item: Item


@dataclass(frozen=True)
class Way:
    """One way to read a launch: all options, and the script if there is one."""

    given: tuple[_Given, ...] = ()
    script: Item | None = None
    consumed: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Head:
    """The launcher (`start` to `end` in the file, and its text) and what follows it.

    `after_use` is the word behind which options must be added, if not behind the launcher.
    """

    start: int
    end: int
    becomes: str
    rest: tuple[Item, ...]
    consumed: tuple[Word, ...]
    notes: tuple[str, ...] = ()
    after_use: Word | None = None


class Options:
    """The options of the launches of one file, `raw` as Latin-1."""

    def __init__(self, raw: str, values: Values, table: LaunchTable) -> None:
        self.raw = raw
        self.values = values
        self.table = table

    def ways(self, rest: tuple[Item, ...], way: Way, open_names: frozenset[str]) -> Iterator[Way]:
        """Every way to read the words behind a launcher; raises Undecided if that is not known.

        `way` is what was read before `rest`, `open_names` the variables whose values hold `rest`.
        """
        if not rest:
            yield way
            return
        item, *following = rest
        word = item.word
        variable = word.variable
        if variable is not None:
            name = variable.name
            if name in ("@", "*"):
                raise Undecided(f"${name} may hold options of the launcher")
            if name in self.values.definitions and (variable.array or not variable.quoted):
                if name in open_names:
                    raise Undecided(f"${name} holds itself")
                taken = replace(way, consumed=(*way.consumed, word))
                for value in self.values.of(name):
                    yield from self.ways((*value, *following), taken, open_names | {name})
                return
            self._check_script(word, variable, following)
        if not word.content.chars.startswith("-"):
            yield replace(way, script=item)
            return
        given, used = self._given(item, following)
        if len(way.given) > 64:
            raise Undecided("too many options")
        yield from self.ways(
            tuple(following[used:]), replace(way, given=(*way.given, given)), open_names
        )

    def _check_script(self, word: Word, variable: Expansion, following: Sequence[Item]) -> None:
        """Raise Undecided unless a variable's value can only be the script."""
        shown = self._raw(word)
        if variable.name in self.values.definitions:
            if any(
                v and v[0].word.content.chars.startswith("-") for v in self.values.of(variable.name)
            ):
                raise Undecided(f"{shown} is one word, and holds options")
            return
        if variable.quoted and not variable.array:
            return
        if any((item.word.content.chars).endswith(".py") for item in following):
            raise Undecided(f"{shown} is not set in this file and may hold options of the launcher")

    def _given(self, item: Item, following: Sequence[Item]) -> tuple[_Given, int]:
        content = item.word.content
        name, equals, _ = content.chars.partition("=")
        option = self.table.options.get(name)
        if option is None:
            raise Undecided(f"{name}: an option that is not known to have a counterpart")
        start, end = content.starts[0], content.ends[len(name) - 1]
        if self.raw[start:end] != name:
            raise Undecided(f"{name} is written in pieces")
        if not option.takes_value:
            if equals:
                raise Undecided(f"{name} takes no value")
            return _Given(option, name, start, end, "", None, item), 0
        if equals:
            value = self._joined_value(item, len(name))
            return _Given(option, name, start, end, "=", value, item), 0
        if not following:
            raise Undecided(f"{name} has no value")
        word = following[0].word
        if word.variable is not None and word.variable.array:
            raise Undecided(f"{name} has an array for its value")
        value = _Value(
            word.content, tuple(word.expansions), word.start, word.end, following[0].origin
        )
        return _Given(option, name, start, end, " ", value, item), 1

    def _joined_value(self, item: Item, equals: int) -> _Value:
        content = item.word.content
        start = content.ends[equals]
        inner = content.cut(equals + 1, len(content.chars))
        end = (
            item.word.end
            if self.raw[start : start + 1] in ('"', "'", "\\")
            else inner.place(len(inner.chars))
        )
        if not inner.chars:
            raise Undecided(f"{content.chars} has no value")
        if len(_QUOTES.findall(self.raw[start:end])) % 2:
            raise Undecided(f"{content.chars} is quoted in pieces")
        expansions = tuple(
            replace(one, start=one.start - equals - 1, end=one.end - equals - 1)
            for one in item.word.expansions
        )
        return _Value(inner, expansions, start, end, item.origin)

    # --- edits

    def edits(self, head: Head, way: Way, told: dict[Told, None]) -> Plan:
        """The edits for one way to read a launch; raises Undecided if msrun has no such launch."""
        plan: Plan = {}
        by_action: dict[str, _Given] = {}
        for given in way.given:
            action = given.option.action
            if action != "drop" and action + given.option.becomes in by_action:
                raise Undecided(f"{given.name} is given twice")
            by_action[action + given.option.becomes] = given
        if "address" in by_action and (
            "rename--master_addr" in by_action or "rename--master_port" in by_action
        ):
            raise Undecided("both an endpoint and a master are given")
        for given in way.given:
            self._edit_option(given, way, plan, told)
        added = self._edit_counts(by_action.get("local"), by_action.get("nodes"), plan)
        added += " --join=True"
        if head.after_use is None:
            lines = self._line_ends(head.start, head.end)
            plan[head.start, head.end] = (head.becomes + added + lines, "launcher")
        else:
            plan[head.start, head.end] = (head.becomes, "launcher")
            plan[head.after_use.end, head.after_use.end] = (added, "launcher")
        for (start, _), (after, _) in plan.items():
            if " " in after and self.values.unquoted(start):
                raise Undecided("a variable without quotes has no room for another option")
        return plan

    def _edit_option(self, given: _Given, way: Way, plan: Plan, told: dict[Told, None]) -> None:
        option, value = given.option, given.value
        if option.action == "rename":
            plan[given.start, given.end] = (option.becomes, "option")
        elif option.action == "address":
            assert value is not None
            plan[given.start, given.end] = ("--master_addr", "option")
            plan[value.start, value.end] = (self._address(given, value), "option")
        elif option.action == "module":
            self._edit_module(given, way, plan)
        elif option.action == "drop":
            self._drop(given, plan)
            if option.note and not (value and value.text.chars == "0"):
                told[Told(given.start, "dropped", given.name, option.note)] = None

    def _edit_module(self, given: _Given, way: Way, plan: Plan) -> None:
        if way.script is None:
            raise Undecided("-m without a module")
        last = way.given[-1] is given and way.script.origin is given.item.origin
        if last:
            plan[given.start, given.end] = ("python -m", "module")
            return
        self._drop(given, plan)
        start = way.script.word.start
        plan[start, start] = ("python -m ", "module")

    def _drop(self, given: _Given, plan: Plan) -> None:
        value = given.value
        only = given.option.only
        if value is not None and only and (value.expansions or value.text.chars not in only):
            raise Undecided(f"{given.name} {value.text.chars} has no counterpart")
        start, end = given.item.word.start, given.item.word.end
        if value is not None and given.joint == " ":
            if value.origin is given.item.origin:
                end = value.end
            else:
                plan[value.start, self._after_blanks(value.end)] = ("", "dropped")
        end = self._after_blanks(end)
        plan[start, end] = (self._line_ends(start, end), "dropped")

    def _line_ends(self, start: int, end: int) -> str:
        """The ends of lines between two places, so that lines keep their numbers."""
        return "".join(f" {one}" for one in re.findall(r"\\?\r?\n", self.raw[start:end]))

    def _after_blanks(self, offset: int) -> int:
        while self.raw[offset : offset + 1] in (" ", "\t"):
            offset += 1
        return offset

    def _address(self, given: _Given, value: _Value) -> str:
        """HOST --master_port PORT, in the quotes of the endpoint."""
        colon = _colon(value)
        first, last = value.text.starts[0], value.text.ends[-1]
        opening, closing = self.raw[value.start : first], self.raw[last : value.end]
        if colon is None:
            host, port = self._variable_address(value)
        else:
            host = self.raw[first : value.text.starts[colon]]
            port = self.raw[value.text.ends[colon] : last]
        if not host or not port or port == "0" or _QUOTES.search(host + port):
            raise Undecided(f"{given.name}: an address and a port are needed")
        joint = given.joint
        # The word as a whole may be quoted, option and value together.
        word = given.item.word
        before = self.raw[word.start : given.start]
        after = self.raw[value.end : word.end] if joint == "=" else ""
        return (
            f"{opening}{host}{closing}{after} {before}--master_port{joint}{opening}{port}{closing}"
        )

    def _variable_address(self, value: _Value) -> tuple[str, str]:
        only = value.expansions[0] if len(value.expansions) == 1 else None
        whole = only is not None and only.whole and only.end - only.start == len(value.text.chars)
        if only is None or not whole:
            raise Undecided("the endpoint has no port")
        for definition in self.values.definitions.get(
            only.name, [Definition("", None, False, False, 0)]
        ):
            words = definition.words or []
            if len(words) != 1 or ":" not in words[0].content.chars:
                raise Undecided(f"${only.name} is not known to be an address and a port")
        dollar = self.raw[value.text.starts[0] : value.text.ends[0]]
        return f"{dollar}{{{only.name}%:*}}", f"{dollar}{{{only.name}##*:}}"

    def _edit_counts(self, local: _Given | None, nodes: _Given | None, plan: Plan) -> str:
        """Edit the two counts; returns the options to add for those that are left out."""
        if local is None and nodes is None:
            return " --worker_num=1 --local_worker_num=1"
        for given in (local, nodes):
            if given is not None and given.value is not None:
                self._check_count(given, given.value)
        if local is not None:
            assert local.value is not None
            plan[local.start, local.end] = ("--local_worker_num", "option")
            if nodes is None:
                copy = self.raw[local.value.start : local.value.end]
                text = f" --worker_num{local.joint}{copy}"
                end = local.item.word.end if local.joint == "=" else local.value.end
                plan[end, end] = (text, "worker_num")
                return ""
        assert nodes is not None and nodes.value is not None
        plan[nodes.start, nodes.end] = ("--worker_num", "option")
        if local is None:
            total = self._inner(nodes.value, "1:1")
            plan[nodes.value.start, nodes.value.end] = (total, "worker_num")
            return " --local_worker_num=1"
        assert local.value is not None
        if local.value.origin is not nodes.value.origin:
            self._check_order(local.value, nodes.value)
        plan[nodes.value.start, nodes.value.end] = (
            self._product(local.value, nodes.value),
            "worker_num",
        )
        return ""

    def _check_count(self, given: _Given, value: _Value) -> None:
        """Raise Undecided unless a count is a number, or can be nothing else."""
        literal = "".join(
            char
            for index, char in enumerate(value.text.chars)
            if not any(one.start <= index < one.end for one in value.expansions)
        )
        if not value.expansions:
            if _NUMBER.fullmatch(literal) or (given.option.action, literal) == ("nodes", "1:1"):
                return
            raise Undecided(f"{given.name} {literal} is not a number")
        if literal and not literal.isdecimal():
            raise Undecided(f"{given.name} {value.text.chars} is not a number")
        for one in value.expansions:
            shown = value.text.chars[one.start : one.end]
            if one.kind not in ("variable", "arithmetic"):
                raise Undecided(f"{given.name} {shown} is computed by a command")
            if one.kind == "variable" and (one.array or _WORDY_DEFAULT.search(shown)):
                raise Undecided(f"{given.name} {shown} is not a number")
            for definition in self.values.definitions.get(one.name, ()):
                self._check_number(given, definition)

    def _check_number(self, given: _Given, definition: Definition) -> None:
        for word in definition.words or ():
            literal = word.literal
            if len(definition.words or ()) > 1 or (literal and not _NUMBER.fullmatch(literal)):
                raise Undecided(f"{given.name} ${definition.name} is not a number")

    def _check_order(self, local: _Value, nodes: _Value) -> None:
        """Raise Undecided unless a count has its value already where the other is written."""
        place = nodes.origin.place if nodes.origin else nodes.start
        for name in set(re.findall(r"[A-Za-z_]\w*", local.text.chars)):
            found = self.values.definitions.get(name, [])
            if len(found) > 1 or any(one.place > place for one in found):
                raise Undecided(f"${name} may have another value where the nodes are given")

    def _inner(self, value: _Value, one: str) -> str:
        if value.text.chars == one:
            return "1"
        return self.raw[value.start : value.end]

    def _product(self, local: _Value, nodes: _Value) -> str:
        """The number of processes in all, for the place of the number of nodes."""
        left, right = (self._inner(value, "1:1") for value in (local, nodes))
        if right == "1":
            return left
        if left == "1":
            return right
        if left.isdecimal() and right.isdecimal():
            return str(int(left) * int(right))
        left, right = (self._arithmetic(value) for value in (local, nodes))
        dollars = {
            self.raw[value.text.starts[one.start] : value.text.ends[one.start]]
            for value in (local, nodes)
            for one in value.expansions
        }
        return f"{max(dollars, key=len)}(({left} * {right}))"

    def _arithmetic(self, value: _Value) -> str:
        if value.text.chars == "1:1":
            return "1"
        inner = self.raw[value.text.starts[0] : value.text.ends[-1]]
        if _QUOTES.search(inner):
            raise Undecided(f"{inner} is quoted in pieces")
        return inner

    def _raw(self, word: Word) -> str:
        return self.raw[word.start : word.end]


def visits(way: Way, offset: int) -> bool:
    """Whether a place is at one of the options that a way reads, or just behind one."""
    spans = [(given.item.word.start, given.item.word.end) for given in way.given]
    spans += [(given.value.start, given.value.end) for given in way.given if given.value]
    return any(start <= offset <= end for start, end in spans)


def _colon(value: _Value) -> int | None:
    """The index of the last colon that is not part of an expansion."""
    for index in range(len(value.text.chars) - 1, -1, -1):
        inside = any(one.start <= index < one.end for one in value.expansions)
        if value.text.chars[index] == ":" and not inside:
            return index
    return None
