# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Operators that are defined with torch.library are PyTorch's; the CPU stands in for others."""

import pytest

import against_torch
import mstorch


@pytest.mark.parametrize("name", against_torch.names("library"))
def test_a_program_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "library", name)


def test_what_is_for_ascend_alone_is_called_on_the_cpu_that_stands_in() -> None:
    library = mstorch.library.Library("mf_npu", "DEF")
    library.define("f(Tensor x) -> Tensor")
    library.impl("f", lambda x: x + 1, "PrivateUse1")
    assert mstorch.ops.mf_npu.f(mstorch.zeros(1)).item() == 1


def test_a_tensor_of_the_meta_device_is_not_given_to_what_computes() -> None:
    library = mstorch.library.Library("mf_meta", "DEF")
    library.define("f(Tensor x) -> Tensor")
    library.impl("f", lambda x: x + 1, "CPU")
    with pytest.raises(NotImplementedError, match="'Meta' backend"):
        mstorch.ops.mf_meta.f(mstorch.zeros(1, device="meta"))
    library.impl("f", lambda x: x, "Meta")
    assert mstorch.ops.mf_meta.f(mstorch.zeros(1, device="meta")).is_meta


def test_an_implementation_of_nothing_is_an_error() -> None:
    library = mstorch.library.Library("mf_nothing", "DEF")
    with pytest.raises(RuntimeError, match="no operator mf_nothing::f to implement"):
        library.impl("f", lambda x: x, "CPU")


@pytest.mark.parametrize("name", ["ops.aten", "library.custom_op", "library.register_fake"])
def test_what_is_not_there_names_itself(name: str) -> None:
    where, _, last = name.partition(".")
    with pytest.raises(NotImplementedError, match=f"torch.{name}"):
        getattr(getattr(mstorch, where), last)
