# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""NAdam (T. Dozat, 2016)."""

from mstorch._ops.creation import tensor, zeros_like
from mstorch.optim._elementwise import Elementwise, check_betas, check_not_negative


class NAdam(Elementwise):
    """Adam with Nesterov's momentum."""

    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        momentum_decay=4e-3,
        decoupled_weight_decay=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
    ):
        check_not_negative(epsilon_value=eps, momentum_decay_value=momentum_decay)
        check_betas(betas)
        super().__init__(
            params,
            lr=lr,
            weight_decay=weight_decay,
            betas=betas,
            eps=eps,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )

    def _new_state(self, param, group):
        means = {name: zeros_like(param.detach()) for name in ("exp_avg", "exp_avg_sq")}
        return {"mu_product": tensor(1.0), **means}

    def _update(self, param, grad, state, group):
        beta1, beta2 = group["betas"]
        step, lr = state["step"].item(), group["lr"]
        now, after = (
            beta1 * (1.0 - 0.5 * 0.96 ** ((step + later) * group["momentum_decay"]))
            for later in (0, 1)
        )
        state["mu_product"] *= now
        product = state["mu_product"].item()
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        root = square.div(1 - beta2**step).sqrt_().add_(group["eps"])
        param.addcdiv_(grad, root, value=-lr * (1.0 - now) / (1.0 - product))
        param.addcdiv_(mean, root, value=-lr * after / (1.0 - product * after))
