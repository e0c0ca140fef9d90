# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""MindSpore's imperative autograd engine, as tests need it."""

import contextlib
from collections.abc import Iterator

import mindspore
import numpy as np
from mindspore._c_expression import run_backward
from mindspore.graph.api import _pynative_executor


@contextlib.contextmanager
def recording(enabled: bool = True) -> Iterator[None]:
    """Operators called inside are recorded for backward, or are not."""
    _pynative_executor.set_grad_flag(enabled)
    try:
        yield
    finally:
        _pynative_executor.set_grad_flag(False)


def leaf(
    values: np.ndarray,
    dtype: mindspore.dtype = mindspore.float32,
    requires_grad: bool = True,
) -> mindspore.Tensor:
    """A tensor with the values rounded to dtype, as an input of the recorded graph."""
    tensor = mindspore.Tensor(values).astype(dtype)
    tensor._requires_grad = requires_grad
    return tensor


def backward(
    output: mindspore.Tensor,
    gradient: mindspore.Tensor,
    keep_graph: bool = False,
    create_graph: bool = False,
) -> None:
    """Adds the gradient's effects on the leaves to their _grad."""
    run_backward((output,), (gradient,), keep_graph, create_graph, (), True, accumulate_grad=True)


def backward_all(
    outputs: tuple[mindspore.Tensor, ...], gradients: tuple[mindspore.Tensor, ...]
) -> None:
    """The same from several outputs at once."""
    run_backward(outputs, gradients, False, False, (), True, accumulate_grad=True)


def values(tensor: mindspore.Tensor) -> np.ndarray:
    """The tensor's values in float64."""
    return tensor.astype(mindspore.float64).asnumpy()
