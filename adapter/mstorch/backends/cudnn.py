# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.backends.cudnn: switches of a back-end that is not there; they can be set and change
nothing.
"""

from mstorch._errors import module_getattr

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True


def is_available():
    """False."""
    return False


def version():
    """None."""
    return None


__getattr__ = module_getattr("torch.backends.cudnn")
