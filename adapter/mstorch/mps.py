# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.mps: there is no such device."""

from mstorch._errors import module_getattr


def device_count():
    """0."""
    return 0


__getattr__ = module_getattr("torch.mps")
