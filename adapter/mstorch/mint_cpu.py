# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Importing this makes `mindspore.mint` serve mstorch's tensors on the CPU.

Code converted with `--target native` calls functions of `mindspore.mint`, many of which have no
kernel for the CPU or an inexact one. This module puts a function in the place of each that mstorch
has a counterpart of (REPLACED lists them): where an argument is a tensor of mstorch the result is
mstorch's, and a tensor of mstorch; otherwise MindSpore's own function is called, as before.
Functions that make tensors of sizes and numbers (CREATION) give tensors of mstorch. Of the other
functions that native code calls (ADOPTED) MindSpore's own results become tensors of mstorch.

Names of arguments are those of MindSpore, and so may types be.
"""

import functools

import mindspore
import mindspore.mint.nn.functional
import mindspore.mint.special

from mstorch import _dtypes, _registry
from mstorch._adoption import adopt_all
from mstorch._tensor import MindSporeTensor, Tensor, adopt

_MINDSPORE_TYPES = {dtype.mindspore: dtype for dtype in _dtypes.ALL.values() if dtype.mindspore}

CREATION = frozenset(
    f"mindspore.mint.{name}"
    for name in ("arange", "empty", "eye", "full", "linspace", "ones", "zeros")
)

# Functions of MindSpore that native code calls and mstorch has no counterpart of.
ADOPTED = (
    "mindspore.mint.atanh",
    "mindspore.mint.erfc",
    "mindspore.ops.acos",
    "mindspore.ops.acosh",
    "mindspore.ops.asin",
    "mindspore.ops.asinh",
    "mindspore.ops.atan",
    "mindspore.ops.det",
    "mindspore.ops.exp2",
    "mindspore.ops.fliplr",
    "mindspore.ops.flipud",
    "mindspore.ops.frac",
    "mindspore.ops.i0",
    "mindspore.ops.inverse",
    "mindspore.ops.isneginf",
    "mindspore.ops.isposinf",
    "mindspore.ops.isreal",
    "mindspore.ops.lgamma",
    "mindspore.ops.logit",
)

# Counterparts beside those that the register names: for calls of native code.
_MORE = {
    "mindspore.mint.isnan": "torch.isnan",
    "mindspore.mint.isclose": "torch.isclose",
    "mindspore.ops.argwhere": "torch.argwhere",
    "mindspore.ops.is_complex": "torch.is_complex",
    "mindspore.ops.is_floating_point": "torch.is_floating_point",
    "mindspore.ops.log10": "torch.log10",
    "mindspore.ops.log2": "torch.log2",
    "mindspore.ops.numel": "torch.numel",
    "mindspore.mint.greater": "torch.gt",
    "mindspore.mint.greater_equal": "torch.ge",
    "mindspore.mint.less": "torch.lt",
    "mindspore.mint.less_equal": "torch.le",
    "mindspore.mint.not_equal": "torch.ne",
    "mindspore.mint.nn.functional.sigmoid": "torch.sigmoid",
    "mindspore.mint.nn.functional.tanh": "torch.tanh",
}


def _counterparts() -> dict[str, str]:
    """Function of MindSpore to operator of mstorch; the torch name of a function comes first."""
    found = dict(_MORE)
    for name, entry in _registry.OPERATORS.items():
        if entry.ascend and name.startswith("torch.") and entry.ascend.startswith("mindspore.mint"):
            found.setdefault(entry.ascend, name)
    return {ours: name for ours, name in found.items() if _owner(ours) is not None}


# Arguments that MindSpore calls otherwise.
_RENAMED = {"mindspore.mint.isnan": {"tensor": "input"}}


def _owner(name):
    """The module that holds a function of MindSpore, or None."""
    *path, last = name.split(".")[1:]
    module = mindspore
    for part in path:
        module = getattr(module, part, None)
    return module if hasattr(module, last) else None


def _holds_ours(value) -> bool:
    if isinstance(value, Tensor):
        return True
    return isinstance(value, (list, tuple)) and any(_holds_ours(item) for item in value)


def _types(value):
    """A type of MindSpore as mstorch's; anything else as it is."""
    try:
        return _MINDSPORE_TYPES.get(value, value)
    except TypeError:
        return value


def _serve(original, ours, always, renamed):
    @functools.wraps(original)
    def call(*args, **kwargs):
        operands = [*args, *kwargs.values()]
        if not always and not _holds_ours(operands):
            return original(*args, **kwargs)
        adopt_all(operands)
        kwargs = {renamed.get(name, name): _types(value) for name, value in kwargs.items()}
        return ours(*(_types(arg) for arg in args), **kwargs)

    return call


def _adopted(value):
    if isinstance(value, (list, tuple)):
        return type(value)(_adopted(item) for item in value)
    return adopt(value) if type(value) is MindSporeTensor else value


def _adopting(original):
    @functools.wraps(original)
    def call(*args, **kwargs):
        result = original(*args, **kwargs)
        return _adopted(result) if _holds_ours([*args, *kwargs.values()]) else result

    return call


def _install(name, make) -> None:
    owner, last = _owner(name), name.rpartition(".")[2]
    setattr(owner, last, make(getattr(owner, last)))


REPLACED = _counterparts()

for _name, _torch in REPLACED.items():
    _make = functools.partial(
        _serve,
        ours=_registry.OPERATORS[_torch].cpu,
        always=_name in CREATION,
        renamed=_RENAMED.get(_name, {}),
    )
    _install(_name, _make)
for _name in ADOPTED:
    _install(_name, _adopting)
