# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded programs give PyTorch's values, gradients and kinds of error."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("functions"))
def test_a_recorded_program_agrees_with_torch(
    reference: against_torch.Reference, name: str
) -> None:
    against_torch.compare(reference, "functions", name)
