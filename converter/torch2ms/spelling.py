# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Where may a file spell a name? Statements that do not cannot bind it or refer to it.

Most statements of a file have nothing to do with torch. A name is bound and used by its spelling
alone, so one search over the bytes tells which lines may matter, and the walk over the syntax tree
skips every statement without such a line: the result is the same, and most of the walk is saved.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable

from torch2ms.source import Source


class Lines:
    """Some lines of a source: those that hold one of `offsets`."""

    def __init__(self, source: Source, offsets: Iterable[int]) -> None:
        starts = source.line_starts
        marks = bytearray(len(starts) + 1)
        for offset in offsets:
            marks[bisect.bisect_right(starts, offset)] = 1
        # How many of the lines there are up to each line.
        self._up_to = list(itertools.accumulate(marks))

    def within(self, first: int, last: int) -> bool:
        """Whether one of the lines `first` to `last` is among them."""
        return self._up_to[first - 1] < self._up_to[last]


def spelling(source: Source, words: Iterable[str]) -> Lines | None:
    """The lines that may spell one of `words`; None where the bytes do not tell."""
    patterns = [_pattern(word) for word in words]
    body = source.body
    if not body.isascii() and _hides(body, patterns):
        return None
    found: set[int] = set()
    for pattern in patterns:
        found.update([match.start() for match in pattern.finditer(body)])
    return Lines(source, found)


@functools.cache
def _pattern(word: str) -> re.Pattern[bytes]:
    # Without a boundary in front the search jumps from one first letter to the next.
    return re.compile(re.escape(word).encode("utf-8") + rb"\b")


def _hides(body: bytes, patterns: list[re.Pattern[bytes]]) -> bool:
    """Whether an identifier is one of the words to the parser (NFKC), but not as it is written."""
    text = body.decode("utf-8")
    if unicodedata.is_normalized("NFKC", text):
        return False
    normal = unicodedata.normalize("NFKC", text).encode("utf-8")
    return any(len(p.findall(normal)) != len(p.findall(body)) for p in patterns)
