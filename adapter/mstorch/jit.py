# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.jit: functions stay Python functions, which is what scripting promises to compute."""

from mstorch._errors import module_getattr


def script(obj, *args, **kwargs):
    """The function or module itself."""
    return obj


def ignore(drop=False, **kwargs):
    """The function itself; also used with parentheses."""
    return drop if callable(drop) else lambda function: function


def unused(function):
    """The function itself."""
    return function


def export(function):
    """The function itself."""
    return function


def is_scripting():
    """False."""
    return False


def is_tracing():
    """False."""
    return False


__getattr__ = module_getattr("torch.jit")
