# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.matmul_accumulate against float64: what it adds in place, and refusals."""

import mindspore
import numpy as np
import pytest

import imperative
import msops

# dtype of x and dy, dtype of main_grad, error allowed, relative to the largest value
DTYPES = [
    pytest.param(mindspore.float32, mindspore.float32, 2e-6, id="float32"),
    pytest.param(mindspore.float16, mindspore.float32, 2e-6, id="float16 in float32"),
    pytest.param(mindspore.bfloat16, mindspore.float32, 2e-6, id="bfloat16 in float32"),
    pytest.param(mindspore.float16, mindspore.float16, 2**-11 * 1.01, id="float16"),
    pytest.param(mindspore.bfloat16, mindspore.bfloat16, 2**-8 * 1.01, id="bfloat16"),
]
# shape of x, columns of dy
SHAPES = [((1, 1), 1), ((7, 5), 3), ((2, 3, 9), 17), ((0, 4), 3), ((5, 0), 2), ((4,), 3)]
SHAPES += [((600, 65), 530)]


def normal(seed: int, dtype: mindspore.dtype, *shape: int) -> mindspore.Tensor:
    values = np.random.default_rng(seed).standard_normal(shape)
    return imperative.leaf(values, dtype, requires_grad=False)


@pytest.mark.parametrize(("shape", "columns"), SHAPES)
@pytest.mark.parametrize(("dtype", "sum_dtype", "tolerance"), DTYPES)
def test_the_product_is_added_to_what_was_there(shape, columns, dtype, sum_dtype, tolerance):
    x, dy = normal(1, dtype, *shape), normal(2, dtype, *shape[:-1], columns)
    main_grad = normal(3, sum_dtype, columns, shape[-1])
    rows = int(np.prod(shape[:-1]))
    expected = imperative.values(main_grad).copy()
    left = imperative.values(dy).reshape(rows, columns)
    expected += left.T @ imperative.values(x).reshape(rows, shape[-1])
    address = main_grad.data_ptr()
    assert msops.matmul_accumulate(x, dy, main_grad) is None
    assert main_grad.data_ptr() == address
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(
        imperative.values(main_grad), expected, rtol=0, atol=tolerance * scale
    )


def test_microbatches_gather_in_float32():
    x, dy = normal(1, mindspore.bfloat16, 1, 1), normal(2, mindspore.bfloat16, 1, 1)
    main_grad = mindspore.Tensor(np.zeros((1, 1), np.float32))
    for _ in range(1000):
        msops.matmul_accumulate(x, dy, main_grad)
    expected = 1000 * imperative.values(x) * imperative.values(dy)
    np.testing.assert_allclose(main_grad.asnumpy(), expected, rtol=1e-5)


def test_views_are_read_as_they_are():
    x, dy = normal(1, mindspore.float32, 3, 5), normal(2, mindspore.float32, 4, 5)
    first, second = (mindspore.Tensor(np.ones((4, 3), np.float32)) for _ in range(2))
    msops.matmul_accumulate(x.T, dy.T, first)
    msops.matmul_accumulate(x.T.copy(), dy.T.copy(), second)
    np.testing.assert_array_equal(first.asnumpy(), second.asnumpy())


def ones(*shape: int, dtype: mindspore.dtype = mindspore.float32) -> mindspore.Tensor:
    return mindspore.Tensor(np.ones(shape, np.float32)).astype(dtype)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((ones(), ones(), ones(1, 1)), ValueError, "x must have at least one dimension"),
        (
            (ones(2, 3), ones(3, 4), ones(4, 3)),
            ValueError,
            r"dy must have the shape of x but .*3, 4",
        ),
        (
            (ones(2, 3), ones(2, 4), ones(3, 4)),
            ValueError,
            r"main_grad must .* \(4, 3\), got \(3, 4",
        ),
        ((ones(2, 3), ones(2, 4), ones(3, 4).T), ValueError, "main_grad .* must be contiguous"),
        (
            (ones(2, 3), ones(2, 4), ones(4, 3, dtype=mindspore.float16)),
            TypeError,
            "main_grad must be float32, got float16",
        ),
        (
            (ones(2, 3).half(), ones(2, 4), ones(4, 3)),
            TypeError,
            "dy must be float16, got float32",
        ),
        ((ones(2, 3), np.ones(2), ones(4, 3)), TypeError, "dy must be a mindspore.Tensor"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(arguments, error, message):
    with pytest.raises(error, match=rf"msops\.matmul_accumulate: {message}"):
        msops.matmul_accumulate(*arguments)
