# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Which of torch's APIs mstorch serves, asked of the live mstorch.

Runs under MindSpore's Python. Standard input names APIs by their torch names, one a line. The
answer is one JSON object on standard output: name -> the names of its arguments or null, and how
it is served:

    yes             it is there
    yes: LIMIT      so it is, and there is something to know
    named           it can be imported, compared and subclassed; calling or creating one is an error
    named: REASON   so it is, and why
    no              there is no such name

Where it is not there, `reason` says why, if that is known. With a registered operator goes what
computes it on the CPU and MindSpore's function for Ascend.
"""

import ast
import functools
import importlib
import inspect
import json
import os
import sys
import textwrap
import types

import mindspore

import arguments
import mstorch
from mstorch._absent import reason_for
from mstorch._errors import absent_because
from mstorch._registry import OPERATORS

_NOTHING = object()
# Classes whose attributes are set when one is made.
_SAMPLES = {
    "torch.Generator": mstorch.Generator(),
    "torch.device": mstorch.device("cpu"),
    "torch.dtype": mstorch.float32,
    "torch.finfo": mstorch.finfo(mstorch.float32),
    "torch.iinfo": mstorch.iinfo(mstorch.int32),
}


def main() -> None:
    """Answer for the mstorch of this Python."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    names = sys.stdin.read().split()
    answer = {
        name: {
            "served": served(name),
            "reason": reason_for(name),
            "takes": _takes(name),
            **_paths(name),
        }
        for name in names
    }
    json.dump(answer, answers)
    answers.close()


def _paths(name: str) -> dict[str, str]:
    """What computes an operator on the CPU, and MindSpore's function for Ascend."""
    registered = name.removeprefix("torch.") if name.startswith("torch.Tensor.") else name
    entry = OPERATORS.get(registered)
    if entry is None:
        return {}
    function = inspect.unwrap(entry.cpu)
    by = "msops" if _names_msops(function) else "NumPy"
    module = function.__module__.removeprefix("mstorch.").replace(".", "/")
    return {"cpu": f"{by}, {module}.py", "ascend": entry.ascend or ""}


def _names_msops(function: object) -> bool:
    """Whether a function names msops, or one of its module that it calls does."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    near = (function.__globals__.get(name) for name in code.co_names)
    return "msops" in code.co_names or any(
        "msops" in called.__code__.co_names
        for called in near
        if inspect.isfunction(called) and called.__module__ == function.__module__
    )


def served(name: str) -> str:
    """How mstorch serves a torch name."""
    found = _find(name)
    if found is _NOTHING:
        return "no"
    if isinstance(found, mstorch.dtype) and found.numpy is None:
        return "yes: a type to name and compare with; no tensor of it can be made"
    reason = _absent_because(found)
    if reason is None:
        return "yes"
    return f"named: {reason}" if reason else "named"


def _takes(name: str) -> list[str] | None:
    found = _find(name)
    return arguments.names(found) if callable(found) else None


@functools.cache
def _find(name: str) -> object:
    """What a torch name is in mstorch; _NOTHING if absent, or a member of an absent class."""
    parent, _, last = name.rpartition(".")
    if not parent:
        return mstorch
    owner = _find(parent)
    if owner is _NOTHING or _absent_because(owner) is not None:
        return _NOTHING
    if inspect.ismodule(owner):
        return _of_module(owner, last)
    if isinstance(owner, type) and _is_of_mindspore(owner, last):
        return _NOTHING
    return getattr(_SAMPLES.get(parent, owner), last, _NOTHING)


def _of_module(module: types.ModuleType, name: str) -> object:
    found = getattr(module, name, _NOTHING)
    if found is not _NOTHING:
        return found
    path = f"{module.__name__}.{name}"
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        return _NOTHING


def _is_of_mindspore(cls: type, name: str) -> bool:
    """Whether a member of a tensor is not ours but MindSpore's, which means something else."""
    if not issubclass(cls, mindspore.Tensor):
        return False
    ours = cls.__mro__[: cls.__mro__.index(mindspore.Tensor)]
    return not any(name in vars(base) for base in (*ours, object))


def _absent_because(found: object) -> str | None:
    """Why using it raises NotImplementedError, as far as that is known; None if it does not."""
    if isinstance(found, property):
        found = found.fget
    if _only_raises_missing(found):
        return ""
    return absent_because(found)


def _only_raises_missing(function: object) -> bool:
    """Whether a function's whole body, its docstring apart, is `raise missing(...)`."""
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        return False
    if not function.__module__.startswith("mstorch"):
        return False
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    body = [node for node in tree.body[0].body if not isinstance(node, ast.Expr)]
    return len(body) == 1 and ast.unparse(body[0]).startswith("raise missing(")


if __name__ == "__main__":
    main()
