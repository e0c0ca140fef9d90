# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the locked requirement files: one version, one hash and one file name a distribution.

    numpy==1.26.4 \\
        --hash=sha256:666d...  # numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl

That is pip's own format; the comment says which file of the release has the hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from third_party.fetch.cache import Artifact, FetchError

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;]+) \\\n"
    r"    --hash=sha256:(?P<sha256>[0-9a-f]{64})  # (?P<file>[^\s/]+\.whl)\n"
)


def entry(name: str, version: str, sha256: str, file: str) -> str:
    """One requirement as it stands in a lock."""
    return f"{name}=={version} \\\n    --hash=sha256:{sha256}  # {file}\n"


def read_lock(path: Path, origin: str) -> list[Artifact]:
    """The wheels of a lock, in its order; origin is the lock's path for messages.

    Raises:
      FetchError: a line that is neither a requirement of that form nor a comment; names it.
    """
    return list(_requirements(path.read_text(encoding="utf-8"), origin))


def _requirements(text: str, origin: str) -> Iterator[Artifact]:
    position, line = 0, 1
    while position < len(text):
        found = _REQUIREMENT.match(text, position)
        if found:
            yield Artifact(kind="pypi", origin=f"{origin}:{line}", **found.groupdict())
            end = found.end()
        else:
            end = text.find("\n", position) + 1 or len(text)
            content = text[position:end].strip()
            if content and not content.startswith("#"):
                raise FetchError(
                    f"{origin}:{line}: not a locked requirement: {content!r}. "
                    "Write locks with: bazel run //third_party/python:lock"
                )
        line += text.count("\n", position, end)
        position = end
