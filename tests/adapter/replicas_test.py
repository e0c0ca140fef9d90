# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""DistributedDataParallel trains as PyTorch's does over gloo."""

import pytest

import worlds
from cases import replicas


@pytest.fixture(scope="module")
def both() -> worlds.Both:
    """The answers of both ranks to all programs, here and under PyTorch."""
    return worlds.run_both(2, "replicas", list(replicas.CASES))


@pytest.mark.parametrize("name", replicas.CASES)
def test_every_rank_gets_what_it_gets_under_pytorch(name: str, both: worlds.Both) -> None:
    worlds.check_every_rank(both, name)
