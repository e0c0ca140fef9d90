# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The names that a star import of a module of torch binds: one JSON object on standard output.

Runs under PyTorch's Python, with torch alone. The object holds torch's version, and `star`: module
-> names.
"""

import importlib
import json
import os
import sys
import warnings
from pathlib import Path

_MODULES = Path(__file__).with_name("modules.txt")


def main() -> None:
    """Answer for the torch of this Python."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warnings.simplefilter("ignore")
    import torch

    # In their order: a module without __all__ binds the submodules that were imported before.
    star = {name: sorted(star_names(name)) for name in modules("star")}
    json.dump({"version": torch.__version__.partition("+")[0], "star": star}, answers)
    answers.close()


def modules(kind: str) -> list[str]:
    """The modules of modules.txt that carry the word `kind`."""
    rows = [line.split() for line in _MODULES.read_text(encoding="utf-8").splitlines()]
    return [row[0] for row in rows if row and row[0] != "#" and kind in row[1:]]


def star_names(module: str) -> set[str]:
    """What `from module import *` binds, by doing it."""
    importlib.import_module(module)
    bound: dict[str, object] = {}
    exec(f"from {module} import *", bound)
    return bound.keys() - {"__builtins__"}


if __name__ == "__main__":
    main()
