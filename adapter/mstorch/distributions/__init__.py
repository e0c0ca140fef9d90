# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions."""

from mstorch._errors import module_getattr
from mstorch.distributions import (
    bernoulli,
    categorical,
    constraints,
    distribution,
    multivariate_normal,
    normal,
    uniform,
)
from mstorch.distributions.bernoulli import Bernoulli
from mstorch.distributions.categorical import Categorical
from mstorch.distributions.distribution import Distribution
from mstorch.distributions.multivariate_normal import MultivariateNormal
from mstorch.distributions.normal import Normal
from mstorch.distributions.uniform import Uniform

__all__ = [
    "Bernoulli",
    "Categorical",
    "Distribution",
    "MultivariateNormal",
    "Normal",
    "Uniform",
    "bernoulli",
    "categorical",
    "constraints",
    "distribution",
    "multivariate_normal",
    "normal",
    "uniform",
]

__getattr__ = module_getattr("torch.distributions")
