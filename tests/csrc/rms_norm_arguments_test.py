# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.rms_norm with arguments that do not fit: an error at the call that names the argument."""

import mindspore
import numpy as np
import pytest

import msops

X = mindspore.Tensor(np.ones((2, 3, 4), np.float32))
WEIGHT = mindspore.Tensor(np.ones(4, np.float32))


def ones(*shape: int, dtype: mindspore.dtype = mindspore.float32) -> mindspore.Tensor:
    return mindspore.Tensor(np.ones(shape, np.float32)).astype(dtype)


@pytest.mark.parametrize(
    ("x", "weight", "eps", "message"),
    [
        (X, ones(3), 1e-5, r"weight must have the shape of x's last 1 .*\(2, 3, 4\).*\(3,\)"),
        (X, ones(2, 4), 1e-5, r"weight must have the shape of x's last 2 .*\(2, 4\)"),
        (X, ones(1, 2, 3, 4), 1e-5, r"weight must have the shape of x's last 4"),
        (ones(), WEIGHT, 1e-5, r"weight must have the shape .* x is \(\)"),
        (X, mindspore.Tensor(np.float32(1)), 1e-5, r"weight must have at least one dimension"),
        (X, WEIGHT, float("nan"), r"eps must be a finite number, got nan"),
        (X, WEIGHT, float("inf"), r"eps must be a finite number, got inf"),
    ],
)
def test_what_does_not_fit_is_a_value_error(x, weight, eps, message):
    with pytest.raises(ValueError, match=r"msops\.rms_norm: " + message):
        msops.rms_norm(x, weight, eps)


@pytest.mark.parametrize(
    ("x", "weight", "eps", "message"),
    [
        (
            np.ones(4, np.float32),
            WEIGHT,
            1e-5,
            r"x must be a mindspore\.Tensor, got numpy\.ndarray",
        ),
        (None, WEIGHT, 1e-5, r"x must be a mindspore\.Tensor, got NoneType"),
        (X, [1.0], 1e-5, r"weight must be a mindspore\.Tensor, got list"),
        (X, WEIGHT, None, r"eps must be a number, got NoneType"),
        (X, WEIGHT, "1e-5", r"eps must be a number, got str"),
        (X, WEIGHT, WEIGHT, r"eps must be a number, got mindspore\..*Tensor"),
        (X.astype(mindspore.int32), WEIGHT, 1e-5, r"x must be float16, .* or float64, got int32"),
        (X.astype(mindspore.bool_), WEIGHT, 1e-5, r"x must be float16, .*, got bool"),
        (X, ones(4, dtype=mindspore.float16), 1e-5, r"weight must be float32, got float16"),
        (X, ones(4, dtype=mindspore.float64), 1e-5, r"weight must be float32, got float64"),
        (
            X.astype(mindspore.bfloat16),
            ones(4, dtype=mindspore.float16),
            1e-5,
            r"weight must be bfloat16 or float32, got float16",
        ),
    ],
)
def test_what_has_the_wrong_type_is_a_type_error(x, weight, eps, message):
    with pytest.raises(TypeError, match=r"msops\.rms_norm: " + message):
        msops.rms_norm(x, weight, eps)


def test_a_whole_number_is_a_number():
    np.testing.assert_allclose(msops.rms_norm(X, WEIGHT, 1).asnumpy(), np.sqrt(0.5), rtol=1e-6)


def test_the_operator_works_after_an_error():
    for _ in range(3):
        with pytest.raises(ValueError, match="weight"):
            msops.rms_norm(X, ones(3), 1e-5)
        np.testing.assert_allclose(msops.rms_norm(X, WEIGHT, 0.0).asnumpy(), 1.0, rtol=1e-6)
