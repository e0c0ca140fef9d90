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

from collections.abc import Callable
from dataclasses import dataclass


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


def registered(prefix: str) -> dict[str, Callable]:
    """All operators directly under a torch name, such as `torch` or `Tensor`, by last name."""
    found = {}
    for name, entry in OPERATORS.items():
        parent, _, last = name.rpartition(".")
        if parent == prefix:
            found[last] = entry.cpu
    return found
