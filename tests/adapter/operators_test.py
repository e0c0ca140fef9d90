# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Every operator gives PyTorch's values, types, shapes, gradients and kinds of error."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("operators"))
def test_an_operator_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "operators", name)
