# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Importing this makes MindSpore's functions serve mstorch's tensors on the CPU.

Code converted with `--target native` calls functions of `mindspore.mint` and `mindspore.ops` with
tensors of mstorch. Many of `mint` have no kernel for the CPU or an inexact one, and the results of
all are tensors of MindSpore, which have not torch's methods. This module puts a function in the
place of each that such code may call:

- REPLACED: where an argument is a tensor of mstorch, mstorch's operator of the same meaning is
  called instead, and its result is a tensor of mstorch. COMPOSED: the same, of several operators.
- ADOPTED: MindSpore computes, and its results become tensors of mstorch.

Where no argument is a tensor of mstorch, MindSpore's own function is called, as before. Functions
that make tensors of sizes and numbers (CREATION) give tensors of mstorch, except to MindSpore's own
modules. Arguments have MindSpore's names, order and defaults; types may be MindSpore's.
"""

import functools
import inspect
import sys

import mindspore
import mindspore.mint.nn.functional
import mindspore.mint.special

from mstorch import _dtypes, _engine, _registry
from mstorch._adoption import adopt_all
from mstorch._mint_composed import COMPOSED
from mstorch._mint_functions import ADOPTED, CREATION, RENAMED, SERVED
from mstorch._tensor import MindSporeTensor, Tensor, adopt, alias

_MINDSPORE_TYPES = {dtype.mindspore: dtype for dtype in _dtypes.ALL.values() if dtype.mindspore}


def _counterparts() -> dict[str, str]:
    """Function of MindSpore to operator of mstorch; the torch name of a function comes first."""
    found = dict(SERVED)
    for name, entry in _registry.OPERATORS.items():
        if entry.ascend and name.startswith("torch.") and entry.ascend.startswith("mindspore.mint"):
            found.setdefault(entry.ascend, name)
    return {ours: name for ours, name in found.items() if _owner(ours) is not None}


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


def _always() -> bool:
    """Whether the caller of a function that makes tensors is not MindSpore itself."""
    caller = sys._getframe(2).f_globals.get("__name__", "")
    return caller.partition(".")[0] != "mindspore"


def _never() -> bool:
    return False


def _positions(function) -> list[inspect.Parameter]:
    """The parameters that may be given by position."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return [parameter for parameter in parameters if parameter.kind in kinds]


def _order(original, ours, renamed) -> list[str] | None:
    """What MindSpore's positions are called in mstorch, or None where they are mstorch's too."""
    names = [renamed.get(parameter.name, parameter.name) for parameter in _positions(original)]
    shared = [parameter.name for parameter in _positions(ours)][: len(names)]
    taken = any(
        parameter.kind is inspect.Parameter.VAR_POSITIONAL
        for parameter in inspect.signature(ours).parameters.values()
    )
    return None if taken or shared == names else names


def _serve(original, ours, unasked, renamed):
    """mstorch's operator in front of MindSpore's function."""
    order = _order(original, ours, renamed)

    @functools.wraps(original)
    def call(*args, **kwargs):
        operands = [*args, *kwargs.values()]
        if not _holds_ours(operands) and not unasked():
            return original(*args, **kwargs)
        adopt_all(operands)
        kwargs = {renamed.get(name, name): _types(value) for name, value in kwargs.items()}
        args = [_types(arg) for arg in args]
        if order is not None:
            kwargs |= zip(order, args, strict=False)
            args = ()
        return ours(*args, **kwargs)

    return call


def _lend(value, lent) -> None:
    """Make tensors of mstorch plain ones, and note which class each had."""
    if isinstance(value, Tensor):
        lent.append((value, value.__class__))
        value.__class__ = MindSporeTensor
    elif isinstance(value, (list, tuple)):
        for item in value:
            _lend(item, lent)


def _adopted(value):
    """Results as tensors of mstorch. Those of integers have no history, as in torch."""
    if isinstance(value, (list, tuple)):
        return type(value)(_adopted(item) for item in value)
    if type(value) is not MindSporeTensor:
        return value
    tensor = adopt(value)
    if tensor.is_floating_point() or tensor.is_complex():
        return tensor
    return alias(tensor._a)


def _adopting(original, unasked):
    """MindSpore's function, which gets plain tensors for the length of the call."""

    @functools.wraps(original)
    def call(*args, **kwargs):
        lent = []
        _lend([*args, *kwargs.values()], lent)
        if not lent and not unasked():
            return original(*args, **kwargs)
        if _engine.is_recording():
            # Without it some kernels do not record; an operator that failed may have reset it.
            _engine.set_grad_flag(True)
        try:
            result = original(*args, **kwargs)
        finally:
            for tensor, kind in lent:
                tensor.__class__ = kind
        return _adopted(result)

    return call


def _install(name, make) -> None:
    owner, last = _owner(name), name.rpartition(".")[2]
    unasked = _always if name in CREATION else _never
    setattr(owner, last, make(getattr(owner, last), unasked=unasked))


REPLACED = _counterparts()

for _name, _torch in REPLACED.items():
    _ours = _registry.OPERATORS[_torch].cpu
    _install(_name, functools.partial(_serve, ours=_ours, renamed=RENAMED.get(_name, {})))
for _name, _ours in COMPOSED.items():
    _install(_name, functools.partial(_serve, ours=_ours, renamed={}))
for _name in ADOPTED:
    _install(_name, _adopting)
