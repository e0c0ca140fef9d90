# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The register of operators is true: what it lists is torch's, and is there."""

import functools

import mindspore
import pytest

import against_torch
import mstorch
from mstorch._registry import OPERATORS, operator


def test_every_registered_name_is_a_name_of_torch(reference: against_torch.Reference) -> None:
    unknown = [name for name in OPERATORS if not reference.result("names", name)]
    assert unknown == []


def test_every_registered_name_is_served_by_its_implementation() -> None:
    for name, entry in OPERATORS.items():
        found = mstorch
        for part in name.removeprefix("torch.").split("."):
            found = getattr(found, part)
        assert found is entry.cpu, name


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="torch.mul is registered twice"):
        operator("torch.mul")(abs)


def test_every_counterpart_on_ascend_is_a_function_of_mindspore() -> None:
    for name, entry in OPERATORS.items():
        if entry.ascend is not None:
            path = entry.ascend.removeprefix("mindspore.").split(".")
            assert callable(functools.reduce(getattr, path, mindspore)), name
