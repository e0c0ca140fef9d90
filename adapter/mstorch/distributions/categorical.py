# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions.categorical."""

import math
from typing import ClassVar

from mstorch._errors import module_getattr
from mstorch._limits import finfo
from mstorch._ops import activation, reduction, sampling
from mstorch.autograd.grad_mode import no_grad
from mstorch.distributions import constraints
from mstorch.distributions.distribution import Distribution


class Categorical(Distribution):
    """A number of a category, of weights or of logits in the last dimension."""

    arg_constraints: ClassVar[dict] = {
        "probs": constraints.simplex,
        "logits": constraints.real_vector,
    }

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        given = logits if probs is None else probs
        if given.dim() < 1:
            raise ValueError(
                f"`{'logits' if probs is None else 'probs'}` parameter must be at least "
                "one-dimensional."
            )
        if probs is None:
            self.logits = logits - reduction.logsumexp(logits, -1, keepdim=True)
        else:
            self.probs = probs / probs.sum(-1, keepdim=True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], validate_args=validate_args)

    def __getattr__(self, name):
        if name == "probs" and "logits" in self.__dict__:
            self.probs = activation.softmax(self.logits, -1)
        elif name == "logits" and "probs" in self.__dict__:
            eps = finfo(self.probs.dtype).eps
            self.logits = self.probs.clamp(min=eps, max=1 - eps).log()
        else:
            raise AttributeError(f"'Categorical' object has no attribute '{name}'")
        return self.__dict__[name]

    support = property(lambda self: constraints.integer_interval(0, self._num_events - 1))
    mode = property(lambda self: self.probs.argmax(-1))
    param_shape = property(lambda self: self.probs.size())

    @no_grad()
    def sample(self, sample_shape=()):
        """Numbers of categories."""
        count = math.prod(sample_shape)
        flat = self.probs.reshape(-1, self._num_events)
        drawn = sampling.multinomial(flat, count, True)
        return drawn.T.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value):
        """The logarithm of the probability of a category."""
        self._check_sample(value)
        value = value.long().unsqueeze(-1)
        shape = self.logits.shape
        if value.shape[:-1] != shape[:-1]:
            both = value.new_zeros(()).expand(value.shape[:-1]) + value.new_zeros(shape[:-1])
            value = value.expand(*both.shape, 1)
        logits = self.logits.expand(*value.shape[:-1], self._num_events)
        return logits.gather(-1, value).squeeze(-1)

    def entropy(self):
        """The entropy, in nats."""
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)


__getattr__ = module_getattr("torch.distributions.categorical")
