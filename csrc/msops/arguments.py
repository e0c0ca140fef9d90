# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Argument checks that the operators share."""

import numbers

import mindspore


def check_tensor(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is a MindSpore tensor."""
    if not isinstance(value, mindspore.Tensor):
        raise TypeError(
            f"msops.{operator}: {name} must be a mindspore.Tensor, got {_type_name(value)}"
        )


def check_number(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is a real number."""
    if not isinstance(value, numbers.Real):
        raise TypeError(f"msops.{operator}: {name} must be a number, got {_type_name(value)}")


def _type_name(value: object) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
