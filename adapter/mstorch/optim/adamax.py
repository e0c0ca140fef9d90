# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Adamax (D. Kingma and J. Ba, 2014)."""

from mstorch._ops.creation import zeros_like
from mstorch._ops.pointwise import maximum
from mstorch.optim._elementwise import Elementwise, check_betas, check_not_negative


class Adamax(Elementwise):
    """Adam with a running maximum in place of the mean of squares."""

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        capturable=False,
    ):
        check_not_negative(epsilon_value=eps)
        check_betas(betas)
        super().__init__(
            params,
            lr=lr,
            weight_decay=weight_decay,
            betas=betas,
            eps=eps,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )

    def _new_state(self, param, group):
        return {name: zeros_like(param.detach()) for name in ("exp_avg", "exp_inf")}

    def _update(self, param, grad, state, group):
        beta1, beta2 = group["betas"]
        mean, largest = state["exp_avg"], state["exp_inf"]
        mean.lerp_(grad, 1 - beta1)
        largest.copy_(maximum(largest.mul(beta2), grad.abs().add_(group["eps"])))
        rate = group["lr"] / (1 - beta1 ** state["step"].item())
        param.addcdiv_(mean, largest, value=-rate)
