# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""RAdam (L. Liu and others, 2019)."""

from mstorch._ops.creation import zeros_like
from mstorch.optim._elementwise import Elementwise, check_betas, check_not_negative


class RAdam(Elementwise):
    """Adam that divides by the mean of squares only once that is known well enough."""

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        decoupled_weight_decay=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
    ):
        check_not_negative(epsilon_value=eps)
        check_betas(betas)
        super().__init__(
            params,
            lr=lr,
            weight_decay=weight_decay,
            betas=betas,
            eps=eps,
            decoupled_weight_decay=decoupled_weight_decay,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )

    def _new_state(self, param, group):
        return {name: zeros_like(param.detach()) for name in ("exp_avg", "exp_avg_sq")}

    def _update(self, param, grad, state, group):
        beta1, beta2 = group["betas"]
        step, mean, square = state["step"].item(), state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        left = 1 - beta2**step
        limit = 2 / (1 - beta2) - 1
        length = limit - 2 * step * (1 - left) / left
        change = mean.div(1 - beta1**step)
        if length > 5.0:
            rectified = (length - 4) * (length - 2) * limit
            rectified /= (limit - 4) * (limit - 2) * length
            change.mul_((rectified * left) ** 0.5).div_(square.sqrt().add_(group["eps"]))
        param.add_(change, alpha=-group["lr"])
