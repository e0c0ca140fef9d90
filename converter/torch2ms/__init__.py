# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch2ms turns PyTorch source into MindSpore source, byte for byte except for what must change.

It needs the Python standard library alone: neither torch nor mindspore is imported to convert.

    import torch2ms

    result = torch2ms.convert("Megatron-LM", "out", exclude=["tests"])
    result.problems()                      # what the command would print to stderr
    torch2ms.check("megatron_core-0.12.1.tar.gz")
    text, one = torch2ms.convert_source("import torch\\n")

The functions are those of the command line; bad usage or input raises UsageError. Nothing is
imported before it is asked for. No submodule may have the name of one of these functions.
"""

from __future__ import annotations

# Type checkers take this name for true; importing `typing` would cost more than all the rest here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from torch2ms.apis import Api, api
    from torch2ms.commands import check, convert, convert_source, diff, launch
    from torch2ms.errors import UsageError
    from torch2ms.explanation import explain
    from torch2ms.python_file import FileResult
    from torch2ms.recipes import RecipeError
    from torch2ms.report import TreeResult

__version__ = "0.1.0"
__all__ = [
    "Api",
    "FileResult",
    "RecipeError",
    "TreeResult",
    "UsageError",
    "api",
    "check",
    "convert",
    "convert_source",
    "diff",
    "explain",
    "launch",
]
_HOMES = {
    "Api": "apis",
    "FileResult": "python_file",
    "RecipeError": "recipes",
    "TreeResult": "report",
    "UsageError": "errors",
    "api": "apis",
    "explain": "explanation",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    home = importlib.import_module(f"{__name__}.{_HOMES.get(name, 'commands')}")
    value: object = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
