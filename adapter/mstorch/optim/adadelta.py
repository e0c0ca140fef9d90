# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Adadelta (M. Zeiler, 2012)."""

from mstorch._ops.creation import zeros_like
from mstorch.optim._elementwise import Elementwise, check_not_negative


class Adadelta(Elementwise):
    """Steps as large as running means of earlier steps, divided by those of gradients."""

    def __init__(
        self,
        params,
        lr=1.0,
        rho=0.9,
        eps=1e-6,
        weight_decay=0,
        foreach=None,
        *,
        capturable=False,
        maximize=False,
        differentiable=False,
    ):
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative(epsilon_value=eps)
        super().__init__(
            params,
            lr=lr,
            weight_decay=weight_decay,
            rho=rho,
            eps=eps,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )

    def _new_state(self, param, group):
        return {name: zeros_like(param.detach()) for name in ("square_avg", "acc_delta")}

    def _update(self, param, grad, state, group):
        rho, eps = group["rho"], group["eps"]
        square, steps = state["square_avg"], state["acc_delta"]
        square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = steps.add(eps).sqrt_().div_(square.add(eps).sqrt_()).mul_(grad)
        steps.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        param.add_(delta, alpha=-group["lr"])
