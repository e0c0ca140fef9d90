# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.rms_norm against float64: values and gradients of every shape and dtype."""

import mindspore
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import imperative
import msops
import rms_norm_reference as reference
from norm_dtypes import DTYPES

EPS = 1e-5

# shape of x, shape of weight
SHAPES = [
    ((7,), (7,)),
    ((1, 1), (1,)),
    ((3, 1), (1,)),
    ((5, 7), (7,)),
    ((4, 1, 3, 9), (9,)),
    ((6, 3, 5), (3, 5)),
    ((2, 3, 4), (2, 3, 4)),
    ((64, 512), (512,)),
    ((3, 20011), (20011,)),
    ((4099, 3), (3,)),
]

EMPTY = [((0,), (0,)), ((0, 7), (7,)), ((3, 0), (0,)), ((2, 0, 5), (5,)), ((2, 3, 0), (3, 0))]


def normal(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.standard_normal(shape) for shape in shapes]


def assert_close(
    actual: mindspore.Tensor, expected: np.ndarray, tolerance: float, scale: float = 0.0
) -> None:
    assert tuple(actual.shape) == expected.shape
    scale = np.max(np.abs(expected), initial=scale)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


def check(x, weight, dy, x_tolerance, weight_tolerance) -> None:
    """Value and gradients of three tensors against float64 on the numbers that they hold."""
    x_values, weight_values, dy_values = map(imperative.values, (x, weight, dy))
    with imperative.recording():
        y = msops.rms_norm(x, weight, EPS)
        imperative.backward(y, dy)
    dx, dweight = reference.gradients(x_values, weight_values, dy_values, EPS)
    dx_scale = reference.input_gradient_scale(x_values, weight_values, dy_values, EPS)
    assert (y.dtype, x._grad.dtype, weight._grad.dtype) == (x.dtype, x.dtype, weight.dtype)
    assert_close(y, reference.forward(x_values, weight_values, EPS), x_tolerance)
    assert_close(x._grad, dx, x_tolerance, dx_scale)
    assert_close(weight._grad, dweight, weight_tolerance)


@pytest.mark.parametrize(("x_shape", "weight_shape"), SHAPES)
@pytest.mark.parametrize(("x_dtype", "weight_dtype", "x_tolerance", "weight_tolerance"), DTYPES)
def test_values_and_gradients_agree_with_float64(
    x_shape, weight_shape, x_dtype, weight_dtype, x_tolerance, weight_tolerance
):
    x, weight, dy = normal(1, x_shape, weight_shape, x_shape)
    check(
        imperative.leaf(x, x_dtype),
        imperative.leaf(weight, weight_dtype),
        imperative.leaf(dy, x_dtype, requires_grad=False),
        x_tolerance,
        weight_tolerance,
    )


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    lead=st.lists(st.integers(0, 5), max_size=3),
    tail=st.lists(st.integers(1, 40), min_size=1, max_size=2),
    seed=st.integers(0, 2**16),
)
def test_any_shape_agrees_with_float64(lead, tail, seed):
    x, weight, dy = normal(seed, (*lead, *tail), tuple(tail), (*lead, *tail))
    check(
        imperative.leaf(x),
        imperative.leaf(weight),
        imperative.leaf(dy, requires_grad=False),
        5e-7,
        5e-7,
    )


def test_every_float32_value_is_within_one_millionth_of_float64():
    x, weight = (a.astype(np.float32) for a in normal(2, (257, 1023), (1023,)))
    y = msops.rms_norm(mindspore.Tensor(x), mindspore.Tensor(weight), EPS)
    np.testing.assert_allclose(y.asnumpy(), reference.forward(x, weight, EPS), rtol=1e-6, atol=0)


def test_equal_inputs_give_equal_bits():
    x, weight, dy = normal(3, (130, 257), (257,), (130, 257))
    seen = set()
    for _ in range(5):
        leaves = imperative.leaf(x), imperative.leaf(weight)
        with imperative.recording():
            y = msops.rms_norm(*leaves, EPS)
            imperative.backward(y, imperative.leaf(dy, requires_grad=False))
        seen.add(b"".join(t.asnumpy().tobytes() for t in (y, leaves[0]._grad, leaves[1]._grad)))
    assert len(seen) == 1


@pytest.mark.parametrize(("x_shape", "weight_shape"), EMPTY)
def test_empty_tensors_give_empty_values_and_zero_weight_gradients(x_shape, weight_shape):
    x, weight = imperative.leaf(np.zeros(x_shape)), imperative.leaf(np.ones(weight_shape))
    with imperative.recording():
        y = msops.rms_norm(x, weight, EPS)
        imperative.backward(y, mindspore.Tensor(np.zeros(x_shape, np.float32)))
    assert tuple(y.shape) == x_shape
    assert tuple(x._grad.shape) == x_shape
    np.testing.assert_array_equal(weight._grad.asnumpy(), np.zeros(weight_shape, np.float32))


def test_eps_keeps_a_row_of_zeros_finite():
    x, weight = imperative.leaf(np.zeros((2, 4))), imperative.leaf(np.ones(4))
    with imperative.recording():
        y = msops.rms_norm(x, weight, 1e-6)
        imperative.backward(y, mindspore.Tensor(np.ones((2, 4), np.float32)))
    np.testing.assert_array_equal(y.asnumpy(), 0)
    np.testing.assert_allclose(x._grad.asnumpy(), 1e3, rtol=1e-6)
