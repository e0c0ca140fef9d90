# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What torch_npu has for optimizers."""

import math

from mstorch._errors import missing
from mstorch._ops.fused_optimizers import adam_step

_ADAM = "torch_npu.npu_apply_adam_w"


def npu_apply_adam_w(
    beta1_power,
    beta2_power,
    lr,
    weight_decay,
    beta1,
    beta2,
    epsilon,
    grad,
    max_grad_norm,
    amsgrad,
    maximize,
    *,
    out,
):
    """One step of AdamW on `out`, (parameter, average, average of squares), in place.

    `beta1_power` and `beta2_power` are the decays to the power of the steps before this one.
    """
    if amsgrad:
        raise missing(_ADAM, "amsgrad; torch.optim does without it")
    var, average, squares = out
    if average._a.dtype.itemsize < 4 or squares._a.dtype.itemsize < 4:
        raise missing(_ADAM, "averages in half types, which lose small updates; make them float32")
    adam_step(
        [var],
        [grad],
        [average],
        [squares],
        lr=lr,
        beta1=beta1,
        beta2=beta2,
        eps=epsilon,
        weight_decay=weight_decay,
        step=_step_of(float(beta1), float(beta1_power), float(beta2), float(beta2_power)),
        maximize=maximize,
    )
    return var, average, squares


def _step_of(beta1, power1, beta2, power2):
    """The step t of which the powers are beta1 ** (t - 1) and beta2 ** (t - 1)."""
    decay, power = (beta2, power2) if 0 < beta2 < 1 else (beta1, power1)
    if 0 < decay < 1 and 0 < power <= 1:
        before = round(math.log(power) / math.log(decay))
        if _near(beta1**before, power1) and _near(beta2**before, power2):
            return before + 1
    raise ValueError(
        f"{_ADAM}: beta1_power and beta2_power must be beta1 ** (t - 1) and beta2 ** (t - 1) of "
        f"one step t, got {power1} for {beta1} and {power2} for {beta2}"
    )


def _near(one, other):
    return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-30)
