# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributions."""

from mstorch._errors import module_getattr
from mstorch.distributions import constraints, uniform

__all__ = ["constraints", "uniform"]

__getattr__ = module_getattr("torch.distributions")
