# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Names that other libraries import; using them raises NotImplementedError."""

from mstorch._errors import module_getattr


def is_torchdynamo_compiling():
    """False: nothing is compiled."""
    return False


__getattr__ = module_getattr("torch.distributed._functional_collectives")
