# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Argument checks that the operators share."""

import numbers
from collections.abc import Collection, Sequence

import mindspore


def check_tensor(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is a MindSpore tensor."""
    if not isinstance(value, mindspore.Tensor):
        raise TypeError(
            f"msops.{operator}: {name} must be a mindspore.Tensor, got {_type_name(value)}"
        )


def check_tensors(operator: str, name: str, values: Sequence[object]) -> None:
    """Raise TypeError, naming the entry, unless `values` is a list or tuple of tensors."""
    if not isinstance(values, Sequence):
        raise TypeError(
            f"msops.{operator}: {name} must be a list or tuple of tensors, got {_type_name(values)}"
        )
    for position, value in enumerate(values):
        check_tensor(operator, f"{name}[{position}]", value)


def check_number(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is a real number."""
    if not isinstance(value, numbers.Real):
        raise TypeError(f"msops.{operator}: {name} must be a number, got {_type_name(value)}")


_INT64 = range(-(2**63), 2**63)


def check_integer(operator: str, name: str, value: object) -> None:
    """Raise, naming the argument, TypeError unless `value` is an integer, ValueError unless it has
    64 bits at most.
    """
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(f"msops.{operator}: {name} must be an integer, got {_type_name(value)}")
    if int(value) not in _INT64:
        raise ValueError(f"msops.{operator}: {name} must fit 64 bits, got {value}")


def check_flag(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"msops.{operator}: {name} must be True or False, got {_type_name(value)}")


def check_choice(operator: str, name: str, value: object, choices: Collection[str]) -> None:
    """Raise ValueError, naming the argument, unless `value` is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        words = " or ".join(map(repr, choices))
        raise ValueError(f"msops.{operator}: {name} must be {words}, got {value!r}")


def _type_name(value: object) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
