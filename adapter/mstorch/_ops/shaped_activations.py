# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Activations made of other operators, which give them their derivatives."""

from mstorch._ops import inplace, pointwise
from mstorch._ops.activation import relu6, softmax
from mstorch._registry import operator


def _into(input, result):
    inplace.check_writable(input)
    return inplace.write(input, result)


def _check_floating(name, input):
    if not input.is_floating_point():
        raise RuntimeError(f'"{name}_cpu" not implemented for {input.dtype}')


def _exponential_below(input, alpha, scale, input_scale):
    # The part that is not taken must not overflow: its derivative would be nan.
    below = pointwise.expm1(pointwise.clamp(input, max=0) * input_scale) * alpha
    return pointwise.where(input > 0, input, below) * scale


@operator("torch.nn.functional.elu")
def elu(input, alpha=1.0, inplace=False):
    """x above zero, `alpha * (exp(x) - 1)` below (D. Clevert and others, 2015)."""
    _check_floating("elu", input)
    result = _exponential_below(input, alpha, 1.0, 1.0)
    return _into(input, result) if inplace else result


@operator("torch.nn.functional.celu", "torch.celu")
def celu(input, alpha=1.0, inplace=False):
    """elu whose slope is 1 at zero for every alpha (J. Barron, 2017)."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    _check_floating("elu", input)
    result = _exponential_below(input, alpha, 1.0, 1.0 / alpha)
    return _into(input, result) if inplace else result


@operator("torch.nn.functional.selu", "torch.selu")
def selu(input, inplace=False):
    """elu with the constants that keep mean and variance (G. Klambauer and others, 2017)."""
    _check_floating("elu", input)
    result = _exponential_below(input, 1.6732632423543772, 1.0507009873554805, 1.0)
    return _into(input, result) if inplace else result


@operator("torch.nn.functional.hardsigmoid")
def hardsigmoid(input, inplace=False):
    """A line from 0 at -3 to 1 at 3."""
    _check_floating("hardsigmoid", input)
    result = relu6(input + 3) / 6
    return _into(input, result) if inplace else result


@operator("torch.nn.functional.hardswish")
def hardswish(input, inplace=False):
    """x times hardsigmoid (A. Howard and others, 2019)."""
    _check_floating("hardswish", input)
    result = input * relu6(input + 3) / 6
    return _into(input, result) if inplace else result


@operator("torch.nn.functional.softsign")
def softsign(input):
    """`x / (1 + |x|)`."""
    return input / (pointwise.abs(input) + 1)


@operator("torch.nn.functional.gumbel_softmax")
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A softmax of logits with Gumbel noise; with `hard` one-hot, with the derivative of the
    softmax (E. Jang and others, 2016).
    """
    noise = -logits.detach().new_empty(logits.shape).exponential_().log()
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    places = soft.max(dim, keepdim=True)[1]
    return logits.new_zeros(logits.shape).scatter_(dim, places, 1.0) - soft.detach() + soft
