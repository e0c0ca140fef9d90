# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Norms, activations, rotary embedding and loss of torch_npu."""

import numpy

import msops
from mstorch._autograd import unrecorded_all
from mstorch._errors import missing
from mstorch._ops import activation, gated, linalg, loss, normalization, pointwise, rotary, views
from mstorch._tensor import dense, wrap

_ROTARY_MODES = {0: "half", 1: "interleaved"}
_ROTARY_WORDS = {"half": "half", "interleave": "interleaved"}


def npu_rms_norm(self, gamma, epsilon=1e-06):
    """`self / rms * gamma` over the dimensions of gamma, and 1 / rms, float32."""
    return normalization.scaled_rms_norm(self, gamma._a.shape, gamma, epsilon)


def npu_add_rms_norm(x1, x2, gamma, epsilon=1e-06):
    """npu_rms_norm of `x1 + x2`: y, 1 / rms and the sum."""
    y, total, scale = normalization.add_rms_norm(x1, x2, gamma, epsilon)
    return y, scale, total


def npu_swiglu(self, dim=-1):
    """`silu(a) * b`, a and b the halves along a dimension."""
    if dim in (-1, self._a.ndim - 1):
        return gated.swiglu(self)
    return views.movedim(gated.swiglu(views.movedim(self, dim, -1)), -1, dim)


def npu_swiglu_backward(grad_output, self, dim=-1):
    """The gradient of npu_swiglu. Not recorded."""
    dy, x = (dense(views.movedim(t.detach(), dim, -1)) for t in (grad_output, self))
    dx, _, _ = unrecorded_all(msops.parts.swiglu_grad, dy, x)
    return views.movedim(dx, -1, dim)


def fast_gelu(self):
    """`x * sigmoid(1.702 * x)`."""
    return pointwise.mul(self, pointwise.sigmoid(pointwise.mul(self, 1.702)))


npu_fast_gelu = fast_gelu


def npu_rotary_mul(input, r1, r2, rotary_mode="half", rotate=None):
    """`r1 * x + r2 * turned(x)`; `turned` swaps halves or neighbours, the first negated, or is the
    product with `rotate`.
    """
    if rotary_mode not in _ROTARY_WORDS:
        raise ValueError(
            f"torch_npu.npu_rotary_mul: rotary_mode must be 'half' or 'interleave', got "
            f"{rotary_mode!r}"
        )
    if rotate is not None:
        turned = linalg.matmul(input, rotate.detach())
        return pointwise.add(pointwise.mul(r1, input), pointwise.mul(r2, turned))
    return rotary.rotary_position_embedding(input, r1, r2, _ROTARY_WORDS[rotary_mode])


def npu_rotary_position_embedding(x, cos, sin, mode=0):
    """`x * cos + turned(x) * sin`: with mode 0 halves are turned, with 1 neighbours."""
    if mode not in _ROTARY_MODES:
        raise missing("torch_npu.npu_rotary_position_embedding", f"mode {mode}; there are 0 and 1")
    return rotary.rotary_position_embedding(x, cos, sin, _ROTARY_MODES[mode])


def npu_cross_entropy_loss(
    input,
    target,
    weight=None,
    reduction="mean",
    ignore_index=-100,
    label_smoothing=0.0,
    lse_square_scale_for_zloss=0.0,
    return_zloss=False,
):
    """F.cross_entropy of (N, C): the loss, with the shape (1,) where it is reduced, log_softmax,
    and two empty tensors: torch_npu has no loss z either.
    """
    if return_zloss or lse_square_scale_for_zloss:
        raise missing("torch_npu.npu_cross_entropy_loss", "zloss, which torch_npu has not either")
    result = loss.cross_entropy(
        input,
        target,
        weight,
        ignore_index=ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
    if reduction != "none":
        result = views.reshape(result, (1,))
    nothing = (wrap(numpy.zeros(0, input._a.dtype)) for _ in range(2))
    return (result, activation.log_softmax(input.detach(), 1), *nothing)
