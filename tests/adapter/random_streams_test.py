# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Seeds give PyTorch's numbers."""

import pytest

import against_torch


@pytest.mark.parametrize("name", against_torch.names("random_streams"))
def test_a_seed_gives_the_numbers_of_torch(reference: against_torch.Reference, name: str) -> None:
    against_torch.compare(reference, "random_streams", name)
