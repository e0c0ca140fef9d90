# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions.uniform."""

from mstorch._errors import module_getattr
from mstorch._ops import sampling


class Uniform:
    """Uniform between two tensors or numbers."""

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = low, high

    def rsample(self, sample_shape=()):
        """Samples that are differentiable in the bounds."""
        span = self.high - self.low
        return self.low + sampling.rand((*sample_shape, *span.shape), dtype=span.dtype) * span

    sample = rsample


__getattr__ = module_getattr("torch.distributions.uniform")
