# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Adagrad (J. Duchi and others, 2011)."""

from mstorch._errors import missing
from mstorch._ops.creation import full_like, tensor
from mstorch.optim._elementwise import Elementwise, check_not_negative


class Adagrad(Elementwise):
    """Steps divided by the root of the sum of all squared gradients so far."""

    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay=0,
        weight_decay=0,
        initial_accumulator_value=0,
        eps=1e-10,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        fused=None,
    ):
        if fused:
            raise missing("torch.optim.Adagrad", "fused")
        check_not_negative(
            lr_decay_value=lr_decay,
            initial_accumulator_value_value=initial_accumulator_value,
            epsilon_value=eps,
        )
        super().__init__(
            params,
            lr=lr,
            weight_decay=weight_decay,
            lr_decay=lr_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
            foreach=foreach,
            differentiable=differentiable,
            fused=fused,
        )
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param] = {"step": tensor(0.0), **self._new_state(param, group)}

    def _new_state(self, param, group):
        return {"sum": full_like(param.detach(), group["initial_accumulator_value"])}

    def _update(self, param, grad, state, group):
        rate = group["lr"] / (1 + (state["step"].item() - 1) * group["lr_decay"])
        state["sum"].addcmul_(grad, grad)
        param.addcdiv_(grad, state["sum"].sqrt().add_(group["eps"]), value=-rate)
