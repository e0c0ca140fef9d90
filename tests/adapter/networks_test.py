# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Modules, optimizers, schedules and one-process groups behave as PyTorch's."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("networks"))
def test_a_network_program_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "networks", name)
