# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions.multivariate_normal."""

import math
from typing import ClassVar

from mstorch._errors import missing, module_getattr
from mstorch._ops import decompositions, linalg
from mstorch.distributions import constraints
from mstorch.distributions.distribution import Distribution
from mstorch.distributions.normal import standard_normal


class MultivariateNormal(Distribution):
    """Normal vectors, of a mean and a covariance or the lower triangular factor of it."""

    has_rsample = True
    support = constraints.real_vector
    arg_constraints: ClassVar[dict] = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }

    def __init__(
        self,
        loc,
        covariance_matrix=None,
        precision_matrix=None,
        scale_tril=None,
        validate_args=None,
    ):
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        if precision_matrix is not None:
            raise missing("torch.distributions.MultivariateNormal", "precision_matrix")
        if (covariance_matrix is None) == (scale_tril is None):
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        name = "scale_tril" if covariance_matrix is None else "covariance_matrix"
        matrix = scale_tril if covariance_matrix is None else covariance_matrix
        if matrix.dim() < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading ones")
        size = loc.shape[-1]
        batch = (loc[..., 0].detach() + matrix[..., 0, 0].detach()).shape
        self.loc = loc.expand(*batch, size)
        setattr(self, name, matrix.expand(*batch, size, size))
        super().__init__(batch, (size,), validate_args)
        if scale_tril is None:
            self._factor = decompositions.cholesky(self.covariance_matrix)
        else:
            self._factor = self.scale_tril

    def __getattr__(self, name):
        factor = self.__dict__.get("_factor")
        if factor is not None and name == "scale_tril":
            return factor
        if factor is not None and name == "covariance_matrix":
            return linalg.matmul(factor, factor.mT)
        raise AttributeError(f"'MultivariateNormal' object has no attribute '{name}'")

    mean = property(lambda self: self.loc)
    mode = property(lambda self: self.loc)
    variance = property(lambda self: self._factor.pow(2).sum(-1))

    def rsample(self, sample_shape=()):
        """Samples that are differentiable in the parameters."""
        drawn = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + linalg.matmul(self._factor, drawn.unsqueeze(-1)).squeeze(-1)

    def _half_log_determinant(self):
        return self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value):
        """The logarithm of the density."""
        self._check_sample(value)
        apart = (value - self.loc).unsqueeze(-1)
        solved = decompositions.solve_triangular(self._factor, apart, upper=False)
        squares = solved.pow(2).sum(-1).sum(-1)
        count = self._event_shape[0]
        return -0.5 * (count * math.log(2 * math.pi) + squares) - self._half_log_determinant()

    def entropy(self):
        """The entropy, in nats."""
        count = self._event_shape[0]
        return 0.5 * count * (1.0 + math.log(2 * math.pi)) + self._half_log_determinant()


__getattr__ = module_getattr("torch.distributions.multivariate_normal")
