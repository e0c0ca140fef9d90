# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.gelu and msops.bias_gelu against float64: values, gradients and refusals."""

import math

import mindspore
import numpy as np
import pytest

import imperative
import msops

# dtype, error allowed, relative to the largest value
DTYPES = [
    pytest.param(mindspore.float64, 1e-14, id="float64"),
    pytest.param(mindspore.float32, 1e-6, id="float32"),
    pytest.param(mindspore.float16, 2**-11 * 1.01, id="float16"),
    pytest.param(mindspore.bfloat16, 2**-8 * 1.01, id="bfloat16"),
]
SHAPES = [(1,), (5, 7), (4, 1, 3, 6), (64, 512), (3, 2003), (0, 8), (3, 0)]
ROOT = math.sqrt(2 / math.pi)
erf = np.vectorize(math.erf, otypes=[np.float64])


def normal(seed: int, dtype: mindspore.dtype, *shape: int, grad: bool = True) -> mindspore.Tensor:
    values = 2 * np.random.default_rng(seed).standard_normal(shape)
    return imperative.leaf(values, dtype, grad)


def reference(z: np.ndarray, approximate: str) -> tuple[np.ndarray, np.ndarray]:
    """The value and the slope in float64."""
    if approximate == "tanh":
        bent = np.tanh(ROOT * (z + 0.044715 * z**3))
        inner = ROOT * (1 + 3 * 0.044715 * z**2)
        return z * (1 + bent) / 2, (1 + bent) / 2 + z * (1 - bent**2) * inner / 2
    below = (1 + erf(z / math.sqrt(2))) / 2
    return z * below, below + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def assert_close(actual: mindspore.Tensor, expected: np.ndarray, tolerance: float) -> None:
    assert tuple(actual.shape) == expected.shape
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_values_and_gradients_agree_with_float64(dtype, tolerance, shape, with_bias, approximate):
    x, dy = normal(1, dtype, *shape), normal(2, dtype, *shape, grad=False)
    bias = normal(3, dtype, shape[-1])
    with imperative.recording():
        arguments = (x, bias) if with_bias else (x,)
        y = (msops.bias_gelu if with_bias else msops.gelu)(*arguments, approximate)
        imperative.backward(y, dy)
    z = imperative.values(x) + (imperative.values(bias) if with_bias else 0.0)
    value, slope = reference(z, approximate)
    gradient = slope * imperative.values(dy)
    assert (y.dtype, x._grad.dtype) == (dtype, dtype)
    assert_close(y, value, tolerance)
    assert_close(x._grad, gradient, tolerance)
    if with_bias:
        summed = gradient.reshape(-1, shape[-1]).sum(0) if z.size else np.zeros(shape[-1])
        assert_close(bias._grad, summed, tolerance)
    else:
        assert_close(msops.parts.gelu_grad(dy, x, approximate), gradient, tolerance)


def test_a_number_without_dimensions_is_taken():
    x = mindspore.Tensor(np.float32(1.5))
    np.testing.assert_allclose(msops.gelu(x).asnumpy(), 1.5 * (1 + math.erf(1.5 / 2**0.5)) / 2)


def test_only_what_wants_a_gradient_gets_one():
    x, bias = normal(1, mindspore.float32, 3, 8, grad=False), normal(2, mindspore.float32, 8)
    with imperative.recording():
        imperative.backward(
            msops.bias_gelu(x, bias), normal(3, mindspore.float32, 3, 8, grad=False)
        )
    assert x._grad is None
    assert bias._grad is not None


def test_views_are_read_as_they_are():
    storage = normal(1, mindspore.float32, 8, 5, grad=False)
    np.testing.assert_array_equal(
        msops.gelu(storage.T).asnumpy(), msops.gelu(storage.T.copy()).asnumpy()
    )


X = mindspore.Tensor(np.ones((3, 4), np.float32))
BIAS = mindspore.Tensor(np.ones(4, np.float32))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: msops.gelu(X, "exact"), ValueError, "gelu: approximate must be 'none' or 'tanh'"),
        (lambda: msops.gelu(X, None), ValueError, "gelu: approximate must be .* got None"),
        (lambda: msops.gelu(X.astype(mindspore.int32)), TypeError, "gelu: x must be float16, .*"),
        (lambda: msops.gelu(1.0), TypeError, "gelu: x must be a mindspore.Tensor, got float"),
        (lambda: msops.bias_gelu(X, BIAS[:3]), ValueError, r"bias_gelu: bias must have the shape"),
        (lambda: msops.bias_gelu(BIAS[0], BIAS), ValueError, r"bias_gelu: bias must .* x is \(\)"),
        (lambda: msops.bias_gelu(X, BIAS.half()), TypeError, "bias_gelu: bias must be float32"),
        (lambda: msops.bias_gelu(X, None), TypeError, "bias_gelu: bias must be a mindspore.Tensor"),
        (
            lambda: msops.parts.gelu_grad(BIAS, X),
            ValueError,
            r"parts\.gelu_grad: dy must have the shape of x",
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(call, error, message):
    with pytest.raises(error, match=rf"msops\.{message}"):
        call()


def test_second_derivatives_are_refused():
    x = normal(1, mindspore.float32, 2, 4)
    with imperative.recording():
        y = msops.gelu(x)
        with pytest.raises(RuntimeError, match=r"msops\.gelu: the gradient is not differentiable"):
            imperative.backward(y, normal(2, mindspore.float32, 2, 4), create_graph=True)
