# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.grouped_matmul against float64: values, gradients and refusals."""

import mindspore
import numpy as np
import pytest

import imperative
import msops

# dtype of x and weight, error allowed, relative to the largest value
DTYPES = [
    pytest.param(mindspore.float32, 2e-6, id="float32"),
    pytest.param(mindspore.float16, 2**-11 * 1.01, id="float16"),
    pytest.param(mindspore.bfloat16, 2**-8 * 1.01, id="bfloat16"),
]
# rows of each expert, k, n
GROUPS = [
    ((4, 3), 5, 2),
    ((1,), 1, 1),
    ((0, 7, 0, 1), 9, 17),
    ((0, 0), 3, 4),
    ((128, 0, 300, 5), 65, 130),
    ((3, 2), 0, 4),
    ((3, 2), 4, 0),
]


def normal(seed: int, dtype: mindspore.dtype, *shape: int, grad: bool = True) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(seed).standard_normal(shape), dtype, grad)


def reference(x, weight, groups, dy):
    """y, dx and dweight in float64, expert by expert; weight is (experts, k, n)."""
    ends = np.cumsum(groups)
    y, dx, dweight = np.zeros_like(dy), np.zeros_like(x), np.zeros_like(weight)
    for expert, (end, count) in enumerate(zip(ends, groups, strict=True)):
        rows = slice(end - count, end)
        y[rows] = x[rows] @ weight[expert]
        dx[rows] = dy[rows] @ weight[expert].T
        dweight[expert] = x[rows].T @ dy[rows]
    return y, dx, dweight


def assert_close(actual: mindspore.Tensor, expected: np.ndarray, tolerance: float) -> None:
    assert tuple(actual.shape) == expected.shape
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("index", [mindspore.int32, mindspore.int64], ids=str)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
@pytest.mark.parametrize(("groups", "k", "n"), GROUPS)
def test_values_and_gradients_agree_with_float64(groups, k, n, dtype, tolerance, index, transpose):
    x, dy = normal(1, dtype, sum(groups), k), normal(2, dtype, sum(groups), n, grad=False)
    weight = normal(3, dtype, len(groups), *((n, k) if transpose else (k, n)))
    with imperative.recording():
        y = msops.grouped_matmul(x, weight, mindspore.Tensor(groups, index), transpose)
        imperative.backward(y, dy)
    matrices = imperative.values(weight)
    y_expected, dx, dweight = reference(
        imperative.values(x),
        matrices.swapaxes(1, 2) if transpose else matrices,
        groups,
        imperative.values(dy),
    )
    assert (y.dtype, x._grad.dtype, weight._grad.dtype) == (dtype, dtype, dtype)
    assert_close(y, y_expected, tolerance)
    assert_close(x._grad, dx, tolerance)
    assert_close(weight._grad, dweight.swapaxes(1, 2) if transpose else dweight, tolerance)


def counts(*rows: int) -> mindspore.Tensor:
    return mindspore.Tensor(rows, mindspore.int64)


def test_only_what_wants_a_gradient_gets_one():
    x = normal(1, mindspore.float32, 3, 2, grad=False)
    weight = normal(2, mindspore.float32, 1, 2, 4)
    with imperative.recording():
        y = msops.grouped_matmul(x, weight, counts(3))
        imperative.backward(y, normal(3, mindspore.float32, 3, 4, grad=False))
    assert x._grad is None
    assert weight._grad is not None


def test_views_are_read_as_they_are():
    x, weight = normal(1, mindspore.float32, 5, 4), normal(2, mindspore.float32, 2, 6, 5)
    np.testing.assert_array_equal(
        msops.grouped_matmul(x.T, weight.swapaxes(1, 2), counts(1, 3)).asnumpy(),
        msops.grouped_matmul(x.T.copy(), weight.swapaxes(1, 2).copy(), counts(1, 3)).asnumpy(),
    )


X = mindspore.Tensor(np.ones((3, 4), np.float32))
W = mindspore.Tensor(np.ones((2, 4, 5), np.float32))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((X[0], W, counts(1, 2)), ValueError, r"x must have the shape \(rows, k\), got \(4,\)"),
        (
            (X, W[0], counts(1, 2)),
            ValueError,
            r"weight must have the shape \(groups, k, n\) .*weight is \(4, 5\)",
        ),
        (
            (X, W, counts(1, 2), True),
            ValueError,
            r"weight must have the shape \(groups, n, k\) .*weight is \(2, 4, 5\)",
        ),
        (
            (X, W, counts(1, 1, 1)),
            ValueError,
            r"group_list must have one entry a group .*group_list is \(3,\)",
        ),
        ((X.double(), W, counts(1, 2)), TypeError, "x must be float16, .* got float64"),
        ((X, W.half(), counts(1, 2)), TypeError, "weight must be float32, got float16"),
        ((X, W, X[0, :2]), TypeError, "group_list must be int32 or int64, got float32"),
        ((X, W, [1, 2]), TypeError, "group_list must be a mindspore.Tensor, got list"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(arguments, error, message):
    with pytest.raises(error, match=rf"msops\.grouped_matmul: {message}"):
        msops.grouped_matmul(*arguments)


@pytest.mark.parametrize("rows", [(1, 1), (1, 3), (-1, 4), (2**62, 2**62)])
def test_counts_that_are_not_those_of_the_rows_are_refused_where_the_result_is_read(rows):
    with pytest.raises(ValueError, match=r"group_list must count the rows of each group"):
        msops.grouped_matmul(X, W, counts(*rows)).asnumpy()
    np.testing.assert_array_equal(msops.grouped_matmul(X, W, counts(1, 2)).asnumpy(), 4.0)


def test_the_gradient_in_parts_is_the_one_that_is_recorded():
    x, weight = normal(1, mindspore.float32, 5, 3), normal(2, mindspore.float32, 2, 3, 4)
    dy = normal(3, mindspore.float32, 5, 4, grad=False)
    with imperative.recording():
        imperative.backward(msops.grouped_matmul(x, weight, counts(2, 3)), dy)
    dweight = msops.parts.grouped_matmul_grad_weight(dy, x, weight, counts(2, 3))
    np.testing.assert_array_equal(dweight.asnumpy(), weight._grad.asnumpy())
    with pytest.raises(ValueError, match=r"dy must have the shape of the product, \(5, 4\)"):
        msops.parts.grouped_matmul_grad_weight(x, x, weight, counts(2, 3))


def test_second_derivatives_are_refused():
    x, weight = normal(1, mindspore.float32, 3, 2), normal(2, mindspore.float32, 1, 2, 4)
    with imperative.recording():
        y = msops.grouped_matmul(x, weight, counts(3))
        with pytest.raises(RuntimeError, match="the gradient is not differentiable"):
            imperative.backward(y, normal(3, mindspore.float32, 3, 4), create_graph=True)
