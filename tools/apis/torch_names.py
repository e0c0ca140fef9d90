# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What torch's public API is, asked of the live torch: one JSON object on standard output.

Runs under PyTorch's Python, with torch alone. Standard input names further APIs to look up, one a
line. The object holds

    version  torch's
    star     module -> the names that `from module import *` binds there
    apis     dotted name -> kind: module, class, function, method, property or value; absent for one
             of the further APIs that this torch does not have
                            takes: the names of its arguments, or null
                            tuple: whether it returns a named tuple

namespaces.txt says where to look. The public names of a module are `__all__`; in a module without
one, what is defined in it or below, or comes from torch's C++ core.
"""

import importlib
import inspect
import json
import operator
import os
import sys
import types
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import arguments

_NAMESPACES = Path(__file__).with_name("namespaces.txt")
# The types of the values that torch does not list in __all__.
_VALUES = ("dtype", "layout", "memory_format", "qscheme")
# What built-in functions call; what operators call is in the module of that name.
_CONVERSIONS = {"__bool__", "__complex__", "__float__", "__int__", "__iter__", "__len__"}


def main() -> None:
    """Answer for the torch of this Python."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warnings.simplefilter("ignore")
    import torch

    # In their order: a module without __all__ binds the submodules that were imported before.
    star = {name: sorted(star_names(name)) for name in namespaces("star")}
    kinds = dict(public_apis())
    for name in (*namespaces("one"), *sys.stdin.read().split()):
        if name not in kinds:
            kinds[name] = kind_of(name)
    apis = {name: _described(name, kinds[name]) for name in sorted(kinds)}
    version = torch.__version__.partition("+")[0]
    json.dump({"version": version, "star": star, "apis": apis}, answers)
    answers.close()


def namespaces(word: str) -> list[str]:
    """The rows of namespaces.txt that carry a word."""
    rows = [line.split() for line in _NAMESPACES.read_text(encoding="utf-8").splitlines()]
    return [row[0] for row in rows if row and row[0] != "#" and word in row[1:]]


def star_names(module: str) -> set[str]:
    """What `from module import *` binds, by doing it."""
    importlib.import_module(module)
    bound: dict[str, object] = {}
    exec(f"from {module} import *", bound)
    return bound.keys() - {"__builtins__"}


def public_apis() -> Iterator[tuple[str, str]]:
    """Every documented API and its kind."""
    for name in namespaces("api"):
        module = importlib.import_module(name)
        yield name, "module"
        for last in public_names(module):
            if hasattr(module, last) and not isinstance(getattr(module, last), types.ModuleType):
                yield f"{name}.{last}", _kind(getattr(module, last))
    for name in namespaces("members"):
        cls = find(name)
        for last in _members(cls):
            yield f"{name}.{last}", _member_kind(cls, last)


def public_names(module: types.ModuleType) -> Iterable[str]:
    """The public names of a module, some of which may be modules or absent."""
    listed = getattr(module, "__all__", None)
    names = dir(module) if listed is None or module.__name__ == "torch" else listed
    for name in names:
        value = getattr(module, name, None)
        if (
            name.startswith("_")
            or _is_compiler_part(module, value)
            or _is_of_torch_itself(module, value)
        ):
            continue
        if name in (listed or ()) or _is_defined_in(module, value):
            yield name


def _is_compiler_part(module: types.ModuleType, value: object) -> bool:
    """Whether it is a class of the TorchScript compiler or a value of one, which torch lists."""
    kinds = type(value), type(type(value))
    return module.__name__ == "torch" and "pybind11_type" in (kind.__name__ for kind in kinds)


def _is_of_torch_itself(module: types.ModuleType, value: object) -> bool:
    """Whether it is a class of torch itself that another module lists as well: torch.fft.Tensor."""
    return isinstance(value, type) and value.__module__ == "torch" != module.__name__


def _is_defined_in(module: types.ModuleType, value: object) -> bool:
    if type(value).__module__ == "torch" and type(value).__name__ in _VALUES:
        return True
    where = getattr(value, "__module__", None) or ""
    if isinstance(value, types.BuiltinFunctionType):
        return where == "torch" or where.startswith("torch._C._")
    if not isinstance(value, type | types.FunctionType):
        return False
    return (where + ".").startswith((module.__name__ + ".", "torch._C."))


def _kind(value: object) -> str:
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, type):
        return "class"
    return "function" if callable(value) else "value"


def _members(cls: type) -> Iterable[str]:
    """The public members, and the operators that are not Python's own of every object."""
    for name in dir(cls):
        own = getattr(cls, name, None) is not getattr(object, name, None)
        if not name.startswith("_") or (own and _is_operator(name)):
            yield name


def _is_operator(name: str) -> bool:
    """Whether Python's syntax calls a method: __add__, and __radd__ and __iadd__ with it."""
    plain = "__" + name[3:]
    return name in _CONVERSIONS or any(callable(vars(operator).get(n)) for n in (name, plain))


def _member_kind(cls: type, name: str) -> str:
    member = inspect.getattr_static(cls, name)
    if isinstance(member, classmethod | staticmethod) or callable(member):
        return "method"
    return "property" if hasattr(member, "__get__") else "value"


def find(name: str) -> object:
    """The object of a dotted name. Raises AttributeError where there is none."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise AttributeError(name)


def _takes(name: str) -> list[str] | None:
    """The arguments of an API that its stub and its docstring agree on, or one of them tells of."""
    import stubs

    shown, typed = arguments.names(find(name)), stubs.arguments(name)
    if shown is None or typed is None:
        return arguments.public(typed) if shown is None else shown
    return [argument for argument in shown if argument in typed]


def _described(name: str, kind: str) -> dict[str, object]:
    import stubs

    takes = None
    if kind in ("class", "function", "method"):
        takes = _takes(name)
    return {"kind": kind, "takes": takes, "tuple": stubs.returns_named_tuple(name)}


def kind_of(name: str) -> str:
    """The kind of any API."""
    try:
        value, owner = find(name), find(name.rpartition(".")[0])
    except AttributeError:
        return "absent"
    return _member_kind(owner, name.rpartition(".")[2]) if isinstance(owner, type) else _kind(value)


if __name__ == "__main__":
    main()
