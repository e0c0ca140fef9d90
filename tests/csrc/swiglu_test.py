# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.swiglu against float64: values, gradients and refusals."""

import itertools

import mindspore
import numpy as np
import pytest

import imperative
import msops

# dtype of x and bias, dtype of scale, error allowed, relative to the largest value
DTYPES = [
    pytest.param(mindspore.float64, mindspore.float64, 1e-14, id="float64"),
    pytest.param(mindspore.float32, mindspore.float32, 5e-7, id="float32"),
    pytest.param(mindspore.float16, mindspore.float32, 2**-11 * 1.01, id="float16"),
    pytest.param(mindspore.bfloat16, mindspore.float32, 2**-8 * 1.01, id="bfloat16"),
]
SHAPES = [(2,), (5, 14), (4, 1, 3, 6), (64, 512), (3, 2006), (0, 8), (3, 0)]


def normal(seed: int, dtype: mindspore.dtype, *shape: int, grad: bool = True) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(seed).standard_normal(shape), dtype, grad)


def reference(x, bias, scale, dy):
    """y, dx, dbias and dscale in float64."""
    a, b = np.split(x + bias, 2, -1)
    gate = 1 / (1 + np.exp(-a))
    upstream = dy * scale
    dx = np.concatenate([upstream * b * gate * (1 + a * (1 - gate)), upstream * a * gate], -1)
    dbias = dx.reshape(-1, x.shape[-1]).sum(0) if x.size else np.zeros(x.shape[-1])
    return a * gate * b * scale, dx, dbias, np.sum(dy * a * gate * b, -1, keepdims=True)


def assert_close(actual: mindspore.Tensor, expected: np.ndarray, tolerance: float) -> None:
    assert tuple(actual.shape) == expected.shape
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "scale_dtype", "tolerance"), DTYPES)
@pytest.mark.parametrize(
    ("with_bias", "with_scale"), list(itertools.product([False, True], repeat=2))
)
def test_values_and_gradients_agree_with_float64(
    shape, dtype, scale_dtype, tolerance, with_bias, with_scale
):
    x = normal(1, dtype, *shape)
    dy = normal(2, dtype, *shape[:-1], shape[-1] // 2, grad=False)
    bias = normal(3, dtype, shape[-1]) if with_bias else None
    scale = normal(4, scale_dtype, *shape[:-1], 1) if with_scale else None
    with imperative.recording():
        y = msops.swiglu(x, bias, scale)
        imperative.backward(y, dy)
    expected = reference(
        imperative.values(x),
        imperative.values(bias) if with_bias else 0.0,
        imperative.values(scale) if with_scale else 1.0,
        imperative.values(dy),
    )
    assert (y.dtype, x._grad.dtype) == (dtype, dtype)
    assert_close(y, expected[0], tolerance)
    assert_close(x._grad, expected[1], tolerance)
    if with_bias:
        assert_close(bias._grad, expected[2], tolerance)
    if with_scale:
        assert_close(scale._grad, expected[3], 1e-14 if dtype == mindspore.float64 else 5e-7)


def test_only_what_wants_a_gradient_gets_one():
    x, bias = normal(1, mindspore.float32, 3, 8, grad=False), normal(2, mindspore.float32, 8)
    with imperative.recording():
        imperative.backward(msops.swiglu(x, bias), normal(3, mindspore.float32, 3, 4, grad=False))
    assert x._grad is None
    assert bias._grad is not None


def test_views_are_read_as_they_are():
    storage = normal(1, mindspore.float32, 8, 5, grad=False)
    np.testing.assert_array_equal(
        msops.swiglu(storage.T).asnumpy(), msops.swiglu(storage.T.copy()).asnumpy()
    )


X = mindspore.Tensor(np.ones((3, 4), np.float32))


def ones(*shape: int, dtype: mindspore.dtype = mindspore.float32) -> mindspore.Tensor:
    return mindspore.Tensor(np.ones(shape, np.float32)).astype(dtype)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((ones(3, 5),), ValueError, r"x must have a last dimension of two equal halves, .*\(3, 5"),
        ((ones(),), ValueError, r"x must have a last dimension of two equal halves, .*\(\)"),
        ((X, ones(2)), ValueError, r"bias must have the shape of x's last dimension; .*\(2,\)"),
        ((X, None, ones(3)), ValueError, r"scale must have one value a row, shape \(3, 1\)"),
        ((X.astype(mindspore.int32),), TypeError, "x must be float16, .* got int32"),
        ((X, ones(4, dtype=mindspore.float16)), TypeError, "bias must be float32, got float16"),
        (
            (X.half(), None, ones(3, 1, dtype=mindspore.float16)),
            TypeError,
            "scale must be float32, got float16",
        ),
        ((X, 1.0), TypeError, "bias must be a mindspore.Tensor, got float"),
        ((np.ones(4),), TypeError, "x must be a mindspore.Tensor, got numpy.ndarray"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(arguments, error, message):
    with pytest.raises(error, match=rf"msops\.swiglu: {message}"):
        msops.swiglu(*arguments)


def test_second_derivatives_are_refused():
    x = normal(1, mindspore.float32, 2, 4)
    with imperative.recording():
        y = msops.swiglu(x)
        with pytest.raises(RuntimeError, match="the gradient is not differentiable"):
            imperative.backward(y, normal(2, mindspore.float32, 2, 2), create_graph=True)
