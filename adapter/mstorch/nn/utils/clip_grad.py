# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Limiting gradients."""

import numpy

import msops
from mstorch._errors import module_getattr
from mstorch._ops import reduction, views
from mstorch._ops.creation import tensor
from mstorch._tensor import Tensor, adopt
from mstorch.autograd.grad_mode import no_grad


def _gradients(parameters):
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in parameters if p.grad is not None]


@no_grad()
def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The norm of the norms of the tensors."""
    tensors = list(tensors)
    if not tensors:
        return tensor(0.0)
    if norm_type == 2.0 and all(t._a.dtype == numpy.float32 for t in tensors):
        total = adopt(msops.global_norm(tensors))
    else:
        norms = [reduction.norm(t, norm_type) for t in tensors]
        total = reduction.norm(views.stack(norms), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped."
        )
    return total


@no_grad()
def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scale all gradients, in place, so that their total norm is at most max_norm; returns the norm
    before.
    """
    gradients = _gradients(parameters)
    total = get_total_norm(gradients, float(norm_type), error_if_nonfinite)
    _scale(gradients, max_norm, total)
    return total


@no_grad()
def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Scale all gradients, in place, as clip_grad_norm_ does where their norm is known."""
    _scale(_gradients(parameters), float(max_norm), total_norm)


def _scale(gradients, max_norm, total):
    factor = (max_norm / (total + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factor)


@no_grad()
def clip_grad_value_(parameters, clip_value, foreach=None):
    """Limit every element of the gradients, in place."""
    for gradient in _gradients(parameters):
        gradient.clamp_(-float(clip_value), float(clip_value))


__getattr__ = module_getattr("torch.nn.utils.clip_grad")
