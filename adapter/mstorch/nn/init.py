# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.init: filling parameters. Streams and formulas are torch's, so the same seed gives
the same weights.
"""

import math
import warnings

from mstorch._errors import module_getattr
from mstorch._ops import creation, pointwise
from mstorch.autograd.grad_mode import no_grad


@no_grad()
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Uniform in [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Normal."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def constant_(tensor, val):
    """One value."""
    return tensor.fill_(val)


@no_grad()
def ones_(tensor):
    """Ones."""
    return tensor.fill_(1.0)


@no_grad()
def zeros_(tensor):
    """Zeros."""
    return tensor.zero_()


@no_grad()
def eye_(tensor):
    """The identity matrix."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return tensor if tensor.is_meta else tensor.zero_().fill_diagonal_(1.0)


@no_grad()
def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Normal, cut to [a, b]: drawn, and drawn anew where outside; where [a, b] holds little of the
    distribution, uniform numbers are kept with the probability that they have there.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect.",
            stacklevel=2,
        )
    if tensor.is_meta:
        return tensor
    low, high = ((edge - mean) / std / math.sqrt(2) for edge in (a, b))
    if (math.erf(high) - math.erf(low)) / 2 > 0.3:
        return _drawn_until_inside(tensor, mean, std, a, b, generator)
    return _kept_by_probability(tensor, mean, std, a, b, generator)


def _drawn_until_inside(tensor, mean, std, a, b, generator):
    low, high = tensor.new_tensor(a), tensor.new_tensor(b)
    tensor.normal_(mean, std, generator=generator)
    while (outside := (tensor < low) | (tensor > high)).any():
        again = creation.empty_like(tensor).normal_(mean, std, generator=generator)
        tensor.copy_(pointwise.where(outside, again, tensor))
    return tensor


def _kept_by_probability(tensor, mean, std, a, b, generator):
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2

    def refused(numbers):
        density = ((numbers - mean) / std).pow(2) * -0.5 - peak
        return creation.empty_like(numbers).uniform_(generator=generator).log() > density

    tensor.uniform_(a, b, generator=generator)
    pending = refused(tensor)
    while pending.any():
        numbers = creation.empty_like(tensor).uniform_(a, b, generator=generator)
        tensor.copy_(pointwise.where(pending, numbers, tensor))
        pending = pending & refused(numbers)
    return tensor


def calculate_gain(nonlinearity, param=None):
    """The factor that keeps the variance through a nonlinearity."""
    if nonlinearity in ("linear", "sigmoid", "conv1d", "conv2d", "conv3d"):
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def _calculate_fan_in_and_fan_out(tensor):
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _fan(tensor, mode):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return _calculate_fan_in_and_fan_out(tensor)[0 if mode == "fan_in" else 1]


@no_grad()
def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Uniform, after He et al., "Delving deep into rectifiers", 2015."""
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode))
    return tensor.uniform_(-bound, bound, generator=generator)


@no_grad()
def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Normal, after He et al., "Delving deep into rectifiers", 2015."""
    return tensor.normal_(
        0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)), generator=generator
    )


@no_grad()
def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Uniform, after Glorot and Bengio, "Understanding the difficulty of training deep feedforward
    networks", 2010.
    """
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return tensor.uniform_(-bound, bound, generator=generator)


@no_grad()
def xavier_normal_(tensor, gain=1.0, generator=None):
    """Normal, after Glorot and Bengio, "Understanding the difficulty of training deep feedforward
    networks", 2010.
    """
    return tensor.normal_(
        0, gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))), generator=generator
    )


def _older(function):
    """The name of before torch 0.4, without an underscore: the same function, with a warning."""
    name = function.__name__.removesuffix("_")

    def call(*args, **kwargs):
        warnings.warn(
            f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.",
            FutureWarning,
            stacklevel=2,
        )
        return function(*args, **kwargs)

    call.__name__, call.__doc__ = name, f"Deprecated: use {name}_."
    return call


constant = _older(constant_)
eye = _older(eye_)
kaiming_normal = _older(kaiming_normal_)
kaiming_uniform = _older(kaiming_uniform_)
normal = _older(normal_)
uniform = _older(uniform_)
xavier_normal = _older(xavier_normal_)
xavier_uniform = _older(xavier_uniform_)

__getattr__ = module_getattr("torch.nn.init")
