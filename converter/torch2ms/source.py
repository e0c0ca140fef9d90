# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes of a Python file <-> the UTF-8 text that the parser counts columns in, given back exactly.

`ast` numbers lines the way the tokenizer does (LF, CRLF and lone CR end a line; form feeds and
Unicode separators do not) and columns in UTF-8 bytes. A `Source` holds the file in that space
without touching its newlines, so that an edit is a pair of offsets and everything outside of the
edits is the same bytes as before, whatever the file's encoding, byte order mark or newline style.
"""

from __future__ import annotations

import ast
import bisect
import codecs
import functools
import io
import itertools
import re
import tokenize
import unicodedata
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

_LINE_END = re.compile(rb"\r\n|\n|\r")
# What may declare an encoding (PEP 263).
_COOKIE = re.compile(rb"coding[:=][ \t]*([-\w.]+)")


class SourceError(Exception):
    """The file is not Python that this interpreter can read; the message is the parser's."""


class Edit(NamedTuple):
    """Replace `body[start:end]` by `after`; `rule` says why."""

    start: int
    end: int
    after: bytes
    rule: str


@dataclass(frozen=True)
class Source:
    """A decoded file: `bom` + `body`, where `body` is UTF-8 whatever the file's own encoding."""

    bom: bytes
    encoding: str
    body: bytes
    line_starts: list[int]

    @classmethod
    def decode(cls, data: bytes) -> Source:
        """Read a file's bytes; raises SourceError if they are not text in the declared encoding."""
        try:
            encoding = _encoding(data) if _may_declare(data) else "utf-8"
        except SyntaxError as error:
            raise SourceError(str(error)) from error
        bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        raw = data[len(bom) :]
        if encoding in ("utf-8", "utf-8-sig"):
            encoding = "utf-8"
            body = raw
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise SourceError(f"not UTF-8, and no encoding is declared: {error}") from error
        else:
            try:
                body = raw.decode(encoding).encode("utf-8")
            except (UnicodeError, LookupError) as error:
                raise SourceError(f"cannot be decoded as {encoding}: {error}") from error
        return cls(bom, encoding, body, line_starts(body))

    @classmethod
    def from_utf8(cls, body: bytes) -> Source:
        """A source whose body is UTF-8 already, whatever encoding it may declare."""
        return cls(b"", "utf-8", body, line_starts(body))

    def encode(self, body: bytes) -> bytes:
        """Give `body` back in the file's own encoding, byte order mark included."""
        if self.encoding == "utf-8":
            return self.bom + body
        return self.bom + body.decode("utf-8").encode(self.encoding)

    def round_trips(self, data: bytes) -> bool:
        """Whether decoding and encoding gives `data` back (some stateful encodings do not)."""
        try:
            return self.encode(self.body) == data
        except UnicodeError:
            return False

    def parse(self) -> ast.Module:
        """The syntax tree; raises SourceError with the parser's message."""
        return parse(self.body)

    def offset(self, line: int, column: int) -> int:
        """Byte offset in `body` of a position as `ast` gives it (line from 1, column from 0)."""
        return self.line_starts[line - 1] + column

    def line_of(self, offset: int) -> int:
        """The line (from 1) that holds the byte at `offset` of `body`."""
        return bisect.bisect_right(self.line_starts, offset)

    def line(self, number: int, edits: Iterable[Edit] = ()) -> str:
        """The text of a line (from 1) without the white space around it; after `edits` of it."""
        starts = self.line_starts
        start = starts[number - 1]
        end = starts[number] if number < len(starts) else len(self.body)
        inside = [Edit(e.start - start, e.end - start, e.after, e.rule) for e in edits]
        return apply_edits(self.body[start:end], inside).decode("utf-8").strip()

    def span(self, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
        """Offsets of the first byte of `node` and of the byte after its last."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return (
            self.offset(node.lineno, node.col_offset),
            self.offset(node.end_lineno, node.end_col_offset),
        )

    def newline(self) -> bytes:
        """The newline that inserted lines use: the first one of the file."""
        found = _LINE_END.search(self.body)
        return found.group() if found else b"\n"


def _may_declare(data: bytes) -> bool:
    """Whether the first two lines of a file may declare an encoding other than UTF-8."""
    end = data.find(b"\n", data.find(b"\n") + 1)
    head = data[:end] if end > 0 else data
    if b"coding" not in head:
        return False
    return any(name.lower() not in (b"utf-8", b"utf8") for name in _COOKIE.findall(head))


def _encoding(data: bytes) -> str:
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def line_starts(body: bytes) -> list[int]:
    """Offset of the first byte of every line, as the tokenizer counts lines."""
    # bytes.splitlines knows the same three line ends as the tokenizer; str.splitlines knows more.
    return list(itertools.accumulate(map(len, body.splitlines(keepends=True)), initial=0))


def parse(body: bytes) -> ast.Module:
    """Parse UTF-8 text without executing it; raises SourceError with the parser's message."""
    try:
        with warnings.catch_warnings():
            # Invalid escapes in the input are the input's business.
            warnings.simplefilter("ignore")
            return ast.parse(body.decode("utf-8"))
    except SyntaxError as error:
        raise SourceError(f"line {error.lineno}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"{type(error).__name__}: {error}") from error


def apply_edits(body: bytes, edits: Iterable[Edit]) -> bytes:
    """Apply edits that do not overlap; raises ValueError if two do."""
    pieces: list[bytes] = []
    position = 0
    for edit in sorted(edits, key=lambda item: (item.start, item.end)):
        if edit.start < position:
            raise ValueError(f"edits overlap at byte {edit.start}: {edit.rule}")
        pieces += (body[position : edit.start], edit.after)
        position = edit.end
    pieces.append(body[position:])
    return b"".join(pieces)


def normal_name(identifier: bytes) -> str:
    """An identifier as the parser sees it (NFKC)."""
    return unicodedata.normalize("NFKC", identifier.decode("utf-8"))


@functools.cache
def _whole(word: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\b%s\b" % re.escape(word))


def may_mention(data: bytes, words: Iterable[bytes]) -> bool:
    """Whether a file can mention one of `words` in code: decided without parsing it.

    Identifiers are compared by the parser after NFKC normalisation, so a file with bytes outside
    of ASCII is looked at once more in that form. An encoding other than UTF-8 may write a word in
    other bytes (UTF-7 does), so such a file may mention anything.
    """
    if any(word in data and _whole(word).search(data) for word in words):
        return True
    if _may_declare(data):
        return True
    if data.isascii():
        return False
    text = unicodedata.normalize("NFKC", data.decode("utf-8", "replace"))
    return any(word.decode("ascii") in text for word in words)
