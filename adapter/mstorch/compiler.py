# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.compiler: nothing is compiled."""

from mstorch._errors import module_getattr


def disable(fn=None, recursive=True, **kwargs):
    """The function itself; also used with parentheses."""
    return fn if fn is not None else lambda function: function


def is_compiling():
    """False."""
    return False


def is_exporting():
    """False."""
    return False


def is_dynamo_compiling():
    """False."""
    return False


__getattr__ = module_getattr("torch.compiler")
