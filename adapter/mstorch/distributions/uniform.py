# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions.uniform."""

from mstorch._errors import module_getattr
from mstorch._ops import sampling
from mstorch.distributions import constraints
from mstorch.distributions.distribution import Distribution, tensors_of


class Uniform(Distribution):
    """Uniform between two tensors or numbers."""

    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = tensors_of(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validates and not (self.low < self.high).all():
            raise ValueError("Uniform is not defined when low>= high")

    support = property(lambda self: constraints.interval(self.low, self.high))
    mean = property(lambda self: (self.high + self.low) / 2)
    variance = property(lambda self: (self.high - self.low).pow(2) / 12)

    def rsample(self, sample_shape=()):
        """Samples that are differentiable in the bounds."""
        drawn = sampling.rand(self._extended_shape(sample_shape), dtype=self.low.dtype)
        return self.low + drawn * (self.high - self.low)

    def log_prob(self, value):
        """The logarithm of the density."""
        self._check_sample(value)
        inside = (self.low <= value).to(self.low.dtype) * (value < self.high).to(self.low.dtype)
        return inside.log() - (self.high - self.low).log()

    def entropy(self):
        """The entropy, in nats."""
        return (self.high - self.low).log()


__getattr__ = module_getattr("torch.distributions.uniform")
