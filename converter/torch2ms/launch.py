# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Launch scripts: torchrun and `python -m torch.distributed.run` (or launch) become msrun.

The options of a launch are followed through variables, arrays and strings of the same file, over
every value that these may have; each option is edited where it is written. Two values that would
need different edits, or anything that only the running shell knows, leave the launch as it is, and
it is reported. `mapping/launch.toml` says what each option and variable becomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from torch2ms.mapping import LaunchTable, Option
from torch2ms.shell import (
    Assignment,
    Command,
    Expansion,
    Script,
    ShellError,
    Text,
    Word,
    read,
)
from torch2ms.source import Edit

MENTION = re.compile(r"(?<![\w.-])torchrun(?![\w.-])|torch\.distributed\.(?:run|launch)(?![\w.])")
_MODULES = frozenset({"torch.distributed.run", "torch.distributed.launch"})
_PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*")
_NUMBER = re.compile(r"0|[1-9]\d*")
_QUOTES = re.compile(r"[\"'`]")
_WORDY_DEFAULT = re.compile(r"[-=+](?![$\d}])[^}]")
# Commands that read a string as a command.
_READS_STRINGS = frozenset({"eval", "bash", "sh", "ssh"})
# Files that hold no shell commands, whatever is written into them.
_NOT_SCRIPTS = re.compile(r".*\.(?:py|md|rst|txt|ya?ml|json|toml|log|cfg|ini|html)")
# How many ways through the values of variables are followed for one launch.
_MAX_WAYS = 128


class Undecided(Exception):
    """A launch cannot be converted; the message says why."""


@dataclass(frozen=True)
class Told:
    """A finding: `offset` in the file, `kind` as in rewrite.Finding."""

    offset: int
    kind: str
    text: str
    message: str


@dataclass
class Launches:
    """What a script needs: edits, what is worth telling, launches found and converted.

    `commands` and `comments` are those of the file, of strings that are commands as well.
    """

    edits: list[Edit] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    found: int = 0
    converted: int = 0
    commands: list[Command] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Definition:
    """One value that a variable is given: its words, or None where these cannot be known."""

    name: str
    words: list[Word] | None
    append: bool
    conditional: bool
    place: int


@dataclass(frozen=True, eq=False)
class _Item:
    """A word of a launch and the definition that it comes from (None: the command line)."""

    word: Word
    origin: Definition | None


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
    item: _Item


@dataclass(frozen=True)
class _Way:
    """One way to read a launch: all options, and the script if there is one."""

    given: tuple[_Given, ...] = ()
    script: _Item | None = None
    consumed: tuple[Word, ...] = ()


@dataclass
class _Site:
    """A command that launches: the items from the launcher on, for each way to read its head."""

    command: Command
    heads: list[_Head]


@dataclass(frozen=True)
class _Head:
    """The launcher (`start` to `end` in the file, and its text) and what follows it.

    `after_use` is the word behind which options must be added, if not behind the launcher.
    """

    start: int
    end: int
    becomes: str
    rest: tuple[_Item, ...]
    consumed: tuple[Word, ...]
    notes: tuple[str, ...] = ()
    after_use: Word | None = None


_Plan = dict[tuple[int, int], tuple[str, str]]


def launches(data: bytes, table: LaunchTable) -> Launches:
    """What becomes of the launches of one script. Raises ShellError if it is not shell."""
    return _File(data, table).run()


class _File:
    def __init__(self, data: bytes, table: LaunchTable) -> None:
        self.raw = data.decode("latin-1")
        self.table = table
        self.done = Launches()
        self.comments = self.done.comments
        self.commands = self.done.commands
        self.functions: set[str] = set()
        self.definitions: dict[str, list[Definition]] = {}
        self.told_at: set[int] = set()
        self.seen: set[int] = set()
        self.string_of: dict[int, str] = {}
        self.heads_used: set[str] = set()
        self._add(read(Text.of_file(data)), None)
        self._add_launching_strings()

    def run(self) -> Launches:
        sites = self._sites()
        plans = self._decide(sites)
        merged: _Plan = {}
        for plan in plans:
            merged.update(plan)
        self.done.edits = [
            Edit(start, end, after.encode("latin-1"), rule)
            for (start, end), (after, rule) in sorted(merged.items())
            if self.raw[start:end] != after
        ]
        self._tell_mentions()
        return self.done

    # --- what the file holds

    def _add(self, script: Script, variable: str | None) -> None:
        """Take in a script or a string that is one; `variable` is whose value it is."""
        self.comments += script.comments
        self.functions |= set(script.functions)
        for name in script.loop_variables:
            self._define(Definition(name, None, False, True, 0))
        for command in script.commands:
            if command.start in self.seen:
                # A substitution in a string, which was read with the command around it.
                continue
            self.seen.add(command.start)
            self.commands.append(command)
            if variable is not None:
                self.string_of[id(command)] = variable
            self._define_all(command, script.commands)
            for text, holder in self._strings(command):
                if MENTION.search(text.chars):
                    self._add_string(text, holder)

    def _add_launching_strings(self) -> None:
        """Take in strings that name the launcher by a variable only."""
        for command in list(self.commands):
            for assignment in command.assignments:
                if assignment.array or assignment.append:
                    continue
                text = assignment.words[0].content
                names = [one.name for one in assignment.words[0].expansions]
                if not MENTION.search(text.chars) and any(map(self._launches, names)):
                    self._add_string(text, assignment.name)

    def _launches(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a value of a variable holds a launcher, itself or in a variable."""
        if name in seen:
            return False
        words = [word for one in self.definitions.get(name, ()) for word in one.words or ()]
        return any(
            _is_launcher(word.literal)
            if word.literal is not None
            else word.variable is not None and self._launches(word.variable.name, seen | {name})
            for word in words
        )

    def _add_string(self, text: Text, name: str | None) -> None:
        try:
            self._add(read(text), name)
        except ShellError as error:
            self._tell(text.place(0), "unconverted", self._mention(text), str(error))

    def _mention(self, text: Text) -> str:
        found = MENTION.search(text.chars)
        return found.group() if found else ""

    def _strings(self, command: Command) -> Iterator[tuple[Text, str | None]]:
        """The texts of a command that may be commands themselves."""
        for assignment in command.assignments:
            if not assignment.array and not assignment.append:
                yield assignment.words[0].content, assignment.name
        if command.name in self.table.talk and not (command.piped or _writes_script(command)):
            return
        for word in command.words:
            if word.quoted and " " in word.content.chars:
                yield word.content, None
        for heredoc in command.heredocs:
            yield heredoc.content, None

    def _define(self, definition: Definition) -> None:
        self.definitions.setdefault(definition.name, []).append(definition)

    def _define_all(self, command: Command, around: Sequence[Command]) -> None:
        for assignment in command.assignments:
            words = None if assignment.element else self._words_of(assignment, around)
            place = assignment.name_place
            own = self._self_append(assignment.name, words)
            append = assignment.append or own is not None
            found = own if own is not None else words
            self._define(Definition(assignment.name, found, append, assignment.conditional, place))
        if command.name in ("read", "mapfile", "readarray", "getopts"):
            for word in command.words[1:]:
                name = word.literal or ""
                if not re.fullmatch(r"[A-Za-z_]\w*", name):
                    continue
                words = None
                if len(command.heredocs) == 1 and command.name == "read":
                    words = _split(command.heredocs[0].content)
                self._define(Definition(name, words, False, False, command.start))

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

    # --- launches

    def _sites(self) -> list[_Site]:
        sites = []
        for command in self.commands:
            try:
                site = self._site(command)
            except Undecided as reason:
                self.done.found += 1
                self._tell(command.start, "unconverted", self._text(command), str(reason))
                continue
            if site is not None:
                sites.append(site)
        return sites

    def _site(self, command: Command) -> _Site | None:
        if not command.words or command.test or command.name in self.table.talk:
            return None
        items = [_Item(word, None) for word in command.words]
        openings = list(self._openings(command, items, ()))
        found = [self._head(command, *opening) for opening in openings]
        heads = [head for head in found if head is not None]
        if len(heads) < len(found) and any(head.after_use for head in heads):
            raise Undecided("the launcher is one word here, and not always the launcher")
        return _Site(command, heads) if heads else None

    def _openings(
        self, command: Command, items: list[_Item], consumed: tuple[Word, ...]
    ) -> Iterator[tuple[list[_Item], tuple[Word, ...]]]:
        """The command's words with the variables that hold the launcher put in, for each value."""
        for index, item in enumerate(items):
            variable = item.word.variable
            if variable is None or not self._launches(variable.name):
                continue
            if variable.quoted and not variable.array and command.name in _READS_STRINGS:
                continue
            if len(consumed) > 8:
                raise Undecided(f"${variable.name} holds itself")
            self.heads_used.add(variable.name)
            values = self._values(variable.name)
            if variable.quoted and not variable.array and any(len(value) > 1 for value in values):
                raise Undecided(f"${variable.name} is one word here")
            for value in values:
                put_in = items[:index] + value + items[index + 1 :]
                yield from self._openings(command, put_in, (*consumed, item.word))
            return
        yield items, consumed

    def _head(
        self, command: Command, items: list[_Item], consumed: tuple[Word, ...]
    ) -> _Head | None:
        for index, item in enumerate(items):
            literal = item.word.literal
            if literal is None or not _is_launcher(literal):
                continue
            first, becomes, notes = index, "msrun", list[str]()
            if literal in _MODULES:
                first, notes = self._interpreter(items, index)
                if first < 0:
                    continue
            else:
                becomes = self._raw(item.word)[: -len("torchrun")] + "msrun"
                if not self._raw(item.word).endswith("torchrun"):
                    raise Undecided("the launcher is written in pieces")
            if not self._runs(items[:first], items[index + 1 :]):
                return None
            if items[first].origin is not item.origin:
                raise Undecided("the interpreter and the launcher stand in different places")
            start = items[first].word.start
            rest = tuple(items[index + 1 :])
            alone = item.origin is not None and self._is_one_word(item.word, consumed[-1])
            after_use = consumed[-1] if alone else None
            return _Head(start, item.word.end, becomes, rest, consumed, tuple(notes), after_use)
        return None

    def _is_one_word(self, launcher: Word, use: Word) -> bool:
        """Whether options cannot stand beside a launcher that is a variable's value."""
        quoted_use = use.variable is not None and use.variable.quoted and not use.variable.array
        return quoted_use or self._unquoted(launcher.start)

    def _unquoted(self, offset: int) -> bool:
        """Whether a place lies in an assignment's value that has no quotes around it."""
        return any(
            word.start <= offset <= word.end and not word.quoted and not _in_command(word, offset)
            for command in self.commands
            for assignment in command.assignments
            if not assignment.array
            for word in assignment.words
        )

    def _interpreter(self, items: list[_Item], index: int) -> tuple[int, list[str]]:
        """Where `python -m` begins before a module's name, and what of it is lost."""
        at = index - 1
        if at < 1 or items[at].word.literal != "-m":
            return -1, []
        at -= 1
        lost = []
        while at > 0 and (items[at].word.literal or "").startswith("-"):
            lost.append(f"{items[at].word.literal} of the interpreter")
            at -= 1
        literal = items[at].word.literal
        if literal is not None and not _PYTHON.fullmatch(literal.rpartition("/")[2]):
            raise Undecided(f"{literal} -m is not known to run a module of Python")
        if literal not in ("python", "python3"):
            shown = self._raw(items[at].word)
            lost.append(f"the interpreter {shown}: msrun starts `python` of the PATH")
        return at, lost

    def _runs(self, before: Sequence[_Item], after: Sequence[_Item]) -> bool:
        """Whether the words before a launcher run it; raises Undecided if that is not known."""
        if not before:
            return True
        first = before[0].word.literal
        name = (first or "").rpartition("/")[2]
        looks_up = len(before) > 1 and before[1].word.literal in ("-v", "-V")
        if first is None or name in self.functions:
            return True
        if name in self.table.run and not (name == "command" and looks_up):
            return True
        follows = after[0].word.content.chars if after else ""
        if follows.partition("=")[0] in self.table.options or follows.startswith("$"):
            raise Undecided(f"whether {name} runs its arguments is not known")
        return False

    def _decide(self, sites: list[_Site]) -> list[_Plan]:
        """The edits of every launch that can be converted, without those whose variables cannot."""
        plans: dict[int, tuple[_Site, _Plan, set[int], list[Told]]] = {}
        for site in sites:
            if self._is_completed_elsewhere(site):
                continue
            self.done.found += 1
            try:
                plans[id(site)] = self._planned(site)
            except Undecided as reason:
                self._undecided(site, str(reason))
        while True:
            consumed = {place for entry in plans.values() for place in entry[2]}
            bad = [
                (key, found)
                for key, (_, plan, _, _) in plans.items()
                if (found := self._used_elsewhere(plan, consumed)) is not None
            ]
            bad += [(key, "its options conflict") for key in self._conflicting(plans)]
            if not bad:
                break
            for key, why in dict(bad).items():
                self._undecided(plans.pop(key)[0], why)
        for _, _, _, told in plans.values():
            self.done.told += told
        self.done.converted = len(plans)
        return [entry[1] for entry in plans.values()]

    def _is_completed_elsewhere(self, site: _Site) -> bool:
        """Whether a string is the beginning of a launch that another command of the file makes."""
        return self.string_of.get(id(site.command)) in self.heads_used

    @staticmethod
    def _conflicting(
        plans: dict[int, tuple[_Site, _Plan, set[int], list[Told]]],
    ) -> Iterator[int]:
        seen: dict[tuple[int, int], str] = {}
        for key, (_, plan, _, _) in plans.items():
            for span, (after, _) in plan.items():
                if seen.setdefault(span, after) != after:
                    yield key
                    break

    def _undecided(self, site: _Site, reason: str) -> None:
        self._tell(site.command.start, "unconverted", self._text(site.command), reason)

    def _planned(self, site: _Site) -> tuple[_Site, _Plan, set[int], list[Told]]:
        plan: _Plan = {}
        consumed: set[int] = set()
        told: dict[Told, None] = {}
        each: list[tuple[_Way, _Plan]] = []
        for head in site.heads:
            for note in head.notes:
                told[Told(site.command.start, "dropped", note, "msrun has no place for it")] = None
            for way in self._ways(head.rest, _Way(), frozenset()):
                if way.script is None:
                    self._without_script(site, told)
                consumed |= {word.start for word in (*head.consumed, *way.consumed)}
                own = self._edits(head, way, told)
                each.append((way, own))
                plan.update(own)
        for way, own in each:
            for (start, end), edit in plan.items():
                if own.get((start, end)) != edit and _visits(way, start):
                    raise Undecided(
                        f"the option in line {self._line(start)} becomes one thing or another,"
                        " as the values of variables are"
                    )
        return site, plan, consumed, list(told)

    def _without_script(self, site: _Site, told: dict[Told, None]) -> None:
        name = self.string_of.get(id(site.command))
        if name is None:
            raise Undecided("there is no script to launch")
        message = "converted; what completes this launch is not in this file"
        told[Told(site.command.start, "uncertain", f"${name}", message)] = None

    def _used_elsewhere(self, plan: _Plan, consumed: set[int]) -> str | None:
        """Why the variables that a plan edits cannot change: some other command reads them."""
        names = {
            definition.name
            for definitions in self.definitions.values()
            for definition in definitions
            for word in definition.words or ()
            if not self._launches(definition.name)
            and any(word.start <= start < max(word.end, word.start + 1) for start, _ in plan)
        }
        for user, words in self._users():
            for word in words:
                for expansion in (*word.expansions, *word.nested):
                    if expansion.name in names and word.start not in consumed:
                        line = self._line(word.start)
                        return f"${expansion.name} is also used by {user} in line {line}"
        return None

    def _users(self) -> Iterator[tuple[str, list[Word]]]:
        """Commands and variables that do something with the words they are given."""
        for command in self.commands:
            if not command.test and command.name not in self.table.talk:
                yield command.name or "a command", command.words
            for assignment in command.assignments:
                if assignment.array:
                    yield assignment.name, assignment.words
                elif not self._launches(assignment.name):
                    words = self._words_of(assignment, self.commands)
                    if self._self_append(assignment.name, words) is not None:
                        words = words[1:] if words else None
                    yield assignment.name, words if words is not None else assignment.words

    # --- the options of a launch

    def _values(self, name: str) -> list[list[_Item]]:
        """Every value that a variable may have, as words; raises Undecided if that is not known."""
        values: list[list[_Item]] = []
        for definition in self.definitions[name]:
            if definition.words is None:
                raise Undecided(f"${name} is computed")
            items = [_Item(word, definition) for word in definition.words]
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

    def _ways(
        self, rest: tuple[_Item, ...], way: _Way, open_names: frozenset[str]
    ) -> Iterator[_Way]:
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
            if name in self.definitions and (variable.array or not variable.quoted):
                if name in open_names:
                    raise Undecided(f"${name} holds itself")
                taken = replace(way, consumed=(*way.consumed, word))
                for value in self._values(name):
                    yield from self._ways((*value, *following), taken, open_names | {name})
                return
            self._check_script(word, variable, following)
        if not word.content.chars.startswith("-"):
            yield replace(way, script=item)
            return
        given, used = self._given(item, following)
        if len(way.given) > 64:
            raise Undecided("too many options")
        yield from self._ways(
            tuple(following[used:]), replace(way, given=(*way.given, given)), open_names
        )

    def _check_script(self, word: Word, variable: Expansion, following: Sequence[_Item]) -> None:
        """Raise Undecided unless a variable's value can only be the script."""
        shown = self._raw(word)
        if variable.name in self.definitions:
            if any(
                v and v[0].word.content.chars.startswith("-") for v in self._values(variable.name)
            ):
                raise Undecided(f"{shown} is one word, and holds options")
            return
        if variable.quoted and not variable.array:
            return
        if any((item.word.content.chars).endswith(".py") for item in following):
            raise Undecided(f"{shown} is not set in this file and may hold options of the launcher")

    def _given(self, item: _Item, following: Sequence[_Item]) -> tuple[_Given, int]:
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

    def _joined_value(self, item: _Item, equals: int) -> _Value:
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

    def _edits(self, head: _Head, way: _Way, told: dict[Told, None]) -> _Plan:
        plan: _Plan = {}
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
            if " " in after and self._unquoted(start):
                raise Undecided("a variable without quotes has no room for another option")
        return plan

    def _edit_option(self, given: _Given, way: _Way, plan: _Plan, told: dict[Told, None]) -> None:
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

    def _edit_module(self, given: _Given, way: _Way, plan: _Plan) -> None:
        if way.script is None:
            raise Undecided("-m without a module")
        last = way.given[-1] is given and way.script.origin is given.item.origin
        if last:
            plan[given.start, given.end] = ("python -m", "module")
            return
        self._drop(given, plan)
        start = way.script.word.start
        plan[start, start] = ("python -m ", "module")

    def _drop(self, given: _Given, plan: _Plan) -> None:
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
        for definition in self.definitions.get(only.name, [Definition("", None, False, False, 0)]):
            words = definition.words or []
            if len(words) != 1 or ":" not in words[0].content.chars:
                raise Undecided(f"${only.name} is not known to be an address and a port")
        dollar = self.raw[value.text.starts[0] : value.text.ends[0]]
        return f"{dollar}{{{only.name}%:*}}", f"{dollar}{{{only.name}##*:}}"

    def _edit_counts(self, local: _Given | None, nodes: _Given | None, plan: _Plan) -> str:
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
            for definition in self.definitions.get(one.name, ()):
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
            found = self.definitions.get(name, [])
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

    # --- telling

    def _tell_mentions(self) -> None:
        """Whatever still names the launcher of PyTorch, apart from comments, is told."""
        spans = [(edit.start, edit.end) for edit in self.done.edits]
        lines = {self._line(told.offset) for told in self.done.told if told.kind != "dropped"}
        for match in MENTION.finditer(self.raw):
            at = match.start()
            if any(start <= at < end for start, end in [*spans, *self.comments]):
                continue
            if self._line(at) in lines or at in self.told_at:
                continue
            talk = any(
                word.start <= at < word.end
                for command in self.commands
                if command.name in self.table.talk
                for word in command.words
            )
            runs = any(self._asks(command, at) for command in self.commands)
            kind = "unconverted" if runs else "name"
            message = "asks for the launcher of PyTorch" if runs else "kept: a text, not a launch"
            if not talk and not runs:
                message = "kept: not known to be a launch"
            self._tell(at, kind, match.group(), message)

    def _asks(self, command: Command, at: int) -> bool:
        """Whether a command looks for the launcher or its processes, which are not there now."""
        if command.name not in ("which", "command", "type", "hash", "pkill", "pgrep", "killall"):
            return False
        return any(word.start <= at < word.end for word in command.words)

    def _tell(self, offset: int, kind: str, text: str, message: str) -> None:
        self.done.told.append(Told(offset, kind, text, message))
        match = MENTION.search(self.raw, offset)
        if match:
            self.told_at.add(match.start())

    def _raw(self, word: Word) -> str:
        return self.raw[word.start : word.end]

    def _text(self, command: Command) -> str:
        first, last = command.words[0], command.words[min(3, len(command.words) - 1)]
        return " ".join(self.raw[first.start : last.end].split())

    def _line(self, offset: int) -> int:
        return self.raw.count("\n", 0, offset) + 1


def _visits(way: _Way, offset: int) -> bool:
    """Whether a place is at one of the options that a way reads, or just behind one."""
    spans = [(given.item.word.start, given.item.word.end) for given in way.given]
    spans += [(given.value.start, given.value.end) for given in way.given if given.value]
    return any(start <= offset <= end for start, end in spans)


def _in_command(word: Word, offset: int) -> bool:
    """Whether a place lies in a command substitution of a word."""
    content = word.content
    return any(
        one.kind == "command" and content.starts[one.start] <= offset < content.ends[one.end - 1]
        for one in word.expansions
    )


def _writes_script(command: Command) -> bool:
    """Whether what a command prints goes into a file that may be a script."""
    return any(
        op in (">", ">>", ">|") and not _NOT_SCRIPTS.fullmatch(word.literal or "")
        for op, word in command.redirections
        if word.literal != "/dev/null" and not (word.literal or "").startswith("&")
    )


def _is_launcher(literal: str) -> bool:
    return literal in _MODULES or literal.rpartition("/")[2] == "torchrun"


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


def _colon(value: _Value) -> int | None:
    """The index of the last colon that is not part of an expansion."""
    for index in range(len(value.text.chars) - 1, -1, -1):
        inside = any(one.start <= index < one.end for one in value.expansions)
        if value.text.chars[index] == ":" and not inside:
            return index
    return None
