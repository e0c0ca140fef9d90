# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Averaged stochastic gradient descent (B. Polyak and A. Juditsky, 1992)."""

from mstorch._ops.creation import tensor, zeros_like
from mstorch.optim._elementwise import Elementwise


class ASGD(Elementwise):
    """Gradient descent that keeps the mean of the parameters since step `t0` in its state."""

    def __init__(
        self,
        params,
        lr=1e-2,
        lambd=1e-4,
        alpha=0.75,
        t0=1e6,
        weight_decay=0,
        foreach=None,
        maximize=False,
        differentiable=False,
        capturable=False,
    ):
        super().__init__(
            params,
            lr=lr,
            weight_decay=weight_decay,
            lambd=lambd,
            alpha=alpha,
            t0=t0,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )

    def _new_state(self, param, group):
        return {
            "eta": tensor(float(group["lr"])),
            "mu": tensor(1.0),
            "ax": zeros_like(param.detach()),
        }

    def _update(self, param, grad, state, group):
        rate, part, mean = state["eta"].item(), state["mu"].item(), state["ax"]
        param.mul_(1 - group["lambd"] * rate)
        param.add_(grad, alpha=-rate)
        if part == 1:
            mean.copy_(param)
        else:
            mean.add_(param.sub(mean).mul_(part))
        step, lr = state["step"].item(), group["lr"]
        state["eta"] = tensor(lr / (1 + group["lambd"] * lr * step) ** group["alpha"])
        state["mu"] = tensor(1 / max(1, step - group["t0"]))
