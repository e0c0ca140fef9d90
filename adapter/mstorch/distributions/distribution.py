# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions.distribution: the base of distributions."""

from typing import ClassVar

from mstorch import _device
from mstorch._errors import missing, module_getattr
from mstorch._ops import creation, views
from mstorch._tensor import Tensor
from mstorch.autograd.grad_mode import no_grad


def tensors_of(*values):
    """Numbers and tensors as tensors of one shape, and of the type of the tensors among them."""
    given = [value for value in values if isinstance(value, Tensor)]
    options = {"dtype": given[0].dtype} if given else {}
    made = [v if isinstance(v, Tensor) else creation.tensor(float(v), **options) for v in values]
    return views.broadcast_tensors(*made)


class Distribution:
    """A distribution over events of `event_shape`, one for each place of `batch_shape`."""

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[dict] = {}

    _validates = __debug__

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self._batch_shape, self._event_shape = _device.Size(batch_shape), _device.Size(event_shape)
        if validate_args is not None:
            self._validates = validate_args
        if self._validates:
            for name, constraint in self.arg_constraints.items():
                if name in self.__dict__:
                    self._check(name, getattr(self, name), constraint)

    def _check(self, name, value, constraint):
        if not constraint.check(value).all():
            raise ValueError(
                f"Expected parameter {name} ({type(value).__name__} of shape "
                f"{tuple(value.shape)}) of distribution {self!r} to satisfy the constraint "
                f"{constraint!r}, but found invalid values:\n{value}"
            )

    def _check_sample(self, value):
        if not self._validates:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        support = self.support
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"to be within the support ({support!r}) of the distribution {self!r}, but found "
                f"invalid values:\n{value}"
            )

    @property
    def batch_shape(self):
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self):
        """The shape of one event."""
        return self._event_shape

    def _extended_shape(self, sample_shape=()):
        return _device.Size((*sample_shape, *self._batch_shape, *self._event_shape))

    @no_grad()
    def sample(self, sample_shape=()):
        """Samples, without history."""
        return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        """Samples that are differentiable in the parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no samples that are differentiable")

    @property
    def stddev(self):
        """The standard deviation."""
        return self.variance.sqrt()

    def perplexity(self):
        """The exponential of the entropy."""
        return self.entropy().exp()

    def expand(self, batch_shape, _instance=None):
        """An error: make the distribution of expanded parameters."""
        raise missing(f"torch.distributions.{type(self).__name__}.expand")

    def __repr__(self):
        shown = ", ".join(
            f"{name}: {value if value.numel() == 1 else value.size()}"
            for name, value in ((n, self.__dict__.get(n)) for n in self.arg_constraints)
            if value is not None
        )
        return f"{type(self).__name__}({shown})"


__getattr__ = module_getattr("torch.distributions.distribution")
