# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.backends.mps: a back-end that is not there."""

from mstorch._errors import module_getattr


def is_available():
    """False."""
    return False


def is_built():
    """False."""
    return False


__getattr__ = module_getattr("torch.backends.mps")
