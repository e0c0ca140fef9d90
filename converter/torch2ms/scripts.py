# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One shell script: bytes in, bytes out, and a record of what was done and why."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from torch2ms import launch_table
from torch2ms.environment import variables
from torch2ms.findings import Finding
from torch2ms.launchers import MENTION, launches
from torch2ms.python_file import Change, FileResult
from torch2ms.shell import ShellError
from torch2ms.source import Edit, apply_edits


def convert(data: bytes, path: str) -> tuple[bytes, FileResult]:
    """Convert one script; one that is not shell is given back as it is, and reported."""
    digest = hashlib.sha256(data).hexdigest()
    result = FileResult(path, digest, digest, python=False)
    table = launch_table.load()
    if not table.words.search(data):
        return data, result
    try:
        done = launches(data, table)
        variables(data, table, done)
    except ShellError as error:
        result.findings = _unread(data, error)
        return data, result
    after = apply_edits(data, done.edits)
    result.sha256 = hashlib.sha256(after).hexdigest()
    result.changes = changes(data, after, done.edits)
    result.launches, result.launches_converted = done.found, done.converted
    told = {
        Finding(data.count(b"\n", 0, one.offset) + 1, one.kind, one.text, one.message)
        for one in done.told
    }
    result.findings = sorted(told)
    return after, result


def _unread(data: bytes, error: ShellError) -> list[Finding]:
    """Findings for a script that cannot be read, if it may launch anything."""
    line = data.count(b"\n", 0, error.offset) + 1
    return [
        Finding(number, "unconverted", found.group(), f"not read: line {line}: {error}")
        for number, text in enumerate(data.decode("latin-1").split("\n"), 1)
        if not text.lstrip().startswith("#") and (found := MENTION.search(text))
    ]


def changes(before: bytes, after: bytes, edits: Sequence[Edit]) -> list[Change]:
    """The lines that edits have changed; edits add no lines."""
    old, new = (data.decode("utf-8", "replace").split("\n") for data in (before, after))
    rules: dict[int, str] = {}
    for edit in sorted(edits, key=lambda one: one.start):
        rules.setdefault(before.count(b"\n", 0, edit.start), edit.rule)
    return [
        Change(index + 1, old[index].strip(), new[index].strip(), rule)
        for index, rule in sorted(rules.items())
    ]
