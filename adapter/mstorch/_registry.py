# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The register of operators: which torch names exist, what serves them.

An operator is declared once:

    @operator("torch.mul", "Tensor.mul", ascend="mindspore.mint.mul")
    def mul(input, other): ...

The decorated function is the CPU implementation; `ascend` names the MindSpore function that means
the same on Ascend, where mstorch does not run yet. `OPERATORS` is the list that documentation and
tests count.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Operator:
    """One torch name, and what serves it."""

    name: str
    cpu: Callable
    ascend: str | None


OPERATORS: dict[str, Operator] = {}

# torch's parser of arguments takes NumPy's names too, but not for what is written in Python there.
_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}
_PARSED_BY_TORCH = frozenset(("torch", "Tensor", "torch.linalg", "torch.special"))
_WRITTEN_IN_PYTHON = frozenset(("norm", "split", "unflatten", "unique", "unique_consecutive"))


_BINARY = [
    "add",
    "sub",
    "mul",
    "truediv",
    "div",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
]
_BINARY_METHODS = frozenset(
    (
        *(f"Tensor.__{kind}{name}__" for name in _BINARY for kind in ("", "r", "i")),
        *(f"Tensor.__{name}__" for name in ["lt", "le", "gt", "ge", "eq", "ne"]),
    )
)


def _leaving_to_the_other(function: Callable) -> Callable:
    """A method of a binary operator; what it cannot take may know what to do: a list with `*`."""

    @functools.wraps(function)
    def call(self, other):
        try:
            return function(self, other)
        except TypeError:
            return NotImplemented
        except AttributeError as error:
            if error.name != "_a":  # what every tensor has
                raise
            return NotImplemented

    return call


# Functions whose results can be written into given tensors, by what may be given for `out=`: a
# tensor that can hold the result, one of exactly its type, or one that says which type to make.
_WRITTEN_IF_HELD = [
    "bitwise_left_shift",
    "bitwise_right_shift",
    "clamp_max",
    "clamp_min",
    "lerp",
    "normal",
]
_WRITTEN_EXACTLY = [
    *("argmax", "argmin", "argsort", "bernoulli", "bucketize", "expand_copy", "histc", "index_add"),
    *("index_copy", "kthvalue", "log_softmax", "median", "mode", "msort", "mv", "scatter"),
    *("scatter_add", "softmax", "sort", "std", "take", "take_along_dim", "topk", "var"),
    "view_copy",
]
_MADE_FOR = [
    *("arange", "empty", "eye", "full", "linspace", "ones", "rand", "randint", "randn"),
    *("randperm", "zeros"),
]


def _writing_out(function: Callable, last: str) -> Callable:
    """A function of the torch module, called `last`, that serves `out=` too."""
    from mstorch._ops._operands import write_out

    @functools.wraps(function)
    def call(*args, out=None, **kwargs):
        if out is None:
            return function(*args, **kwargs)
        if last in _MADE_FOR and kwargs.setdefault("dtype", out.dtype) is not out.dtype:
            raise RuntimeError(
                f"dtype {kwargs['dtype']} does not match dtype of out parameter ({out.dtype})"
            )
        return write_out(out, function(*args, **kwargs), exact=last in _WRITTEN_EXACTLY)

    return call


def _as_called(name: str, function: Callable) -> Callable:
    """What serves a torch name: the function itself, unless torch's own calls differ from it."""
    if name in _BINARY_METHODS:
        return _leaving_to_the_other(function)
    parent, _, last = name.rpartition(".")
    if parent == "torch" and last in (*_WRITTEN_IF_HELD, *_WRITTEN_EXACTLY, *_MADE_FOR):
        function = _writing_out(function, last)
    if parent not in _PARSED_BY_TORCH or last in _WRITTEN_IN_PYTHON:
        return function
    parameters = inspect.signature(function).parameters
    names = {
        theirs: ours
        for theirs, ours in _NUMPY_NAMES.items()
        if ours in parameters and theirs not in parameters
    }
    if not names:
        return function

    @functools.wraps(function)
    def call(*args, **kwargs):
        if kwargs:
            for theirs, ours in names.items():
                if theirs in kwargs and ours not in kwargs:
                    kwargs[ours] = kwargs.pop(theirs)
        return function(*args, **kwargs)

    return call


def operator(*names: str, ascend: str | None = None):
    """Register the decorated function under each of the full torch names."""

    def register(function: Callable) -> Callable:
        for name in names:
            if name in OPERATORS:
                raise ValueError(f"{name} is registered twice")
            OPERATORS[name] = Operator(name, _as_called(name, function), ascend)
        return function

    return register


def registered(prefix: str) -> dict[str, Callable]:
    """All operators directly under a torch name, such as `torch` or `Tensor`, by last name."""
    found = {}
    for name, entry in OPERATORS.items():
        parent, _, last = name.rpartition(".")
        if parent == prefix:
            found[last] = entry.cpu
    return found
