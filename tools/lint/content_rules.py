# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a source file of this workspace must and must not contain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_COPYRIGHT = "Copyright 2026 The MindForge Authors"
_SPDX = "SPDX-License-Identifier: Apache-2.0"
_HEADER_LINES = 4

# Files that carry comments; data whose format has none, and prose, are not listed.
_WITH_HEADER = re.compile(
    r"\.(py|pyi|bzl|bazel|BUILD|cc|cpp|h|hpp|sh|toml|html|css|js)$|(^|/)(WORKSPACE|BUILD|\.bazelrc|\.clang-format)$"
)


@dataclass(frozen=True)
class Forbidden:
    """A pattern that no source may hold, and why."""

    name: str
    pattern: re.Pattern[str]
    reason: str


FORBIDDEN = [
    Forbidden(
        "machine path",
        re.compile(r"(?<![\w.$}/-])/(?:home|root|work|Users|mnt/data)/[\w.]"),
        "paths of one machine do not exist on another",
    ),
    Forbidden(
        "registry address",
        re.compile(
            r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|npmjs\.com"
            r"|(?:deb|security|snapshot)\.debian\.org|download\.pytorch\.org|proxy\.golang\.org)\b"
        ),
        "archives are fetched by name and hash, from wherever the machine's client is set up for",
    ),
    Forbidden(
        "unfinished mark",
        re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"),
        "what is not done is an error that says so, or is not there",
    ),
    Forbidden(
        "conflict mark",
        re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE),
        "a merge was left half done",
    ),
]

# A pattern's own table and its tests have to spell what they look for.
_EXEMPT = {"tools/lint/content_rules.py", "tests/tools/content_rules_test.py"}


def missing_header(path: Path, text: str) -> bool:
    """Says whether a file that should start with copyright and licence does not."""
    if not _WITH_HEADER.search(path.as_posix()):
        return False
    if not text.strip() and path.name == "__init__.py":
        return False
    head = "\n".join(text.splitlines()[:_HEADER_LINES])
    return _COPYRIGHT not in head or _SPDX not in head


def offences(rule: Forbidden, path: Path, text: str) -> list[str]:
    """Returns 'path:line: match' for every place where the rule is broken."""
    if path.as_posix() in _EXEMPT:
        return []
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {found.group(0).strip()!r}"
        for found in rule.pattern.finditer(text)
    ]


def readable(root: Path, paths: Iterable[Path]) -> dict[Path, str]:
    """Returns the text files among the paths; binary ones are left out."""
    texts = {}
    for path in paths:
        data = (root / path).read_bytes()
        if b"\0" not in data:
            texts[path] = data.decode("utf-8", errors="replace")
    return texts
