# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Optimizers and schedules behave as PyTorch's."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("optimizers"))
def test_an_optimizer_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "optimizers", name)
