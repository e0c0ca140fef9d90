# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Loaders give PyTorch's batches in PyTorch's order."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("loading"))
def test_loading_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "loading", name)
