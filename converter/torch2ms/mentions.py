# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Files that run or name torch and that only their reader understands: told, never changed.

Configurations name classes (`_target_: torch.optim.Adam`), continuous integration and images start
torchrun and install torch, notebooks hold code. What a value is for is not known here.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from torch2ms import plan
from torch2ms.findings import Finding

_SUFFIXES = frozenset({".yaml", ".yml", ".toml", ".mk", ".dockerfile"})
_NAME = re.compile(r"(?:docker|container|make)file(?:[.-].*)?", re.IGNORECASE)
_NOTEBOOK = ".ipynb"

_COMMENT = re.compile(r"(?:^|\s)#.*")
_KINDS = (
    (
        re.compile(r"(?<![\w./-])(?:torchrun|torch\.distributed\.(?:run|launch))(?![\w.-])"),
        "starts torch's launcher; only shell scripts are converted, this stays",
    ),
    (
        re.compile(r"(?<![\w./-])torch(?:\.[A-Za-z_]\w*)+"),
        "names a module of torch; what for is not known, it stays",
    ),
    (
        re.compile(
            r"(?<![\w./-])torch\s*[=~<>!]=?=?\s*\d[\w.*+]*|\bpip3? install\b.*?\s(torch)(?![\w.-])"
            r"|^\s*-\s*[\"']?(torch)[\"']?\s*$"
        ),
        "asks for torch; the converted code needs mstorch, this stays",
    ),
)
_CODE = re.compile(r"\"\s*(?:import|from)\s+torch\b")


def mentions(data: bytes, path: str) -> list[Finding]:
    """What a file says about torch, line by line; nothing for a file of another kind."""
    if b"torch" not in data:
        return []
    one = PurePosixPath(path)
    lines = data.decode("utf-8", "replace").splitlines()
    if one.suffix == _NOTEBOOK:
        message = "source code in a notebook is kept as it is"
        return [
            Finding(number, "code", found[0].strip('" '), message)
            for number, line in enumerate(lines, 1)
            if (found := _CODE.search(line))
        ]
    known = one.suffix.lower() in _SUFFIXES or _NAME.fullmatch(one.name) is not None
    if not known or plan.holds_dependencies(path):
        return []
    return [finding for number, line in enumerate(lines, 1) for finding in _line(number, line)]


def _line(number: int, line: str) -> list[Finding]:
    text = _COMMENT.sub("", line)
    for pattern, message in _KINDS:
        found = pattern.search(text)
        if found:
            named = next((group for group in found.groups() if group), found[0])
            return [Finding(number, "name", named, message)]
    return []
