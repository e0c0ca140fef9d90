# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes what torch2ms knows of torch's API: `bazel run //tools/apis:refresh` asks the live torch.

converter/torch2ms/mapping/star_imports.txt   the names that a star import binds, by module
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_MAPPING = Path("converter/torch2ms/mapping")
COMMAND = "bazel run //tools/apis:refresh"
_HEAD = f"""\
# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
# Made by `{COMMAND}` from torch %s; do not edit.
"""


def tables(torch_python: str) -> dict[Path, str]:
    """Returns the text of each file that this program writes, by its path in the workspace.

    Raises:
        RuntimeError: torch_python does not import torch.
    """
    torch = _ask(torch_python, _HERE / "torch_names.py")
    head = _HEAD % torch["version"]
    return {_MAPPING / "star_imports.txt": head + _star_imports(torch["star"])}


def _ask(python: str, program: Path) -> Any:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([python, program], stdout=subprocess.PIPE, env=environment, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{program.name} failed under {python}: its message is above")
    return json.loads(done.stdout)


def _star_imports(star: dict[str, list[str]]) -> str:
    lines = ["# A module, and below it the names that `from MODULE import *` binds."]
    for module, names in star.items():
        wrapped = textwrap.wrap(" ".join(names), 96, break_on_hyphens=False)
        lines += [module, *(f"  {line}" for line in wrapped)]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Rewrites the files in the workspace that `bazel run` names."""
    parser = argparse.ArgumentParser(description="Refresh torch2ms's tables of torch's API.")
    parser.add_argument("--torch-python", required=True, help="a Python that imports torch")
    options = parser.parse_args()
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if root is None:
        print(f"refresh: start me with: {COMMAND}", file=sys.stderr)
        return 2
    for path, text in tables(options.torch_python).items():
        partial = Path(root) / path.with_name(path.name + ".partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, Path(root) / path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
