# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What is told about a file beside its edits: findings, and the numbers of references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Finding(NamedTuple):
    """Something that a person should know about one line.

    kind: `left` (an import of a package that stays as it is), `unconverted` (a reference to torch
    that could not be rewritten), `uncertain` (a name that is torch's on some ways only), `dynamic`
    (an attribute of torch looked up by a computed name: the adapter answers at run time), `adapter`
    (a call that could be MindSpore's stays on the adapter, and why), `code`
    (source code in a string: kept), `name` (a string that names a module of torch where only the
    running program can tell what for: kept), `dropped` (an option of a launcher that has no place
    in msrun), `environment` (a variable of the environment without effect on MindSpore), `local`
    (the tree has a module of that name, so it is not torch's).
    """

    line: int
    kind: str
    text: str
    message: str


@dataclass
class Counts:
    """References to torch: found in code, resolved to one torch path, converted.

    `native` counts those of the converted ones that became MindSpore's own.
    """

    found: int = 0
    resolved: int = 0
    converted: int = 0
    native: int = 0
