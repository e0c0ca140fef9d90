# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One step of Adam for many parameters, as torch's fused operators."""

import numpy

import msops
from mstorch._errors import missing
from mstorch._ops.inplace import bump
from mstorch._registry import operator
from mstorch._tensor import dense


def adam_step(
    params,
    grads,
    averages,
    squares,
    *,
    lr,
    beta1,
    beta2,
    eps,
    weight_decay,
    step,
    maximize,
    decoupled=True,
):
    """Change parameters and both averages in place, by msops; `step` counts from 1."""
    msops.apply_adamw(
        params,
        [dense(grad) for grad in grads],
        averages,
        squares,
        lr=float(lr),
        beta1=float(beta1),
        beta2=float(beta2),
        eps=float(eps),
        weight_decay=float(weight_decay),
        step=int(step),
        gradient_scale=-1.0 if maximize else 1.0,
        decoupled=decoupled,
    )
    for changed in (*params, *averages, *squares):
        bump(changed)


def _fused(name, decoupled):
    def call(
        self,
        grads,
        exp_avgs,
        exp_avg_sqs,
        max_exp_avg_sqs,
        state_steps,
        *,
        lr,
        beta1,
        beta2,
        weight_decay,
        eps,
        amsgrad,
        maximize,
        grad_scale=None,
        found_inf=None,
    ):
        """In place; `state_steps` are the numbers of this step. Served by msops."""
        if amsgrad or grad_scale is not None:
            raise missing(name, "amsgrad and grad_scale; torch.optim and a GradScaler have a way")
        if found_inf is not None and found_inf._a.item():
            return
        steps = numpy.array([step._a.item() for step in state_steps])
        for step in numpy.unique(steps):
            these = numpy.flatnonzero(steps == step)
            adam_step(
                [self[i] for i in these],
                [grads[i] for i in these],
                [exp_avgs[i] for i in these],
                [exp_avg_sqs[i] for i in these],
                lr=lr,
                beta1=beta1,
                beta2=beta2,
                eps=eps,
                weight_decay=weight_decay,
                step=step,
                maximize=maximize,
                decoupled=decoupled,
            )

    call.__name__ = call.__qualname__ = name.rpartition(".")[2]
    return operator(name)(call)


fused_adamw = _fused("torch._fused_adamw_", True)
fused_adam = _fused("torch._fused_adam_", False)
