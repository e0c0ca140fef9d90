# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Distributions draw, and say how likely what is drawn is, as in PyTorch."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("distributions"))
def test_a_distribution_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "distributions", name)
