# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.add_rms_norm and msops.layer_norm against float64: values, gradients and refusals."""

import mindspore
import numpy as np
import pytest

import imperative
import msops
import rms_norm_reference
from norm_dtypes import DTYPES

EPS = 1e-5

SHAPES = [
    ((7,), (7,)),
    ((5, 7), (7,)),
    ((4, 1, 3, 9), (9,)),
    ((6, 3, 5), (3, 5)),
    ((64, 512), (512,)),
    ((3, 2011), (2011,)),
    ((0, 7), (7,)),
    ((2, 0, 5), (5,)),
]


def normal(seed: int, dtype: mindspore.dtype, *shape: int, grad: bool = True) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(seed).standard_normal(shape), dtype, grad)


def assert_close(
    actual: mindspore.Tensor, expected: np.ndarray, tolerance: float, scale: float = 0.0
) -> None:
    assert tuple(actual.shape) == expected.shape
    scale = np.max(np.abs(expected), initial=scale)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


def layer_norm_reference(x, weight, bias, dy):
    """y, dx, dweight, dbias in float64, and the size of the terms that cancel in dx."""
    rows = x.reshape(-1, weight.size)
    if not rows.size:
        return x, x, np.zeros(weight.shape), np.zeros(weight.shape), 0.0
    scale, gradient = weight.reshape(-1), dy.reshape(rows.shape)
    centred = rows - rows.mean(1, keepdims=True)
    rstd = 1 / np.sqrt(np.mean(centred**2, 1, keepdims=True) + EPS)
    hat, through = centred * rstd, gradient * scale
    dx = rstd * (
        through - through.mean(1, keepdims=True) - hat * np.mean(through * hat, 1, keepdims=True)
    )
    return (
        (hat * scale + bias.reshape(-1)).reshape(x.shape),
        dx.reshape(x.shape),
        np.sum(gradient * hat, 0).reshape(weight.shape),
        gradient.sum(0).reshape(weight.shape),
        np.max(np.abs(rstd * through)),
    )


@pytest.mark.parametrize(("x_shape", "weight_shape"), SHAPES)
@pytest.mark.parametrize(("x_dtype", "weight_dtype", "x_error", "weight_error"), DTYPES)
def test_layer_norm_agrees_with_float64(
    x_shape, weight_shape, x_dtype, weight_dtype, x_error, weight_error
):
    x, dy = normal(1, x_dtype, *x_shape), normal(2, x_dtype, *x_shape, grad=False)
    weight, bias = normal(3, weight_dtype, *weight_shape), normal(4, weight_dtype, *weight_shape)
    with imperative.recording():
        y = msops.layer_norm(x, weight, bias, EPS)
        imperative.backward(y, dy)
    expected = layer_norm_reference(*map(imperative.values, (x, weight, bias, dy)))
    assert (y.dtype, x._grad.dtype, bias._grad.dtype) == (x_dtype, x_dtype, weight_dtype)
    assert_close(y, expected[0], x_error)
    assert_close(x._grad, expected[1], x_error, expected[4])
    assert_close(weight._grad, expected[2], weight_error)
    assert_close(bias._grad, expected[3], weight_error)


@pytest.mark.parametrize(("x_shape", "weight_shape"), SHAPES)
@pytest.mark.parametrize(("x_dtype", "weight_dtype", "x_error", "weight_error"), DTYPES)
def test_add_rms_norm_agrees_with_float64(
    x_shape, weight_shape, x_dtype, weight_dtype, x_error, weight_error
):
    x, residual = normal(1, x_dtype, *x_shape), normal(2, x_dtype, *x_shape)
    dy, dsum = (normal(seed, x_dtype, *x_shape, grad=False) for seed in (3, 4))
    weight = normal(5, weight_dtype, *weight_shape)
    with imperative.recording():
        y, total = msops.add_rms_norm(x, residual, weight, EPS)
        imperative.backward(y, dy, keep_graph=True)
        imperative.backward(total, dsum)
    rounded, scale, gradient = map(imperative.values, (total, weight, dy))
    assert_close(total, imperative.values(x) + imperative.values(residual), x_error)
    assert_close(y, rms_norm_reference.forward(rounded, scale, EPS), x_error)
    dx, dweight = rms_norm_reference.gradients(rounded, scale, gradient, EPS)
    terms = rms_norm_reference.input_gradient_scale(rounded, scale, gradient, EPS)
    assert_close(x._grad, dx + imperative.values(dsum), 2 * x_error, terms)
    assert_close(residual._grad, dx + imperative.values(dsum), 2 * x_error, terms)
    assert_close(weight._grad, dweight, weight_error)


def test_the_norm_of_a_sum_is_rms_norm_of_the_sum_to_the_bit():
    x, residual = (normal(seed, mindspore.bfloat16, 33, 65) for seed in (1, 2))
    weight = normal(3, mindspore.float32, 65)
    y, total = msops.add_rms_norm(x, residual, weight, EPS)
    alone = msops.rms_norm(total, weight, EPS)
    np.testing.assert_array_equal(imperative.values(y), imperative.values(alone))


def test_the_gradients_of_both_terms_of_a_sum_are_separate_memory():
    x, residual = (normal(seed, mindspore.float32, 3, 5) for seed in (1, 2))
    with imperative.recording():
        y, _ = msops.add_rms_norm(x, residual, normal(3, mindspore.float32, 5), EPS)
        imperative.backward(y, normal(4, mindspore.float32, 3, 5, grad=False))
    assert x._grad._data_ptr() != residual._grad._data_ptr()
    np.testing.assert_array_equal(x._grad.asnumpy(), residual._grad.asnumpy())


def test_views_are_read_as_they_are():
    storage = normal(1, mindspore.float32, 7, 5, grad=False)
    weight, bias = normal(2, mindspore.float32, 7), normal(3, mindspore.float32, 7)
    np.testing.assert_array_equal(
        msops.layer_norm(storage.T, weight, bias, EPS).asnumpy(),
        msops.layer_norm(storage.T.copy(), weight, bias, EPS).asnumpy(),
    )


X = mindspore.Tensor(np.ones((2, 3, 4), np.float32))
FOUR = mindspore.Tensor(np.ones(4, np.float32))
THREE = mindspore.Tensor(np.ones(3, np.float32))
WHOLE = mindspore.Tensor(np.ones(4, np.int32))


@pytest.mark.parametrize(
    ("operator", "arguments", "error", "message"),
    [
        ("layer_norm", (X, THREE, THREE, EPS), ValueError, r"weight must have the shape of x's"),
        (
            "layer_norm",
            (X, FOUR, THREE, EPS),
            ValueError,
            r"bias must have the shape of weight; weight is \(4,\), bias is \(3,\)",
        ),
        ("layer_norm", (X, FOUR, FOUR, float("inf")), ValueError, "eps must be a finite number"),
        ("layer_norm", (X, FOUR, WHOLE, EPS), TypeError, "bias must be float32, got int32"),
        ("layer_norm", (X, FOUR, None, EPS), TypeError, "bias must be a mindspore.Tensor"),
        ("layer_norm", (WHOLE, FOUR, FOUR, EPS), TypeError, "x must be float16, .* got int32"),
        (
            "add_rms_norm",
            (X, FOUR, FOUR, EPS),
            ValueError,
            r"residual must have the shape of x; x is \(2, 3, 4\), residual is \(4,\)",
        ),
        ("add_rms_norm", (X, X.half(), FOUR, EPS), TypeError, "residual must be float32, got"),
        ("add_rms_norm", (X, X, THREE, EPS), ValueError, r"weight must have the shape of x's"),
        ("add_rms_norm", (X, X, FOUR, float("nan")), ValueError, "eps must be a finite number"),
        ("add_rms_norm", (X, 1.0, FOUR, EPS), TypeError, "residual must be a mindspore.Tensor"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(operator, arguments, error, message):
    with pytest.raises(error, match=rf"msops\.{operator}: {message}"):
        getattr(msops, operator)(*arguments)


@pytest.mark.parametrize(
    "call",
    [
        lambda x, weight: msops.layer_norm(x, weight, weight, EPS),
        lambda x, weight: msops.add_rms_norm(x, x, weight, EPS)[0],
    ],
    ids=["layer_norm", "add_rms_norm"],
)
def test_second_derivatives_are_refused(call):
    x, weight = normal(1, mindspore.float32, 2, 3), normal(2, mindspore.float32, 3)
    with imperative.recording():
        y = call(x, weight)
        with pytest.raises(RuntimeError, match="the gradient is not differentiable"):
            imperative.backward(y, normal(3, mindspore.float32, 2, 3), create_graph=True)
