# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The converter's peer: libcst renames torch in the imports of every file of a tree.

Files that do not hold the word are skipped, as the converter skips them; nothing is written.
"""

import sys
from pathlib import Path

import libcst


class Rename(libcst.CSTTransformer):
    """`torch` at the head of an import becomes `mstorch`."""

    def leave_ImportAlias(self, original_node, updated_node):
        return updated_node.with_changes(name=_renamed(updated_node.name))

    def leave_ImportFrom(self, original_node, updated_node):
        if updated_node.module is None or updated_node.relative:
            return updated_node
        return updated_node.with_changes(module=_renamed(updated_node.module))


def _renamed(name):
    if isinstance(name, libcst.Attribute):
        return name.with_changes(value=_renamed(name.value))
    return libcst.Name("mstorch") if name.value == "torch" else name


def main(folder):
    """Rename in every file of a tree."""
    for path in sorted(Path(folder).rglob("*.py")):
        data = path.read_bytes()
        if b"torch" in data:
            try:
                module = libcst.parse_module(data)
            except libcst.ParserSyntaxError:
                continue
            len(module.visit(Rename()).bytes)


if __name__ == "__main__":
    main(sys.argv[1])
