# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Argument checks that the operators share."""

import numbers
from collections.abc import Sequence

import mindspore


def check_tensor(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is a MindSpore tensor."""
    if not isinstance(value, mindspore.Tensor):
        raise TypeError(
            f"msops.{operator}: {name} must be a mindspore.Tensor, got {_type_name(value)}"
        )


def check_tensors(operator: str, name: str, values: Sequence[object]) -> None:
    """Raise TypeError, naming the entry, unless all of `values` are MindSpore tensors."""
    for position, value in enumerate(values):
        check_tensor(operator, f"{name}[{position}]", value)


def check_number(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is a real number."""
    if not isinstance(value, numbers.Real):
        raise TypeError(f"msops.{operator}: {name} must be a number, got {_type_name(value)}")


def check_integer(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is an integer."""
    if not isinstance(value, numbers.Integral):
        raise TypeError(f"msops.{operator}: {name} must be an integer, got {_type_name(value)}")


def _type_name(value: object) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
