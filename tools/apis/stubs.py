# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The signatures of torch's C++ core, read from the type stubs that torch ships beside it."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import torch

_FOLDER = Path(torch.__file__).parent / "_C"
# A stub, the class in it or None, and the torch name of what holds its functions.
_STUBS = (
    ("_VariableFunctions.pyi", None, "torch"),
    ("__init__.pyi", "TensorBase", "torch.Tensor"),
    ("_nn.pyi", None, "torch.nn.functional"),
)


def arguments(name: str) -> set[str] | None:
    """The arguments of all forms of a function or method that can be named; None without a stub."""
    forms = _signatures().get(name)
    if not forms:
        return None
    return {argument.arg for form in forms for argument in (*form.args.args, *form.args.kwonlyargs)}


def returns_named_tuple(name: str) -> bool:
    """Whether some form of a function or method returns a tuple with names."""
    forms = _signatures().get(name, ())
    return any("return_types." in ast.unparse(form.returns) for form in forms if form.returns)


@functools.cache
def _signatures() -> dict[str, list[ast.FunctionDef]]:
    found: dict[str, list[ast.FunctionDef]] = {}
    for file, cls, parent in _STUBS:
        for form in _functions(_FOLDER / file, cls):
            found.setdefault(f"{parent}.{form.name}", []).append(form)
    return found


def _functions(file: Path, cls: str | None) -> Iterator[ast.FunctionDef]:
    body = ast.parse(file.read_text(encoding="utf-8")).body
    if cls is not None:
        body = next(n for n in body if isinstance(n, ast.ClassDef) and n.name == cls).body
    return (node for node in body if isinstance(node, ast.FunctionDef))
