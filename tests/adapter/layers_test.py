# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Layers draw, name, compute and save what PyTorch's do."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("layers"))
def test_a_layer_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "layers", name)
