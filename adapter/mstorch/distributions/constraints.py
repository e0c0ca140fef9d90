# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions.constraints: what parameters and values of distributions must be.

Each has `check(value)`, True where an element, or an event of `event_dim` dimensions, is valid.
"""

from mstorch._errors import module_getattr
from mstorch._ops import comparison, decompositions


class Constraint:
    """A condition on tensors."""

    is_discrete = False

    def __init__(self, check, event_dim=0, is_discrete=False, name=""):
        self._check, self._name = check, name
        self.event_dim, self.is_discrete = event_dim, is_discrete

    def check(self, value):
        """Where the value is valid."""
        return self._check(value)

    def __repr__(self):
        return self._name


def interval(lower_bound, upper_bound):
    """Numbers between two bounds, which belong to them."""
    return Constraint(
        lambda value: (lower_bound <= value) & (value <= upper_bound),
        name=f"Interval(lower_bound={lower_bound}, upper_bound={upper_bound})",
    )


def integer_interval(lower_bound, upper_bound):
    """Whole numbers between two bounds, which belong to them."""
    return Constraint(
        lambda value: (value % 1 == 0) & (lower_bound <= value) & (value <= upper_bound),
        is_discrete=True,
        name=f"IntegerInterval(lower_bound={lower_bound}, upper_bound={upper_bound})",
    )


def _is_symmetric(value):
    return comparison.isclose(value, value.mT, atol=1e-6).all(-2).all(-1)


def _is_positive_definite(value):
    if value.shape[-1] != value.shape[-2]:
        return value.new_zeros(value.shape[:-2]).bool()
    symmetric = _is_symmetric(value)
    if not symmetric.all():
        return symmetric
    return (decompositions.eigvalsh(value) > 0).all(-1)


real = Constraint(lambda value: value == value, name="Real()")
real_vector = Constraint(lambda value: (value == value).all(-1), 1, name="IndependentConstraint()")
positive = Constraint(lambda value: value > 0, name="GreaterThan(lower_bound=0.0)")
nonnegative = Constraint(lambda value: value >= 0, name="GreaterThanEq(lower_bound=0.0)")
boolean = Constraint(lambda value: (value == 0) | (value == 1), 0, True, "Boolean()")
unit_interval = interval(0.0, 1.0)
nonnegative_integer = Constraint(
    lambda value: (value % 1 == 0) & (value >= 0), 0, True, "IntegerGreaterThan(lower_bound=0)"
)
simplex = Constraint(
    lambda value: (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6), 1, name="Simplex()"
)
symmetric = Constraint(_is_symmetric, 2, name="Symmetric()")
positive_definite = Constraint(_is_positive_definite, 2, name="PositiveDefinite()")
lower_cholesky = Constraint(
    lambda value: (
        (value.tril() == value).all(-1).all(-1) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)
    ),
    2,
    name="LowerCholesky()",
)

__all__ = [
    "Constraint",
    "boolean",
    "integer_interval",
    "interval",
    "lower_cholesky",
    "nonnegative",
    "nonnegative_integer",
    "positive",
    "positive_definite",
    "real",
    "real_vector",
    "simplex",
    "symmetric",
    "unit_interval",
]

__getattr__ = module_getattr("torch.distributions.constraints")
