# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Mixed precision casts what PyTorch casts, and scales as PyTorch scales."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("mixed_precision"))
@pytest.mark.filterwarnings("ignore")
def test_mixed_precision_agrees_with_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "mixed_precision", name)
