# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""RMSprop (G. Hinton, 2012; centred: A. Graves, 2013)."""

from mstorch._ops.creation import zeros_like
from mstorch.optim._elementwise import Elementwise, check_not_negative


class RMSprop(Elementwise):
    """Steps divided by the root of a running mean of squared gradients."""

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0,
        momentum=0,
        centered=False,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        check_not_negative(epsilon_value=eps, momentum_value=momentum, alpha_value=alpha)
        super().__init__(
            params,
            lr=lr,
            weight_decay=weight_decay,
            alpha=alpha,
            eps=eps,
            momentum=momentum,
            centered=centered,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )

    def _new_state(self, param, group):
        names = ["square_avg"]
        names += ["momentum_buffer"] if group["momentum"] > 0 else []
        names += ["grad_avg"] if group["centered"] else []
        return {name: zeros_like(param.detach()) for name in names}

    def _update(self, param, grad, state, group):
        alpha, square = group["alpha"], state["square_avg"]
        square.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"]
            mean.lerp_(grad, 1 - alpha)
            square = square.addcmul(mean, mean, value=-1)
        root = square.sqrt().add_(group["eps"])
        if group["momentum"] > 0:
            buffer = state["momentum_buffer"].mul_(group["momentum"]).addcdiv_(grad, root)
            param.add_(buffer, alpha=-group["lr"])
        else:
            param.addcdiv_(grad, root, value=-group["lr"])
