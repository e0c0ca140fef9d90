# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads hash-locked requirement files and cuts out what a set of wheels needs.

The lock files are those that uv and pip-tools write: one `name==version` a block, its `--hash=`
options on continuation lines, and `# via` comments that say who asked for it. The comments carry
the dependency graph, so a subset can be closed without asking an index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*([^;]*)(?:;(.*))?")


class LockError(ValueError):
    """A lock file cannot serve; the message names the package and the remedy."""


@dataclass(frozen=True)
class Locked:
    """One block of a lock file: the pin, its marker or '', its hashes, and who asked for it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    via: frozenset[str]

    def text(self) -> str:
        """Returns the block without comments."""
        head = f"{self.name}=={self.version}"
        if self.marker:
            head += f" ; {self.marker}"
        return " \\\n    ".join([head, *(f"--hash={h}" for h in self.hashes)]) + "\n"


def canonical(name: str) -> str:
    """Returns the name as the packaging standard compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _block(lines: list[str]) -> Locked:
    pins = [line for line in lines if not line.lstrip().startswith("#")]
    match = _PIN.match(pins[0])
    if match is None:
        raise LockError(f"lock file: {pins[0]!r} is not 'name==version'")
    marker = re.search(r";\s*([^\\]*)", pins[0])
    comments = [line.strip().lstrip("#").strip() for line in lines if line.lstrip().startswith("#")]
    via = " ".join(comments).removeprefix("via")
    askers = frozenset(canonical(word.strip()) for word in re.split(r"[\s,]+", via) if word)
    hashes = tuple(_HASH.findall("\n".join(pins)))
    if not hashes:
        raise LockError(f"lock file: {match[1]}=={match[2]} has no --hash")
    return Locked(
        name=canonical(match[1]),
        version=match[2],
        marker=marker[1].strip() if marker else "",
        hashes=hashes,
        via=askers,
    )


def parse_lock(text: str) -> dict[str, Locked]:
    """Returns the blocks of a lock file by canonical name.

    Raises:
        LockError: a line is not a pin, or a pin has no hash.
    """
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith(("#", "-")):
            continue
        if line[0].isspace():
            if not blocks:
                raise LockError(f"lock file: continuation line {line!r} before the first pin")
            blocks[-1].append(line)
        else:
            blocks.append([line])
    locked = [_block(lines) for lines in blocks]
    return {entry.name: entry for entry in locked}


def split_requirement(requirement: str) -> tuple[str, str, str]:
    """Splits 'name[extra] (specifier); marker' into canonical name, specifier, marker."""
    match = _REQUIREMENT.fullmatch(requirement.strip())
    if match is None:
        raise LockError(f"requirement {requirement!r} cannot be read")
    return canonical(match[1]), match[2].strip(" ()"), (match[3] or "").strip()


def subset(lock: Mapping[str, Locked], requirements: Iterable[str]) -> list[Locked]:
    """Returns the blocks that the requirements need, with all they need in turn, by name.

    Raises:
        LockError: a requirement is not in the lock, or is pinned to another version than there.
    """
    wanted: set[str] = set()
    for requirement in requirements:
        name, specifier, _ = split_requirement(requirement)
        entry = lock.get(name)
        if entry is None:
            raise LockError(f"{requirement!r} is not in the lock file; add it and lock again")
        if specifier.startswith("==") and specifier[2:].strip() != entry.version:
            raise LockError(f"{requirement!r} is wanted, but the lock file has {entry.version}")
        wanted.add(name)
    grown = True
    while grown:
        more = {name for name, entry in lock.items() if entry.via & wanted} - wanted
        wanted |= more
        grown = bool(more)
    return [lock[name] for name in sorted(wanted)]
