# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The types that norms are tested with, and how exact their results must be."""

import mindspore
import pytest

# Half a unit in the last place, relative, and a little for the float32 steps before the rounding.
FLOAT16, BFLOAT16 = 2**-11 * 1.01, 2**-8 * 1.01

# dtype of x, dtype of weight, error allowed in either, relative to the largest term
DTYPES = [
    pytest.param(mindspore.float64, mindspore.float64, 1e-14, 1e-14, id="float64"),
    pytest.param(mindspore.float32, mindspore.float32, 5e-7, 5e-7, id="float32"),
    pytest.param(mindspore.float16, mindspore.float16, FLOAT16, FLOAT16, id="float16"),
    pytest.param(mindspore.float16, mindspore.float32, FLOAT16, 5e-7, id="float16-float32"),
    pytest.param(mindspore.bfloat16, mindspore.bfloat16, BFLOAT16, BFLOAT16, id="bfloat16"),
    pytest.param(mindspore.bfloat16, mindspore.float32, BFLOAT16, 5e-7, id="bfloat16-float32"),
]
