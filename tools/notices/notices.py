# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes THIRD_PARTY_NOTICES.md from the table of pins: `bazel run //tools:notices`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from third_party.fetch import pins
from third_party.fetch.cache import FetchError
from third_party.fetch.pins import Pin

NOTICES = Path("THIRD_PARTY_NOTICES.md")
TABLE = Path("third_party/upstreams.bzl")

_HEAD = """\
# Third-party notices

MindForge is licensed under Apache-2.0 (see LICENSE). What it fetches keeps its own licence. This
file is made from `third_party/upstreams.bzl` by `bazel run //tools:notices`; do not edit it.

Nothing below is part of this repository. A wheel that holds converted or compiled parts of one of
them says so in its provenance and its bill of materials, and carries its licence text. Python
distributions that are installed beside them are listed, with hashes, in the lock files under
`third_party/python`.

| component | version | licence (SPDX) | archive | sha256 or commit |
|---|---|---|---|---|
"""


def _row(pin: Pin) -> str:
    get = pin.fields.get
    cells = [
        get("name", pin.key),
        get("version", ""),
        get("licence", ""),
        get("file", get("kind", "")),
        f"`{digest}`" if (digest := get("sha256") or get("commit")) else "",
    ]
    return f"| {' | '.join(cells)} |\n"


def notices_text(table: Iterable[Pin]) -> str:
    """Returns the whole file; a row a pin, by name.

    Raises:
        FetchError: a pin states no licence.
    """
    rows = sorted(table, key=lambda pin: pin.fields.get("name", pin.key).lower())
    for pin in rows:
        if not pin.fields.get("licence"):
            raise FetchError(f"{TABLE}:{pin.line}: {pin.key} states no licence")
    return _HEAD + "".join(map(_row, rows))


def main() -> int:
    """Rewrites the file in the workspace that `bazel run` names."""
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if root is None:
        print("notices: start me with: bazel run //tools:notices", file=sys.stderr)
        return 2
    try:
        text = notices_text(pins.read_table(Path(root) / TABLE).values())
        partial = Path(root) / (NOTICES.name + ".partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, Path(root) / NOTICES)
    except (FetchError, OSError) as error:
        print(f"notices: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
