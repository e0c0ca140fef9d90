# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Rewrites the sources of the workspace in its style: `bazel run //:format`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import source_tree
import style_tools
from style_tools import FORMATS, Toolbox


def format_tree(box: Toolbox) -> list[str]:
    """Runs every formatter and returns the complaints of those that could not finish."""
    files = source_tree.source_files(box.root)
    complaints = []
    for style in FORMATS:
        text = style_tools.run(style.fix(box), style.select(files), box.root)
        if text:
            complaints.append(f"{style.name}: {text}")
    return complaints


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: --python FILE --buildifier FILE; the workspace comes from `bazel run`."""
    parser = argparse.ArgumentParser(description="Format the sources of the workspace.")
    parser.add_argument(
        "--python", type=Path, required=True, help="Python that has ruff and clang-format"
    )
    parser.add_argument("--buildifier", type=Path, required=True)
    args = parser.parse_args(argv)
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if root is None:
        print("format: start me with: bazel run //:format", file=sys.stderr)
        return 2
    box = Toolbox(Path(root), args.python.absolute(), args.buildifier.absolute())
    complaints = format_tree(box)
    for complaint in complaints:
        print(f"format: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
