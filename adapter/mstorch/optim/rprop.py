# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Rprop (M. Riedmiller and H. Braun, 1993)."""

from mstorch._ops.creation import full_like, zeros_like
from mstorch.optim._elementwise import Elementwise


class Rprop(Elementwise):
    """Steps of sizes that grow while the sign of a gradient stays, and shrink when it changes."""

    def __init__(
        self,
        params,
        lr=1e-2,
        etas=(0.5, 1.2),
        step_sizes=(1e-6, 50),
        *,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            lr=lr,
            etas=etas,
            step_sizes=step_sizes,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )

    def _new_state(self, param, group):
        return {
            "prev": zeros_like(param.detach()),
            "step_size": full_like(param.detach(), float(group["lr"])),
        }

    def _update(self, param, grad, state, group):
        shrink, grow = group["etas"]
        agreement = grad.mul(state["prev"])
        factor = zeros_like(agreement).add_(1).masked_fill_(agreement > 0, grow)
        factor.masked_fill_(agreement < 0, shrink)
        state["step_size"].mul_(factor).clamp_(*group["step_sizes"])
        # Where the sign has changed, nothing moves, and the next gradient is taken as new.
        grad = grad.masked_fill(agreement < 0, 0)
        param.addcmul_(grad.sign(), state["step_size"], value=-1)
        state["prev"].copy_(grad)
