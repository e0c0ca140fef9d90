# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions.bernoulli."""

from typing import ClassVar

from mstorch._errors import module_getattr
from mstorch._limits import finfo
from mstorch._ops import loss, pointwise, sampling
from mstorch.autograd.grad_mode import no_grad
from mstorch.distributions import constraints
from mstorch.distributions.distribution import Distribution, tensors_of


class Bernoulli(Distribution):
    """1 with a probability, else 0."""

    support = constraints.boolean
    arg_constraints: ClassVar[dict] = {
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        if probs is None:
            (self.logits,) = tensors_of(logits)
        else:
            (self.probs,) = tensors_of(probs)
        given = self.__dict__["logits" if probs is None else "probs"]
        super().__init__(given.shape, validate_args=validate_args)

    def __getattr__(self, name):
        if name == "probs" and "logits" in self.__dict__:
            self.probs = pointwise.sigmoid(self.logits)
        elif name == "logits" and "probs" in self.__dict__:
            eps = finfo(self.probs.dtype).eps
            kept = self.probs.clamp(min=eps, max=1 - eps)
            self.logits = kept.log() - (-kept).log1p()
        else:
            raise AttributeError(f"'Bernoulli' object has no attribute '{name}'")
        return self.__dict__[name]

    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    @no_grad()
    def sample(self, sample_shape=()):
        """Zeros and ones."""
        return sampling.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        """The logarithm of the probability of 0 or 1."""
        self._check_sample(value)
        shape = (value + self.logits).shape
        return -loss.binary_cross_entropy_with_logits(
            self.logits.expand(shape), value.expand(shape), reduction="none"
        )

    def entropy(self):
        """The entropy, in nats."""
        return loss.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")


__getattr__ = module_getattr("torch.distributions.bernoulli")
