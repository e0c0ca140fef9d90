# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What an optimizer does to all parameters of a model at once."""

from collections.abc import Sequence

import mindspore

from msops._native import native
from msops.arguments import check_number, check_tensors


def apply_adamw(
    parameters: Sequence[mindspore.Tensor],
    gradients: Sequence[mindspore.Tensor],
    averages: Sequence[mindspore.Tensor],
    squares: Sequence[mindspore.Tensor],
    masters: Sequence[mindspore.Tensor] = (),
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    step: int,
    gradient_scale: float = 1.0,
    decoupled: bool = True,
) -> None:
    """One step of AdamW for many parameters, in place; the gradients stay as they are.

        g = gradient * gradient_scale
        p = p * (1 - lr * weight_decay)
        m = m + (1 - beta1) * (g - m)
        v = beta2 * v + (1 - beta2) * g ** 2
        p = p - lr / (1 - beta1 ** step) * m / (sqrt(v) / sqrt(1 - beta2 ** step) + eps)

    Source: I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", 2017, algorithm 2,
    in the order of operations of torch.optim.AdamW. Nothing is recorded for autograd.

    Args:
        parameters: contiguous; float16, bfloat16 or float32, on the CPU also float64.
        gradients: shapes of the parameters; their dtypes, or float32 where those are half types.
        averages: `m`, shapes of the parameters, contiguous; float32, float64 for float64.
        squares: `v`, as `averages`.
        masters: as `averages`, or none. With them, these are `p`, and the parameters become their
            rounded copies: training in half precision does not lose small updates.
        lr: learning rate; finite and not below 0.
        beta1: decay of the averages, in [0, 1).
        beta2: decay of the squares, in [0, 1).
        eps: finite and not below 0.
        weight_decay: finite and not below 0.
        step: the number of this step, counted from 1.
        gradient_scale: what the gradients are multiplied by first: a loss scale's inverse, what
            they are clipped by, or -1 to climb.
        decoupled: False for Adam, where the decay is a part of the gradient:
            g = g + weight_decay * p.

    Raises:
        TypeError: an argument is no tensor or number, or has another dtype.
        ValueError: lists or shapes do not fit, a number is out of range, or a tensor that is
            changed is not contiguous.
    """
    lists = {
        "parameters": parameters,
        "gradients": gradients,
        "averages": averages,
        "squares": squares,
        "masters": masters,
    }
    for name, tensors in lists.items():
        check_tensors("apply_adamw", name, tensors)
    numbers = {
        "lr": lr,
        "beta1": beta1,
        "beta2": beta2,
        "eps": eps,
        "weight_decay": weight_decay,
        "gradient_scale": gradient_scale,
        "step": step,
    }
    for name, value in numbers.items():
        check_number("apply_adamw", name, value)
    native().apply_adamw(
        *lists.values(),
        lr,
        beta1,
        beta2,
        eps,
        weight_decay,
        gradient_scale,
        bool(decoupled),
        int(step),
    )


def global_norm(tensors: Sequence[mindspore.Tensor]) -> mindspore.Tensor:
    """The Euclidean norm of all elements of many tensors: sqrt of the sum of their squares.

    What gradients are clipped by: R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of
    training recurrent neural networks", 2013, algorithm 1. Not differentiable.

    Args:
        tensors: any shapes and strides; float16, bfloat16 or float32, on the CPU also float64.

    Returns:
        A new float32 scalar; 0 if there are no elements. On the CPU the sum runs in float64: on one
        machine equal inputs give equal bits, with any number of threads.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
    """
    check_tensors("global_norm", "tensors", tensors)
    if not tensors:
        return mindspore.Tensor(0.0, mindspore.float32)
    return native().global_norm(tensors)
