# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The report of --report FILE.html: one page with all that it needs inside of it.

page.html   the frame, with a place for each of the other parts
page.css    how it looks
page.js     what it does: it makes all content from the data, and never from text taken for HTML
texts.toml  what it says about numbers, statuses, findings and rules

The page states a policy under which a browser fetches nothing and runs nothing but this script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import string
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

from torch2ms import __version__
from torch2ms.python_file import FileResult
from torch2ms.report import (
    STRICT_FAILURES,
    TreeResult,
    left_packages,
    numbers,
    recipe_entries,
)

if TYPE_CHECKING:
    from torch2ms.importing import Import

_NOT_SHOWN_AS_IS = re.compile(
    r"[\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def page(result: TreeResult) -> bytes:
    """The page of a conversion. It depends on the result alone: no times, no absolute paths."""
    style, script = _read("page.css"), _read("page.js")
    frame = string.Template(_read("page.html"))
    return frame.substitute(
        policy=_policy(style, script), style=style, script=script, data=_embedded(data(result))
    ).encode("utf-8")


def data(result: TreeResult) -> dict[str, object]:
    """What the page shows, in the form in which its script reads it.

    A text that may occur often is a number: its place in `strings`. `files` are rows of path,
    status, why it has that status, why it does not import, [found, resolved, converted], edits and
    findings; edits are (line, rule, before, after) one behind the other in one list, findings
    (line, kind, text, message).
    """
    strings = _Strings()
    imports = result.imports or {}
    files = [_row(file, imports.get(file.path), strings) for file in result.files]
    files += [
        [visible(skipped.path), "skipped", skipped.reason, None, [0, 0, 0], [], []]
        for skipped in result.skipped
    ]
    recipes = [{**entry, "file": visible(str(entry["file"]))} for entry in recipe_entries(result)]
    return {
        "version": __version__,
        "target": result.target,
        "upstream": result.upstream,
        "texts": tomllib.loads(_read("texts.toml")),
        "numbers": numbers(result),
        "left": left_packages(result),
        "recipes": recipes,
        "strings": strings.texts,
        "files": files,
    }


def status(file: FileResult) -> str:
    """What became of a file, in one word of texts.toml."""
    if file.unparsable is not None:
        return "unparsable"
    if file.does_not_compile or any(f.kind in STRICT_FAILURES for f in file.findings):
        return "attention"
    return "converted" if file.changed else "unchanged"


def visible(path: str) -> str:
    """A file name as text: bytes that are no UTF-8, and what a reader cannot see, as escapes.

    Two names never give the same text: a backslash is written twice.
    """
    return _NOT_SHOWN_AS_IS.sub(_escape, path)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\\":
        return r"\\"
    if 0xDC80 <= code <= 0xDCFF:
        return rf"\x{code - 0xDC00:02x}"
    return rf"\u{code:04x}"


class _Strings:
    """Texts that are written once and then named by their place."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        place = self._places.setdefault(text, len(self.texts))
        if place == len(self.texts):
            self.texts.append(text)
        return place


def _row(file: FileResult, imported: Import | None, strings: _Strings) -> list[object]:
    counts = file.counts
    edits: list[int] = []
    for change in file.changes:
        edits += [change.line, *map(strings.place, (change.rule, change.before, change.after))]
    findings: list[int] = []
    for finding in file.findings:
        told = (finding.kind, finding.text, finding.message)
        findings += [finding.line, *map(strings.place, told)]
    return [
        visible(file.path),
        status(file),
        file.unparsable or file.does_not_compile,
        imported.reason if imported else None,
        [counts.found, counts.resolved, counts.converted, counts.native],
        edits,
        findings,
    ]


def _policy(style: str, script: str) -> str:
    """Content-Security-Policy: the two inline parts by their hashes, and nothing else at all."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _embedded(value: object) -> str:
    """JSON that no text in it can end: the element's end tag begins with a `<`."""
    return json.dumps(value, separators=(",", ":")).replace("<", r"\u003c")


def _read(name: str) -> str:
    return (resources.files(__name__) / name).read_text(encoding="utf-8")
