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
from dataclasses import dataclass, field

from torch2ms.launch_options import Head, Options, Plan, Told, Way, visits
from torch2ms.launch_table import LaunchTable
from torch2ms.launch_values import (
    LAUNCH_MODULES,
    Definition,
    Item,
    Undecided,
    Values,
    is_launcher,
)
from torch2ms.shell import Command, Script, ShellError, Text, Word, read
from torch2ms.source import Edit

MENTION = re.compile(r"(?<![\w.-])torchrun(?![\w.-])|torch\.distributed\.(?:run|launch)(?![\w.])")
_PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*")
# Commands that read a string as a command.
_READS_STRINGS = frozenset({"eval", "bash", "sh", "ssh"})
_OPTION = re.compile(r"--?[\w-]+=")
# Files that hold no shell commands, whatever is written into them.
_NOT_SCRIPTS = re.compile(r".*\.(?:py|md|rst|txt|ya?ml|json|toml|log|cfg|ini|html)")


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
class _Site:
    """A command that launches: the items from the launcher on, for each way to read its head."""

    command: Command
    heads: list[Head]


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
        self.values = Values()
        self.options = Options(self.raw, self.values, table)
        self.told_at: set[int] = set()
        self.seen: set[int] = set()
        self.string_of: dict[int, str] = {}
        self.heads_used: set[str] = set()
        self._add(read(Text.of_file(data)), None)
        self._add_launching_strings()

    def run(self) -> Launches:
        sites = self._sites()
        plans = self._decide(sites)
        merged: Plan = {}
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
            self.values.define(Definition(name, None, False, True, 0))
        for command in script.commands:
            if command.start in self.seen:
                # A substitution in a string, which was read with the command around it.
                continue
            self.seen.add(command.start)
            self.commands.append(command)
            if variable is not None:
                self.string_of[id(command)] = variable
            self.values.add(command, script.commands)
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
                if not MENTION.search(text.chars) and any(map(self.values.launches, names)):
                    self._add_string(text, assignment.name)

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
            if assignment.array:
                for word in assignment.words:
                    if word.quoted and " " in word.content.chars:
                        yield word.content, None
            elif not assignment.append:
                yield assignment.words[0].content, assignment.name
        if command.name in self.table.talk and not (command.piped or _writes_script(command)):
            return
        for word in command.words:
            if word.quoted and " " in word.content.chars:
                # As a whole, or as the value of an option (--wrap="...").
                option = _OPTION.match(word.content.chars)
                begin = option.end() if option else 0
                yield word.content.cut(begin, len(word.content.chars)), None
        for heredoc in command.heredocs:
            yield heredoc.content, None

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
        items = [Item(word, None) for word in command.words]
        openings = list(self._openings(command, items, ()))
        found = [self._head(command, *opening) for opening in openings]
        heads = [head for head in found if head is not None]
        if len(heads) < len(found) and any(head.after_use for head in heads):
            raise Undecided("the launcher is one word here, and not always the launcher")
        return _Site(command, heads) if heads else None

    def _openings(
        self, command: Command, items: list[Item], consumed: tuple[Word, ...]
    ) -> Iterator[tuple[list[Item], tuple[Word, ...]]]:
        """The command's words with the variables that hold the launcher put in, for each value."""
        for index, item in enumerate(items):
            variable = item.word.variable
            if variable is None or not self.values.launches(variable.name):
                continue
            if variable.quoted and not variable.array and command.name in _READS_STRINGS:
                continue
            if len(consumed) > 8:
                raise Undecided(f"${variable.name} holds itself")
            self.heads_used.add(variable.name)
            values = self.values.of(variable.name)
            if variable.quoted and not variable.array and any(len(value) > 1 for value in values):
                raise Undecided(f"${variable.name} is one word here")
            for value in values:
                put_in = items[:index] + value + items[index + 1 :]
                yield from self._openings(command, put_in, (*consumed, item.word))
            return
        yield items, consumed

    def _head(self, command: Command, items: list[Item], consumed: tuple[Word, ...]) -> Head | None:
        for index, item in enumerate(items):
            literal = item.word.literal
            if literal is None or not is_launcher(literal):
                continue
            first, becomes, notes = index, "msrun", list[str]()
            if literal in LAUNCH_MODULES:
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
            return Head(start, item.word.end, becomes, rest, consumed, tuple(notes), after_use)
        return None

    def _is_one_word(self, launcher: Word, use: Word) -> bool:
        """Whether options cannot stand beside a launcher that is a variable's value."""
        quoted_use = use.variable is not None and use.variable.quoted and not use.variable.array
        return quoted_use or self.values.unquoted(launcher.start)

    def _interpreter(self, items: list[Item], index: int) -> tuple[int, list[str]]:
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

    def _runs(self, before: Sequence[Item], after: Sequence[Item]) -> bool:
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

    def _decide(self, sites: list[_Site]) -> list[Plan]:
        """The edits of every launch that can be converted, without those whose variables cannot."""
        plans: dict[int, tuple[_Site, Plan, set[int], list[Told]]] = {}
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
        plans: dict[int, tuple[_Site, Plan, set[int], list[Told]]],
    ) -> Iterator[int]:
        seen: dict[tuple[int, int], str] = {}
        for key, (_, plan, _, _) in plans.items():
            for span, (after, _) in plan.items():
                if seen.setdefault(span, after) != after:
                    yield key
                    break

    def _undecided(self, site: _Site, reason: str) -> None:
        self._tell(site.command.start, "unconverted", self._text(site.command), reason)

    def _planned(self, site: _Site) -> tuple[_Site, Plan, set[int], list[Told]]:
        plan: Plan = {}
        consumed: set[int] = set()
        told: dict[Told, None] = {}
        each: list[tuple[Way, Plan]] = []
        for head in site.heads:
            for note in head.notes:
                told[Told(site.command.start, "dropped", note, "msrun has no place for it")] = None
            for way in self.options.ways(head.rest, Way(), frozenset()):
                if way.script is None:
                    self._without_script(site, told)
                consumed |= {word.start for word in (*head.consumed, *way.consumed)}
                own = self.options.edits(head, way, told)
                each.append((way, own))
                plan.update(own)
        for way, own in each:
            for (start, end), edit in plan.items():
                if own.get((start, end)) != edit and visits(way, start):
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

    def _used_elsewhere(self, plan: Plan, consumed: set[int]) -> str | None:
        """Why the variables that a plan edits cannot change: some other command reads them."""
        names = {
            definition.name
            for definitions in self.values.definitions.values()
            for definition in definitions
            for word in definition.words or ()
            if not (self.values.launches(definition.name) or MENTION.search(word.content.chars))
            and any(word.start <= start < max(word.end, word.start + 1) for start, _ in plan)
        }
        for user, words in self.values.users(self.table.talk):
            for word in words:
                for expansion in (*word.expansions, *word.nested):
                    if expansion.name in names and word.start not in consumed:
                        line = self._line(word.start)
                        return f"${expansion.name} is also used by {user} in line {line}"
        return None

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
            if any(self._asks(command, at) for command in self.commands):
                message = "asks for the launcher of PyTorch"
                self._tell(at, "unconverted", match.group(), message)
            elif any(self._is_text(command, at) for command in self.commands):
                self._tell(at, "name", match.group(), "kept: a text, not a launch")
            else:
                message = "not known to be a launch, nor to be none"
                self._tell(at, "unconverted", match.group(), message)

    def _is_text(self, command: Command, at: int) -> bool:
        """Whether a place lies in what a command only shows, or in the value of an option."""
        before = ""
        for word in command.words:
            if word.start <= at < word.end:
                option = before.startswith("-") and before != "-m"
                joined = _OPTION.match(word.content.chars) is not None
                return command.name in self.table.talk or (
                    (option or joined) and " " not in word.content.chars
                )
            before = word.content.chars
        return command.name in self.table.talk and any(
            doc.content.chars and doc.content.starts[0] <= at < doc.content.ends[-1]
            for doc in command.heredocs
        )

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


def _writes_script(command: Command) -> bool:
    """Whether what a command prints goes into a file that may be a script."""
    return any(
        op in (">", ">>", ">|") and not _NOT_SCRIPTS.fullmatch(word.literal or "")
        for op, word in command.redirections
        if word.literal != "/dev/null" and not (word.literal or "").startswith("&")
    )
