# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Python's search for cycles stands still while trees are converted.

Syntax trees hold no cycles, and looking for these takes twice as long as parsing.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Look for no cycles inside of the block."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
