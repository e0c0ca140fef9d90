# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.parts.matmul_into against float64: batches, transposes, what is written, and refusals."""

import itertools

import mindspore
import numpy as np
import pytest

import imperative
import msops

DTYPES = [
    pytest.param(mindspore.float32, 2e-6, id="float32"),
    pytest.param(mindspore.float16, 2**-11 * 1.01, id="float16"),
    pytest.param(mindspore.bfloat16, 2**-8 * 1.01, id="bfloat16"),
]
# batch, m, k, n
SHAPES = [(1, 1, 1, 1), (3, 4, 5, 2), (0, 2, 3, 4), (2, 0, 3, 4), (2, 3, 0, 4), (2, 3, 4, 0)]
SHAPES += [(2, 130, 33, 520), (1, 300, 65, 530)]
TRANSPOSES = list(itertools.product([False, True], repeat=2))


def normal(seed: int, dtype: mindspore.dtype, *shape: int) -> mindspore.Tensor:
    values = np.random.default_rng(seed).standard_normal(shape)
    return imperative.leaf(values, dtype, requires_grad=False)


def factors(dtype, batch, m, k, n, transpose_a, transpose_b):
    a = normal(1, dtype, batch, *((k, m) if transpose_a else (m, k)))
    b = normal(2, dtype, batch, *((n, k) if transpose_b else (k, n)))
    return a, b


def product(a, b, transpose_a, transpose_b) -> np.ndarray:
    left, right = imperative.values(a), imperative.values(b)
    return np.matmul(
        left.swapaxes(1, 2) if transpose_a else left, right.swapaxes(1, 2) if transpose_b else right
    )


@pytest.mark.parametrize("transposes", TRANSPOSES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_the_products_are_written_where_they_belong(shape, transposes, dtype, tolerance):
    a, b = factors(dtype, *shape, *transposes)
    expected = product(a, b, *transposes)
    out = normal(3, dtype, *expected.shape)
    address = out.data_ptr()
    assert msops.parts.matmul_into(a, b, out, *transposes) is None
    assert out.data_ptr() == address
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(imperative.values(out), expected, rtol=0, atol=tolerance * scale)


def test_views_are_read_as_they_are():
    a, b = normal(1, mindspore.float32, 5, 4, 3), normal(2, mindspore.float32, 4, 2, 3)
    first, second = (mindspore.Tensor(np.ones((3, 5, 2), np.float32)) for _ in range(2))
    msops.parts.matmul_into(a.T, b.T, first, True, True)
    msops.parts.matmul_into(a.T.copy(), b.T.copy(), second, True, True)
    np.testing.assert_array_equal(first.asnumpy(), second.asnumpy())


def ones(*shape: int, dtype: mindspore.dtype = mindspore.float32) -> mindspore.Tensor:
    return mindspore.Tensor(np.ones(shape, np.float32)).astype(dtype)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((ones(2, 3), ones(1, 3, 4), ones(1, 2, 4)), ValueError, "a and b .* three dimensions"),
        ((ones(1, 2, 3), ones(2, 3, 4), ones(1, 2, 4)), ValueError, "a and b must have one batch"),
        ((ones(1, 2, 3), ones(1, 4, 3), ones(1, 2, 4)), ValueError, r".*b is \(1, 4, 3\)"),
        ((ones(1, 2, 3), ones(1, 3, 4), ones(1, 4, 2)), ValueError, r"out .* \(1, 2, 4\), got"),
        ((ones(1, 2, 3), ones(1, 3, 4), ones(1, 4, 2).swapaxes(1, 2)), ValueError, "out .* contig"),
        ((ones(1, 2, 3).half(), ones(1, 3, 4), ones(1, 2, 4)), TypeError, "b must be float16, got"),
        (
            (ones(1, 2, 3), ones(1, 3, 4), ones(1, 2, 4).half()),
            TypeError,
            "out must be float32, got float16",
        ),
        ((np.ones(2), ones(1, 3, 4), ones(1, 2, 4)), TypeError, "a must be a mindspore.Tensor"),
        ((*[ones(1, 1, 1)] * 3, 1), TypeError, "transpose_a must be"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(arguments, error, message):
    with pytest.raises(error, match=rf"msops\.parts\.matmul_into: {message}"):
        msops.parts.matmul_into(*arguments)
