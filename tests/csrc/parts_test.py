# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of msops give what its recorded operators give, results and gradients, to the bit."""

from collections.abc import Callable

import mindspore
import numpy as np
import pytest

import imperative
import msops

Tensors = tuple[mindspore.Tensor, ...]


def normal(seed: int, *shape: int, dtype: mindspore.dtype = mindspore.float32) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(seed).standard_normal(shape), dtype)


def recorded(
    function: Callable[..., object], inputs: Tensors, *gradients: mindspore.Tensor
) -> list:
    """The gradients of the inputs."""
    with imperative.recording():
        results = function(*inputs)
        results = results if isinstance(results, tuple) else (results,)
        imperative.backward_all(results, gradients)
    return [tensor._grad for tensor in inputs]


def assert_equal(found: object, expected: object) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(imperative.values(one), imperative.values(other))


@pytest.mark.parametrize("dtype", [mindspore.float32, mindspore.bfloat16])
@pytest.mark.parametrize(("bias", "scale"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_the_gradients_of_swiglu(dtype: mindspore.dtype, bias: int, scale: int) -> None:
    x, dy = normal(1, 5, 3, 14, dtype=dtype), normal(2, 5, 3, 7, dtype=dtype)
    others = [
        normal(3, 14, dtype=dtype) if bias else None,
        normal(4, 5, 3, 1) if scale else None,
    ]
    given = tuple(tensor for tensor in others if tensor is not None)

    def swiglu(x: mindspore.Tensor, *rest: mindspore.Tensor) -> mindspore.Tensor:
        left = iter(rest)
        return msops.swiglu(x, *(None if tensor is None else next(left) for tensor in others))

    expected = recorded(swiglu, (x, *given), dy)
    found = msops.parts.swiglu_grad(dy, x, *others)
    assert [part is None for part in found] == [False, not bias, not scale]
    assert_equal([part for part in found if part is not None], expected)


@pytest.mark.parametrize("layout", ["half", "interleaved", "interleaved_half"])
def test_the_gradients_of_rotary_position_embedding(layout: str) -> None:
    x, dy = normal(1, 4, 3, 10), normal(2, 4, 3, 10)
    cos, sin = normal(3, 4, 1, 6), normal(4, 4, 1, 6)
    options = (layout, 3)
    expected = recorded(
        lambda *inputs: msops.rotary_position_embedding(*inputs, *options), (x, cos, sin), dy
    )
    by_x = msops.parts.rotary_position_embedding_grad(dy, cos, sin, *options)
    tables = msops.parts.rotary_position_embedding_table_grad(dy, x, cos, sin, *options)
    assert_equal([by_x, *tables], expected)


def test_add_rms_norm_and_what_its_gradient_needs() -> None:
    x, residual, weight = normal(1, 5, 8), normal(2, 5, 8), normal(3, 8)
    y, total, scale = msops.parts.add_rms_norm(x, residual, weight, 1e-5)
    assert_equal([y, total], msops.add_rms_norm(x, residual, weight, 1e-5))
    assert_equal(
        msops.parts.rms_norm(total, weight, 1e-5),
        [y, scale],
    )


@pytest.mark.parametrize("causal", [False, True])
def test_the_largest_scores_of_attention(causal: bool) -> None:
    query, key, value = normal(1, 2, 4, 70, 8), normal(2, 2, 2, 300, 8), normal(3, 2, 2, 300, 5)
    output, log_sum, maximum = msops.parts.fusion_attention(
        query, key, value, scale=0.3, causal=causal
    )
    assert_equal(
        [output, log_sum],
        msops.fusion_attention(query, key, value, scale=0.3, causal=causal, log_sum_exp=True),
    )
    q, k = (imperative.values(tensor) for tensor in (query, key))
    scores = 0.3 * q @ np.repeat(k, 2, 1).swapaxes(-1, -2)
    if causal:
        scores = np.where(np.tri(70, 300, dtype=bool), scores, -np.inf)
    np.testing.assert_allclose(imperative.values(maximum), scores.max(-1), rtol=1e-5, atol=1e-6)


def test_packed_queries_have_their_largest_scores_and_none_without_keys() -> None:
    query, key = normal(1, 6, 2, 4), normal(2, 3, 2, 4)
    *_, maximum = msops.parts.fusion_attention(
        query, key, key, actual_seq_qlen=[2, 6], actual_seq_kvlen=[3, 3]
    )
    q, k = (imperative.values(tensor) for tensor in (query, key))
    expected = np.einsum("ihd,jhd->ihj", q[:2], k).max(-1) / 2
    np.testing.assert_allclose(imperative.values(maximum)[:2], expected, rtol=1e-5, atol=1e-6)
    assert np.isneginf(imperative.values(maximum)[2:]).all()


REFUSED = {
    "swiglu_grad": (lambda x: msops.parts.swiglu_grad(x, x), "dy must have the shape"),
    "rotary_position_embedding_grad": (
        lambda x: msops.parts.rotary_position_embedding_grad(x, x, x, "quarter"),
        "layout must be",
    ),
    "rotary_position_embedding_table_grad": (
        lambda x: msops.parts.rotary_position_embedding_table_grad(x[:1], x, x, x),
        "dy",
    ),
    "add_rms_norm": (lambda x: msops.parts.add_rms_norm(x, x[:1], x[0], 1e-5), "residual"),
    "fusion_attention": (lambda x: msops.parts.fusion_attention(x, x, x), "query"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arguments_that_do_not_fit_are_refused_by_name(name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call(normal(1, 4, 8))
