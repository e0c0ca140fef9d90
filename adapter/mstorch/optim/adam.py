# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Adam and AdamW (D. Kingma and J. Ba, 2014; I. Loshchilov and F. Hutter, 2017), with torch's order
of operations.

msops updates all parameters of a group at once. Parameters in half precision are updated on their
arrays, operation by operation: torch keeps their moments in half precision too and rounds after
each. So are those of AMSGrad (S. Reddi and others, 2018), which msops does not have.
"""

import numpy

import msops
from mstorch._errors import missing
from mstorch._ops.inplace import bump
from mstorch._ops.pointwise import lerp_kernel
from mstorch._tensor import wrap
from mstorch.optim.optimizer import Optimizer


def _number(value):
    return value if isinstance(value, (int, float)) else value.item()


class Adam(Optimizer):
    """Adam; weight decay is added to the gradient."""

    _decoupled = False

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=None,
    ):
        if capturable or differentiable:
            raise missing(f"torch.optim.{type(self).__name__}", "capturable and differentiable")
        if _number(lr) < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if eps < 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for i, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        decoupled = self._decoupled if decoupled_weight_decay is None else decoupled_weight_decay
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled,
        }
        super().__init__(params, defaults)

    def step(self, closure=None):
        """One update of every parameter that has a gradient."""
        return self.update_groups(closure, self._update_group)

    def _state_of(self, param, group):
        state = self.state[param]
        if not state:
            state["step"] = wrap(numpy.zeros((), numpy.float32))
            largest = ("max_exp_avg_sq",) if group["amsgrad"] else ()
            for name in ("exp_avg", "exp_avg_sq", *largest):
                state[name] = wrap(numpy.zeros(param._a.shape, param._a.dtype))
        return state

    def _update_group(self, params, group):
        at_once = {}  # by the number of the step
        for param in params:
            state = self._state_of(param, group)
            state["step"]._a += 1
            alone = group["amsgrad"] or param._a.dtype.itemsize == 2
            if alone or not param._a.flags.c_contiguous:
                self._update_alone(param, group, state)
            else:
                at_once.setdefault(state["step"]._a.item(), []).append(param)
            for changed in (param, *state.values()):
                bump(changed)
        for step, several in at_once.items():
            self._update_at_once(several, group, step)

    def _update_at_once(self, params, group, step):
        states = [self.state[param] for param in params]
        beta1, beta2 = group["betas"]
        msops.apply_adamw(
            params,
            [param.grad for param in params],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            lr=_number(group["lr"]),
            beta1=_number(beta1),
            beta2=_number(beta2),
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            step=int(step),
            gradient_scale=-1.0 if group["maximize"] else 1.0,
            decoupled=group["decoupled_weight_decay"],
        )

    def _update_alone(self, param, group, state):
        value, grad = param._a, param.grad._a
        average, square = state["exp_avg"]._a, state["exp_avg_sq"]._a
        number = value.dtype.type
        beta1, beta2 = group["betas"]
        lr, decay = _number(group["lr"]), group["weight_decay"]
        if group["maximize"]:
            grad = -grad
        step = state["step"]._a.item()
        if decay != 0:
            if group["decoupled_weight_decay"]:
                value *= number(1 - lr * decay)
            else:
                grad = grad + number(decay) * value
        average[...] = lerp_kernel(average, grad, 1 - beta1)
        square *= number(beta2)
        square += number(1 - beta2) * grad * grad
        if group["amsgrad"]:
            square = numpy.maximum(state["max_exp_avg_sq"]._a, square, state["max_exp_avg_sq"]._a)
        denominator = numpy.sqrt(square)
        denominator /= number((1 - beta2**step) ** 0.5)
        denominator += number(group["eps"])
        value += number(-(lr / (1 - beta1**step))) * average / denominator


class AdamW(Adam):
    """Adam with weight decay applied to the parameter itself."""

    _decoupled = True

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        **options,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **options)
