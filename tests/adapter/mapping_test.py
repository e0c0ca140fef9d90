# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.vmap gives PyTorch's values, gradients and kinds of error."""

import pytest

import against_torch
import mstorch


@pytest.mark.parametrize("name", against_torch.names("mapping"))
def test_a_mapped_function_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "mapping", name)


def test_methods_of_ordinary_tensors_are_the_same_afterwards() -> None:
    before = dict(vars(mstorch.Tensor))
    with pytest.raises(ZeroDivisionError):
        mstorch.vmap(lambda x: 1 // 0)(mstorch.ones(2))
    mstorch.vmap(lambda x: x + 1)(mstorch.ones(2))
    assert dict(vars(mstorch.Tensor)) == before


def test_a_tensor_kept_from_an_earlier_call_is_no_element_of_this_one() -> None:
    kept = []
    mstorch.vmap(lambda x: kept.append(x) or x)(mstorch.arange(3))
    with pytest.raises(NotImplementedError, match=r"inside of torch\.vmap"):
        mstorch.vmap(lambda x: x + kept[0])(mstorch.arange(3)).numpy()


@pytest.mark.parametrize("option", [{"randomness": "same"}, {"chunk_size": 2}])
def test_an_option_that_is_not_there_names_itself(option: dict) -> None:
    with pytest.raises(NotImplementedError, match=next(iter(option))):
        mstorch.vmap(mstorch.exp, **option)


def test_elementwise_operators_see_the_whole_batch_at_once() -> None:
    calls = []

    def function(x):
        y = x + 1
        calls.append(y)
        return y

    assert mstorch.vmap(function)(mstorch.arange(1000)).tolist() == list(range(1, 1001))
    assert len(calls) == 1
