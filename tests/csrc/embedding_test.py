# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.embedding against NumPy: values, gradients and refusals."""

import mindspore
import numpy as np
import pytest

import imperative
import msops

# dtype of the table, error allowed in its gradient, relative to the largest value
DTYPES = [
    pytest.param(mindspore.float64, 1e-14, id="float64"),
    pytest.param(mindspore.float32, 1e-7, id="float32"),
    pytest.param(mindspore.float16, 2**-11 * 1.01, id="float16"),
    pytest.param(mindspore.bfloat16, 2**-8 * 1.01, id="bfloat16"),
]
# shape of the indices, rows and columns of the table
SHAPES = [((), 3, 5), ((1,), 1, 1), ((4, 5), 7, 33), ((3000,), 11, 700), ((0, 2), 3, 4)]
SHAPES += [((2,), 9, 0), ((0,), 0, 4)]


def table(dtype: mindspore.dtype, rows: int, columns: int) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(1).standard_normal((rows, columns)), dtype)


@pytest.mark.parametrize("padding_idx", [None, 0])
@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize(("shape", "rows", "columns"), SHAPES)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_values_and_gradient_agree_with_numpy(
    dtype, tolerance, shape, rows, columns, index_dtype, padding_idx
):
    if rows == 0:
        padding_idx = None
    weight = table(dtype, rows, columns)
    places = np.random.default_rng(2).integers(0, max(rows, 1), shape).astype(index_dtype)
    upstream = np.random.default_rng(3).standard_normal((*shape, columns))
    dy = imperative.leaf(upstream, dtype, False)
    with imperative.recording():
        y = msops.embedding(mindspore.Tensor(places), weight, padding_idx)
        imperative.backward(y, dy)
    np.testing.assert_array_equal(imperative.values(y), imperative.values(weight)[places])
    expected = np.zeros((rows, columns))
    np.add.at(expected, places, imperative.values(dy))
    if padding_idx is not None:
        expected[padding_idx] = 0
    assert (y.dtype, weight._grad.dtype) == (dtype, dtype)
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(
        imperative.values(weight._grad), expected, rtol=0, atol=tolerance * scale
    )


def test_equal_inputs_give_equal_gradients_in_any_process():
    dy = np.random.default_rng(1).standard_normal((4000, 130)).astype(np.float32)
    places = np.random.default_rng(2).integers(0, 50, 4000)
    expected = np.zeros((50, 130))
    for place, row in zip(places, dy, strict=True):
        expected[place] += row
    gradient = msops.parts.embedding_grad(mindspore.Tensor(dy), mindspore.Tensor(places), 50)
    np.testing.assert_array_equal(gradient.asnumpy(), expected.astype(np.float32))


def test_views_are_read_as_they_are():
    weight = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)
    places = np.array([[0, 3, 1], [2, 2, 0]])
    y = msops.embedding(mindspore.Tensor(places).T, mindspore.Tensor(weight).T)
    np.testing.assert_array_equal(y.asnumpy(), weight.T[places.T])


WEIGHT = mindspore.Tensor(np.ones((3, 2), np.float32))
PLACES = mindspore.Tensor(np.array([0, 2]))


@pytest.mark.parametrize("place", [-1, 3, 2**40])
def test_a_number_of_no_row_is_an_index_error_and_the_operator_works_on(place):
    with pytest.raises(IndexError, match=rf"index {place} is not among the rows \[0, 3\)"):
        msops.embedding(mindspore.Tensor(np.array([0, place])), WEIGHT).asnumpy()
    with pytest.raises(IndexError, match=rf"index {place} is not among the rows \[0, 3\)"):
        msops.parts.embedding_grad(WEIGHT[:2], mindspore.Tensor(np.array([0, place])), 3).asnumpy()
    assert msops.embedding(PLACES, WEIGHT).asnumpy().tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: msops.embedding(PLACES, WEIGHT[0]),
            ValueError,
            r"embedding: weight must have two dimensions, got shape \(2,\)",
        ),
        (
            lambda: msops.embedding(PLACES, WEIGHT, 3),
            ValueError,
            "embedding: padding_idx must be a row of the table, from 0 to 2, got 3",
        ),
        (lambda: msops.embedding(PLACES, WEIGHT, -1), ValueError, "embedding: padding_idx .* -1"),
        (lambda: msops.embedding(PLACES, WEIGHT, 0.5), TypeError, "embedding: padding_idx must be"),
        (lambda: msops.embedding(WEIGHT, WEIGHT), TypeError, "embedding: indices must be int32 or"),
        (lambda: msops.embedding(PLACES, PLACES), TypeError, "embedding: weight must be float16"),
        (lambda: msops.embedding([0], WEIGHT), TypeError, "embedding: indices must be a mindspore"),
        (
            lambda: msops.parts.embedding_grad(WEIGHT, PLACES, 3),
            ValueError,
            r"parts\.embedding_grad: dy must have the shape of indices and one dimension more",
        ),
        (
            lambda: msops.parts.embedding_grad(WEIGHT[:2], PLACES, -3),
            ValueError,
            r"parts\.embedding_grad: rows must not be below 0",
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(call, error, message):
    with pytest.raises(error, match=rf"msops\.{message}"):
        call()


def test_second_derivatives_are_refused():
    weight = table(mindspore.float32, 3, 2)
    with imperative.recording():
        y = msops.embedding(PLACES, weight)
        with pytest.raises(RuntimeError, match="the gradient is not differentiable"):
            imperative.backward(y, table(mindspore.float32, 2, 2), create_graph=True)
