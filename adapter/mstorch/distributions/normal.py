# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions.normal."""

import math
from typing import ClassVar

from mstorch._errors import module_getattr
from mstorch._ops import sampling
from mstorch.distributions import constraints
from mstorch.distributions.distribution import Distribution, tensors_of


class Normal(Distribution):
    """Normal, of a mean and a standard deviation."""

    has_rsample = True
    support = constraints.real
    arg_constraints: ClassVar[dict] = {"loc": constraints.real, "scale": constraints.positive}

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = tensors_of(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    mean = property(lambda self: self.loc)
    mode = property(lambda self: self.loc)
    stddev = property(lambda self: self.scale)
    variance = property(lambda self: self.scale.pow(2))

    def rsample(self, sample_shape=()):
        """Samples that are differentiable in the parameters."""
        shape = self._extended_shape(sample_shape)
        return self.loc + standard_normal(shape, self.loc) * self.scale

    def log_prob(self, value):
        """The logarithm of the density."""
        self._check_sample(value)
        squares = (value - self.loc) ** 2 / (2 * self.variance)
        return -squares - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value):
        """The probability of a smaller number."""
        self._check_sample(value)
        return 0.5 * (1 + ((value - self.loc) * self.scale.reciprocal() / math.sqrt(2)).erf())

    def entropy(self):
        """The entropy, in nats."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


def standard_normal(shape, like):
    """Normal numbers of mean 0 and deviation 1 in a shape and the type of a tensor."""
    return sampling.normal(like.new_zeros(shape), like.new_ones(shape))


__getattr__ = module_getattr("torch.distributions.normal")
