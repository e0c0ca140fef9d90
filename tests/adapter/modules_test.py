# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Containers, hooks and loading of modules are as in PyTorch, error messages included."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("modules"))
def test_a_program_of_modules_agrees_with_torch(
    reference: against_torch.Reference, name: str
) -> None:
    against_torch.compare(reference, "modules", name)
