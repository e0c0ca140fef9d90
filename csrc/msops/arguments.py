# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Argument checks that the operators share."""

import mindspore


def check_tensor(operator: str, name: str, value: object) -> None:
    """Raise TypeError, naming the argument, unless `value` is a MindSpore tensor."""
    if not isinstance(value, mindspore.Tensor):
        kind = type(value)
        raise TypeError(
            f"msops.{operator}: {name} must be a mindspore.Tensor, got {kind.__module__}.{kind.__qualname__}"
        )
