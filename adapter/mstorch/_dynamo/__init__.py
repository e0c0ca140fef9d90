# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch._dynamo: hints for a compiler; nothing is compiled, so there is nothing to hint at."""

from mstorch._dynamo import config
from mstorch._errors import module_getattr

__all__ = ["config"]


def allow_in_graph(function):
    """The function itself."""
    return function


def disable(function=None, recursive=True, **options):
    """The function itself; also used with parentheses."""
    return function if function is not None else lambda inner: inner


def is_compiling():
    """False."""
    return False


def mark_static_address(tensor, guard=True):
    """Nothing to note."""


def mark_dynamic(tensor, index, **options):
    """Nothing to note."""


__getattr__ = module_getattr("torch._dynamo")
