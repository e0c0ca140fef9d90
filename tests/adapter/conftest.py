# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One PyTorch process for all tests of a run."""

from collections.abc import Iterator

import pytest

import against_torch


@pytest.fixture(scope="session")
def reference() -> Iterator[against_torch.Reference]:
    """A PyTorch process that evaluates cases."""
    with against_torch.Reference() as process:
        yield process
