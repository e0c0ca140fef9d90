# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Judges a converted file by Python's parser alone: nothing here is shared with the converter."""

import ast
import gc
import warnings
from collections import Counter

# Syntax trees hold no cycles, and looking for some takes longer than all the rest.
gc.disable()


def tree(data: bytes) -> ast.Module | None:
    """The syntax tree, or None for a file that is no Python (3.11)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def compiles(data: bytes) -> bool:
    """Whether Python compiles the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "file.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def imports(module: ast.Module) -> list[str]:
    """The modules that absolute imports name."""
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.append(node.module)
    return found


def strings(module: ast.Module) -> Counter[str]:
    """How often each string stands in a file."""
    return Counter(
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
