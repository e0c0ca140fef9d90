# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The register of operators: which torch names exist, what serves them on each device.

An operator is declared once:

    @operator("torch.mul", "Tensor.mul", ascend="mindspore.mint.mul")
    def mul(input, other): ...

The decorated function is the CPU implementation; `ascend` names the MindSpore function that means
the same on Ascend. The choice is made when the package is imported, and `OPERATORS` is the list
that documentation and tests count.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from mstorch import _engine
from mstorch._errors import missing


@dataclass(frozen=True)
class Operator:
    """One torch name, and what serves it."""

    name: str
    cpu: Callable
    ascend: str | None


OPERATORS: dict[str, Operator] = {}


def operator(*names: str, ascend: str | None = None):
    """Register the decorated function under each of the full torch names."""

    def register(function: Callable) -> Callable:
        for name in names:
            if name in OPERATORS:
                raise ValueError(f"{name} is registered twice")
            OPERATORS[name] = Operator(name, function, ascend)
        return function

    return register


def _on_ascend(entry: Operator) -> Callable:
    if entry.ascend is None:

        def refuse(*args, **kwargs):
            raise missing(entry.name, "no Ascend implementation is registered")

        return refuse
    module, _, attribute = entry.ascend.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def implementation(entry: Operator) -> Callable:
    """The function that serves an operator on the device of this process."""
    return entry.cpu if _engine.DEVICE == "CPU" else _on_ascend(entry)


def registered(prefix: str) -> dict[str, Callable]:
    """Implementations of all operators directly under a torch name, such as `torch` or `Tensor`, by
    their last name.
    """
    found = {}
    for name, entry in OPERATORS.items():
        parent, _, last = name.rpartition(".")
        if parent == prefix:
            found[last] = implementation(entry)
    return found
