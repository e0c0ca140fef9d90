# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""megatron-core, converted, trains on two processes as it does under PyTorch over gloo."""

import os
from pathlib import Path

import numpy
import pytest

import worlds
from cases import megatron

# Megatron as it was before conversion, in the runfiles unless it is elsewhere.
_IN_RUNFILES = worlds.FOLDER.absolute().parents[2] / "megatron_core/megatron_core_torch"
_REFERENCE = Path(os.environ.get("MINDFORGE_REFERENCE_PATH", _IN_RUNFILES))


@pytest.fixture(scope="module")
def both() -> worlds.Both:
    """The answers of both ranks to all programs, here and under PyTorch."""
    return worlds.run_both(2, "megatron", list(megatron.CASES), _REFERENCE)


@pytest.mark.parametrize("name", megatron.CASES)
def test_losses_and_gradient_norms_are_pytorchs(
    name: str, both: worlds.Both, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = (numpy.array([answers[name] for answers in world]) for world in both)
    assert ours.shape == theirs.shape == (2, 4, 2)
    apart = numpy.max(numpy.abs(ours - theirs) / theirs, axis=(0, 1))
    with capsys.disabled():
        print(f"\n{name}: largest relative difference of losses and norms: {apart}")
    assert apart[0] < 1e-5, f"losses {ours[..., 0]} where PyTorch has {theirs[..., 0]}"
    assert apart[1] < 1e-4, f"norms {ours[..., 1]} where PyTorch has {theirs[..., 1]}"


def test_replicas_see_different_text_and_parts_of_layers_the_same(both: worlds.Both) -> None:
    first, second = both[0]
    assert first["layers_cut_in_two"] == second["layers_cut_in_two"]
    losses = [[loss for loss, _ in answers["two_replicas"]] for answers in (first, second)]
    assert losses[0] != losses[1]
