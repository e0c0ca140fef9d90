# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Enough of the shell's grammar to know the words of every command and where each lies in the file.

Commands, words, quotes, expansions, arrays, here-documents and nested substitutions of bash and
POSIX sh are read; nothing is expanded or run. A `Text` remembers for each character where it came
from, so that what stands in a quoted string (itself a command, perhaps) is read with its escapes
taken off, and edits still fall on the bytes of the file.

Files are read as Latin-1: one character is one byte, whatever the encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\[[^\]\s]*\])?(\+?=)", re.ASCII)
_PARAMETER = re.compile(r"[A-Za-z_]\w*|\d+", re.ASCII)
_PLAIN = re.compile(r"\{([A-Za-z_]\w*|\d+)(\[[@*]\])?\}", re.ASCII)
_REDIRECTION = re.compile(r"(?:\d+|\{\w+\})?(<<<|<<-|<<|<>|<&|>&|>>|>\||&>>|&>|<|>)")
# `<your path>` as the value of a variable: a template that somebody fills in before it is shell.
_PLACEHOLDER = re.compile(r"<[^<>&\n|;]*>(?=[ \t\r\n]|$)")
_BLANK = " \t\r"
_ENDS_WORD = frozenset(" \t\r\n;&|()<>")
_OPENS = frozenset({"if", "while", "until", "for", "select", "case"})
_CLOSES = frozenset({"fi", "done", "esac", "}"})
_PREFIXES = frozenset({"if", "while", "until", "then", "else", "elif", "do", "!", "time", "{"})
_DECLARES = frozenset({"export", "local", "declare", "typeset", "readonly"})


class ShellError(Exception):
    """The text is not shell that this reader knows; `offset` is where, in the file."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True)
class Text:
    """Characters, and the bytes of the file that each stands for: starts[i] up to ends[i]."""

    chars: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of_file(cls, data: bytes) -> Text:
        """A whole file."""
        return cls(data.decode("latin-1"), range(len(data)), range(1, len(data) + 1))

    def cut(self, start: int, end: int) -> Text:
        """The characters from `start` up to `end`."""
        return Text(self.chars[start:end], self.starts[start:end], self.ends[start:end])

    def place(self, index: int) -> int:
        """Where a character lies in the file; for the end of the text, where it ends."""
        if index < len(self.chars):
            return self.starts[index]
        return self.ends[-1] if self.ends else 0


@dataclass(frozen=True)
class Expansion:
    """A `$` expansion in a word's content, from `start` up to `end` there.

    kind: `variable`, `arithmetic`, `command` or `other`. `whole` is set for the plain value of a
    variable (`$x`, `${x}`, `${x[@]}`), `array` for `[@]` and `[*]`. `name_place` is where the name
    lies in the file.
    """

    kind: str
    start: int
    end: int
    quoted: bool
    name: str = ""
    whole: bool = False
    array: bool = False
    name_place: int = -1


@dataclass
class Word:
    """One word: from `start` up to `end` in the file.

    `content` is the word without its quotes and escapes, expansions as they are written; `nested`
    are the expansions inside of those.
    """

    start: int
    end: int
    content: Text
    expansions: list[Expansion] = field(default_factory=list)
    nested: list[Expansion] = field(default_factory=list)
    quoted: bool = False

    @property
    def literal(self) -> str | None:
        """The word's value, if it is the same in every run."""
        return None if self.expansions else self.content.chars

    @property
    def variable(self) -> Expansion | None:
        """The expansion that is the whole word, if it is a variable's plain value."""
        if len(self.expansions) != 1:
            return None
        one = self.expansions[0]
        whole = (one.start, one.end) == (0, len(self.content.chars))
        return one if one.whole and whole else None


@dataclass
class Assignment:
    """`name=value` (or `+=`) with a word, or with the words of an array.

    `conditional` is set inside of compound commands, functions and behind && and ||.
    """

    name: str
    append: bool
    name_place: int
    words: list[Word]
    array: bool
    conditional: bool
    element: bool = False


@dataclass
class Heredoc:
    """The body of a here-document, escapes taken off unless its delimiter is quoted."""

    content: Text


@dataclass
class Command:
    """A simple command: assignments before it, its words, redirections and here-documents.

    `piped` is set if its output goes into another command; `test` for the words of `[[` and `case`.
    """

    start: int
    assignments: list[Assignment] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirections: list[tuple[str, Word]] = field(default_factory=list)
    heredocs: list[Heredoc] = field(default_factory=list)
    piped: bool = False
    test: bool = False

    @property
    def name(self) -> str:
        """The first word if it is literal, without its directory."""
        literal = self.words[0].literal if self.words else None
        return (literal or "").rpartition("/")[2]


@dataclass
class Script:
    """Everything read from one text, nested substitutions included, in order of their beginning.

    `functions` are the names of the functions that the text defines, with the words they hold.
    """

    commands: list[Command] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    functions: dict[str, list[Command]] = field(default_factory=dict)
    loop_variables: set[str] = field(default_factory=set)

    def assignments(self) -> Iterator[Assignment]:
        """Every assignment, also those of `export name=value`."""
        for command in self.commands:
            yield from command.assignments


def read(text: Text, newline_is_blank: bool = False) -> Script:
    """Read a script, or with `newline_is_blank` the words that an unquoted expansion splits into.

    Raises ShellError where the text is not shell.
    """
    script = Script()
    try:
        _Reader(text, script, newline_is_blank).run()
    except RecursionError as error:
        raise ShellError("nested too deeply", text.place(0)) from error
    return script


class _Reader:
    def __init__(self, text: Text, script: Script, newline_is_blank: bool) -> None:
        self.text = text
        self.chars = text.chars
        self.script = script
        self.blank = _BLANK + "\n" if newline_is_blank else _BLANK
        self.at = 0
        self.depth = 0
        self.pending: list[tuple[Command, str, bool, bool]] = []

    def run(self) -> None:
        self._list(closing="")
        if self.at < len(self.chars):
            raise self._error(f"unexpected {self.chars[self.at]!r}")
        if self.depth != 0:
            raise self._error("a compound command does not end")

    def _error(self, message: str, at: int | None = None) -> ShellError:
        return ShellError(message, self.text.place(self.at if at is None else at))

    def _here(self, start: str) -> bool:
        return self.chars.startswith(start, self.at)

    # --- lists of commands

    def _list(self, closing: str, case: bool = False) -> None:
        """Commands up to `closing`, which is left; in a case also up to ;; or esac."""
        conditional = False
        while self.at < len(self.chars):
            self._skip_blanks()
            if self.at == len(self.chars) or (closing and self._here(closing)):
                return
            if case and (self._here(";;") or self._here(";&") or self._reserved("esac")):
                return
            char = self.chars[self.at]
            if char == "\n":
                self._newline()
                conditional = False
            elif char in ";&|":
                conditional = self.chars.startswith(("&&", "||"), self.at)
                if char == "|" and not conditional and self.script.commands:
                    self.script.commands[-1].piped = True
                self.at += 2 if conditional or self._here("|&") else 1
            elif self._here("(("):
                self._arithmetic_command()
            elif char == "(":
                self._subshell()
            elif char == ")":
                raise self._error("unexpected ')'")
            else:
                self._command(conditional)

    def _newline(self) -> None:
        self.at += 1
        for command, delimiter, tabs, quoted in self.pending:
            self._heredoc(command, delimiter, tabs, quoted)
        self.pending = []

    def _skip_blanks(self) -> None:
        while self.at < len(self.chars):
            if self.chars[self.at] in self.blank:
                self.at += 1
            elif self._continuation():
                self.at += self._continuation()
            elif self.chars[self.at] == "#":
                end = self.chars.find("\n", self.at)
                end = len(self.chars) if end < 0 else end
                self.script.comments.append((self.text.place(self.at), self.text.place(end)))
                self.at = end
            else:
                return

    def _continuation(self) -> int:
        """The length of a continued line's end at this place, else 0."""
        for end in ("\\\n", "\\\r\n"):
            if self._here(end):
                return len(end)
        return 0

    def _subshell(self) -> None:
        self.at += 1
        self.depth += 1
        self._list(closing=")")
        self._expect(")")
        self.depth -= 1

    def _expect(self, end: str) -> None:
        if not self._here(end):
            raise self._error(f"{end!r} is missing")
        self.at += len(end)

    def _arithmetic_command(self) -> None:
        self.at = self._parentheses(self.at)

    def _parentheses(self, at: int) -> int:
        """The index after the parenthesis that closes the one at `at`; quotes are not looked at."""
        depth = 0
        for index in range(at, len(self.chars)):
            depth += {"(": 1, ")": -1}.get(self.chars[index], 0)
            if depth == 0:
                return index + 1
        raise self._error("a parenthesis does not end", at)

    # --- commands

    def _reserved(self, name: str) -> bool:
        after = self.at + len(name)
        return self._here(name) and (after >= len(self.chars) or self.chars[after] in _ENDS_WORD)

    def _next_reserved(self, names: frozenset[str]) -> str | None:
        return next((name for name in names if self._reserved(name)), None)

    def _command(self, conditional: bool) -> None:
        closing = self._next_reserved(_CLOSES)
        if closing:
            self.at += len(closing)
            self.depth -= 1
            return
        for special, read_it in (
            ("[[", self._test),
            ("for", self._for),
            ("select", self._for),
            ("case", self._case),
            ("function", self._function_word),
        ):
            if self._reserved(special):
                self.at += len(special)
                read_it()
                return
        prefix = self._next_reserved(_PREFIXES)
        if prefix:
            self.depth += prefix in _OPENS or prefix == "{"
            self.at += len(prefix)
            return
        self._simple(conditional or self.depth > 0)

    def _simple(self, conditional: bool) -> None:
        command = Command(self.text.place(self.at))
        self.script.commands.append(command)
        while True:
            self._skip_blanks()
            if self.at == len(self.chars) or self.chars[self.at] in "\n;|)":
                return
            redirection = _REDIRECTION.match(self.chars, self.at)
            process = self.chars.startswith(("<(", ">("), self.at)
            if redirection and not process:
                self._redirection(command, redirection)
            elif self.chars[self.at] == "&":
                return
            elif self.chars[self.at] == "(":
                self._function(command)
                return
            else:
                self._argument(command, conditional)

    def _argument(self, command: Command, conditional: bool) -> None:
        match = _ASSIGNMENT.match(self.chars, self.at)
        declares = bool(command.words) and command.words[0].literal in _DECLARES
        if match is None or (command.words and not declares):
            command.words.append(self._word())
            return
        place = self.text.place(self.at)
        self.at = match.end()
        array = self._here("(")
        words = self._array() if array else [self._word(may_be_empty=True)]
        command.assignments.append(
            Assignment(match[1], match[3] == "+=", place, words, array, conditional, bool(match[2]))
        )

    def _array(self) -> list[Word]:
        self.at += 1
        words: list[Word] = []
        while True:
            self._skip_blanks()
            if self.at == len(self.chars):
                raise self._error("an array does not end")
            if self.chars[self.at] == "\n":
                self._newline()
            elif self._here(")"):
                self.at += 1
                return words
            elif self.chars[self.at] in ";&|<>(":
                raise self._error(f"unexpected {self.chars[self.at]!r} in an array")
            else:
                words.append(self._word())

    def _redirection(self, command: Command, match: re.Match[str]) -> None:
        self.at = match.end()
        self._skip_blanks()
        word = self._word()
        if match[1] in ("<<", "<<-"):
            self.pending.append((command, word.content.chars, match[1] == "<<-", word.quoted))
        else:
            command.redirections.append((match[1], word))

    def _heredoc(self, command: Command, delimiter: str, tabs: bool, quoted: bool) -> None:
        begin = self.at
        while self.at < len(self.chars):
            end = self.chars.find("\n", self.at)
            end = len(self.chars) if end < 0 else end
            line = self.chars[self.at : end].removesuffix("\r")
            if (line.lstrip("\t") if tabs else line) == delimiter:
                body = self.text.cut(begin, self.at)
                command.heredocs.append(Heredoc(body if quoted else _unescaped(body, "$`\\")))
                self.at = end
                # The newline after the delimiter ends nothing more.
                self.at += self.at < len(self.chars)
                return
            self.at = end + 1
        raise self._error(f"the here-document {delimiter} does not end", begin)

    def _test(self) -> None:
        command = Command(self.text.place(self.at), test=True)
        self.script.commands.append(command)
        while not self._reserved("]]"):
            self._skip_test_blanks()
            if self.at >= len(self.chars):
                raise self._error("[[ does not end")
            if self.chars[self.at] in _ENDS_WORD:
                self.at += 1
            elif not self._reserved("]]"):
                command.words.append(self._word())
        self.at += 2

    def _skip_test_blanks(self) -> None:
        while self.at < len(self.chars) and self.chars[self.at] in _BLANK + "\n":
            self.at += 1

    def _for(self) -> None:
        self.depth += 1
        self._skip_blanks()
        if self._here("(("):
            self.at = self._parentheses(self.at)
            return
        name = self._word().literal
        if name is None:
            raise self._error("a loop without a variable's name")
        self.script.loop_variables.add(name)
        self._skip_blanks()
        if self._reserved("in"):
            # The words of the loop are read like those of a command that does nothing.
            self._simple(conditional=True)

    def _case(self) -> None:
        self._skip_blanks()
        subject = Command(self.text.place(self.at), words=[self._word()], test=True)
        self.script.commands.append(subject)
        self._skip_lines()
        self._expect("in")
        self.depth += 1
        while True:
            self._skip_lines()
            if self._reserved("esac"):
                self.at += len("esac")
                self.depth -= 1
                return
            self._pattern()
            self._list(closing="", case=True)
            while self.at < len(self.chars) and self.chars[self.at] in ";&":
                self.at += 1

    def _pattern(self) -> None:
        while not self._here(")"):
            if self.at >= len(self.chars):
                raise self._error("a case does not end")
            if self.chars[self.at] in _ENDS_WORD:
                self.at += 1
            else:
                self._word()
        self.at += 1

    def _skip_lines(self) -> None:
        self._skip_blanks()
        while self.at < len(self.chars) and self.chars[self.at] == "\n":
            self._newline()
            self._skip_blanks()

    def _function_word(self) -> None:
        self._skip_blanks()
        command = Command(self.text.place(self.at), words=[self._word()])
        self._skip_blanks()
        self._function(command)

    def _function(self, command: Command) -> None:
        """The body of a function whose name is the command read so far."""
        if len(command.words) != 1 or command.words[0].literal is None:
            raise self._error("unexpected '('")
        if self.script.commands and self.script.commands[-1] is command:
            self.script.commands.pop()
        if self._here("("):
            self.at += 1
            self._skip_blanks()
            self._expect(")")
        self._skip_lines()
        first = len(self.script.commands)
        depth = self.depth
        if self._here("("):
            self._subshell()
        elif self._reserved("{"):
            self.at += 1
            self.depth += 1
            while self.depth > depth:
                before = self.at
                self._skip_lines()
                self._one()
                if self.at == before:
                    raise self._error("a function does not end")
        else:
            raise self._error("a function without a body in braces")
        self.script.functions[command.words[0].literal] = self.script.commands[first:]

    def _one(self) -> None:
        if self.at >= len(self.chars):
            return
        char = self.chars[self.at]
        if char in ";&|":
            if char == "|" and self.script.commands:
                self.script.commands[-1].piped = not self._here("||")
            self.at += 2 if self._here("||") else 1
        elif self._here("(("):
            self._arithmetic_command()
        elif char == "(":
            self._subshell()
        elif char == ")":
            raise self._error("unexpected ')'")
        else:
            self._command(conditional=True)

    # --- words

    def _word(self, may_be_empty: bool = False) -> Word:
        begin = self.at
        collect = _Collector(self.text)
        placeholder = _PLACEHOLDER.match(self.chars, begin) if may_be_empty else None
        if placeholder:
            self.at = placeholder.end()
            collect.expansion("other", begin, self.at, quoted=False)
        while self.at < len(self.chars):
            char = self.chars[self.at]
            if self._continuation():
                self.at += self._continuation()
            elif char == "\\":
                end = min(self.at + 2, len(self.chars))
                collect.escaped(self.at, end)
                self.at = end
            elif char == "'":
                self._single(collect)
            elif char == '"':
                self._double(collect)
            elif char in "$`":
                self._expansion(collect, quoted=False)
            elif self.chars.startswith(("<(", ">("), self.at) or (
                char in "?*+@!" and self.chars.startswith("(", self.at + 1)
            ):
                self._group(collect)
            elif char in _ENDS_WORD:
                break
            else:
                collect.add(self.at)
                self.at += 1
        if self.at == begin and not may_be_empty:
            raise self._error("a word is missing")
        place = self.text.place(begin)
        end = self.text.ends[self.at - 1] if self.at > begin else place
        return Word(place, end, collect.text(), collect.expansions, collect.nested, collect.quoted)

    def _single(self, collect: _Collector) -> None:
        end = self.chars.find("'", self.at + 1)
        if end < 0:
            raise self._error("a quote does not end")
        collect.quoted = True
        for index in range(self.at + 1, end):
            collect.add(index)
        self.at = end + 1

    def _double(self, collect: _Collector) -> None:
        begin = self.at
        collect.quoted = True
        self.at += 1
        while self.at < len(self.chars):
            char = self.chars[self.at]
            if char == '"':
                self.at += 1
                return
            if self._continuation():
                self.at += self._continuation()
            elif char == "\\" and self.chars[self.at + 1 : self.at + 2] in tuple('$`"\\'):
                collect.escaped(self.at, self.at + 2)
                self.at += 2
            elif char in "$`":
                self._expansion(collect, quoted=True)
            else:
                collect.add(self.at)
                self.at += 1
        raise self._error("a quote does not end", begin)

    def _group(self, collect: _Collector) -> None:
        """A process substitution or an extended pattern: kept as it is."""
        end = self._parentheses(self.at + 1)
        collect.expansion("other", self.at, end, quoted=False)
        self.at = end

    def _expansion(self, collect: _Collector, quoted: bool) -> None:
        begin = self.at
        if self._here("$(("):
            self.at = self._parentheses(begin + 1)
            kind = "arithmetic" if self.chars[self.at - 2] == ")" else "other"
            collect.expansion(kind, begin, self.at, quoted)
        elif self._here("$("):
            self._substitution()
            collect.expansion("command", begin, self.at, quoted)
        elif self._here("`"):
            self._backquotes()
            collect.expansion("command", begin, self.at, quoted)
        elif self._here("${"):
            self._braces(collect, quoted)
        elif self._here("$'") and not quoted:
            self._ansi()
            collect.expansion("other", begin, self.at, quoted=True)
        else:
            self._dollar(collect, quoted)

    def _dollar(self, collect: _Collector, quoted: bool) -> None:
        begin = self.at
        match = _NAME.match(self.chars, begin + 1)
        if match:
            self.at = match.end()
            collect.variable(begin, self.at, quoted, match[0], begin + 1, whole=True, array=False)
        elif self.chars[begin + 1 : begin + 2] in tuple("0123456789@*#?$!-"):
            self.at = begin + 2
            array = self.chars[begin + 1] in "@*"
            name = self.chars[begin + 1]
            collect.variable(begin, self.at, quoted, name, begin + 1, whole=True, array=array)
        else:
            collect.add(begin)
            self.at += 1

    def _substitution(self) -> None:
        self.at += 2
        outer = self.blank, self.depth
        self.blank = _BLANK
        self._list(closing=")")
        self._expect(")")
        self.blank, self.depth = outer

    def _backquotes(self) -> None:
        begin = self.at
        self.at += 1
        while self.at < len(self.chars) and self.chars[self.at] != "`":
            self.at += 2 if self.chars[self.at] == "\\" else 1
        if self.at >= len(self.chars):
            raise self._error("a backquote does not end", begin)
        inner = _unescaped(self.text.cut(begin + 1, self.at), "$`\\")
        _Reader(inner, self.script, newline_is_blank=False).run()
        self.at += 1

    def _braces(self, collect: _Collector, quoted: bool) -> None:
        begin = self.at
        plain = _PLAIN.match(self.chars, begin + 1)
        if plain:
            self.at = plain.end()
            array = plain[2] is not None
            collect.variable(begin, self.at, quoted, plain[1], plain.start(1), True, array)
            return
        self.at += 2
        name = _PARAMETER.search(self.chars, self.at, self.at + 80)
        inside = _Collector(self.text)
        while not self._here("}"):
            if self.at >= len(self.chars):
                raise self._error("${ does not end", begin)
            char = self.chars[self.at]
            if char == "\\":
                self.at += 2
            elif char == "'" and not quoted:
                self._single(inside)
            elif char == '"':
                self._double(inside)
            elif char in "$`":
                self._expansion(inside, quoted)
            else:
                self.at += 1
        self.at += 1
        at_name = name is not None and name.start() <= begin + 3
        if name is not None and at_name:
            collect.variable(begin, self.at, quoted, name[0], name.start(), False, False)
        else:
            collect.expansion("other", begin, self.at, quoted)
        collect.nested += inside.expansions + inside.nested

    def _ansi(self) -> None:
        begin = self.at
        self.at += 2
        while self.at < len(self.chars) and self.chars[self.at] != "'":
            self.at += 2 if self.chars[self.at] == "\\" else 1
        if self.at >= len(self.chars):
            raise self._error("a quote does not end", begin)
        self.at += 1


class _Collector:
    """The content of a word while it is read."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._chars: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.expansions: list[Expansion] = []
        self.nested: list[Expansion] = []
        self.quoted = False

    def add(self, index: int) -> None:
        self._chars.append(self._text.chars[index])
        self._starts.append(self._text.starts[index])
        self._ends.append(self._text.ends[index])

    def escaped(self, index: int, end: int) -> None:
        """The last of the characters from `index`, which stands for all of them."""
        self.quoted = True
        self._chars.append(self._text.chars[end - 1])
        self._starts.append(self._text.starts[index])
        self._ends.append(self._text.ends[end - 1])

    def expansion(self, kind: str, start: int, end: int, quoted: bool) -> None:
        first = len(self._chars)
        for index in range(start, end):
            self.add(index)
        self.expansions.append(Expansion(kind, first, len(self._chars), quoted))

    def variable(
        self, start: int, end: int, quoted: bool, name: str, name_at: int, whole: bool, array: bool
    ) -> None:
        self.expansion("variable", start, end, quoted)
        one = self.expansions.pop()
        place = self._text.starts[name_at]
        self.expansions.append(
            Expansion("variable", one.start, one.end, quoted, name, whole, array, place)
        )

    def text(self) -> Text:
        return Text("".join(self._chars), self._starts, self._ends)


def _unescaped(text: Text, escapes: str) -> Text:
    collect = _Collector(text)
    at = 0
    while at < len(text.chars):
        following = text.chars[at + 1 : at + 2]
        if text.chars[at] == "\\" and following and following in escapes:
            collect.escaped(at, at + 2)
            at += 2
        else:
            collect.add(at)
            at += 1
    return collect.text()
