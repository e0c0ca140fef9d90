# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Training on MindSpore follows training on PyTorch, step for step, and the comparison can fail."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mstrain import checkpoint
from pair import (
    Deviation,
    Job,
    Side,
    Worker,
    deviation,
    mindspore_side,
    native_library,
    native_side,
    torch_side,
)

STEPS = 20
STEPS_TO_NOTICE = 10


def pytorch() -> Side:
    return torch_side(os.environ["MINDFORGE_TORCH_PYTHON"])


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> tuple[list[dict], Path]:
    """Records of a PyTorch run, and a checkpoint of the weights it started from."""
    folder = tmp_path_factory.mktemp("reference")
    with Worker(pytorch(), Job("tiny")) as worker:
        start = Path(worker.ask("save", folder=str(folder))["path"])
        return worker.steps(STEPS), start


def against_reference(
    reference,
    steps: int,
    settings: dict | None = None,
    init: Path | None = None,
    side: Callable[[], Side] = mindspore_side,
) -> Deviation:
    """How far a run on MindSpore is from the first steps of the reference."""
    records, start = reference
    job = Job("tiny", settings=settings or {}, init=str(init or start))
    with Worker(side(), job) as worker:
        return deviation(records[:steps], worker.steps(steps))


@pytest.mark.parametrize("side", [mindspore_side, native_side])
def test_twenty_steps_of_tiny_agree_with_pytorch(reference, side, capsys) -> None:
    found = against_reference(reference, STEPS, side=side)
    with capsys.disabled():
        print(f"\n{side.__name__}: largest deviation over {STEPS} steps: {found}")
    assert found.within_bounds(), found


def test_the_native_side_runs_functions_of_mindspore() -> None:
    side = native_side()
    module = "megatron.core.transformer.multi_latent_attention"
    program = f"import {module} as module; print(module.__file__)"
    command = [side.python, "-P", "-c", program]
    environment = {**os.environ, **side.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    attention = Path(done.stdout.splitlines()[-1])
    assert attention.is_relative_to(native_library())
    assert "mindspore.mint." in attention.read_text(encoding="utf-8")


# What an error in a port looks like: one number of the model is not what it should be.
BROKEN = {
    "another epsilon in the norms": {"model.norm_eps": 1e-5},
    "another base of the positions": {"model.rope_theta": 5_000.0},
    "expert bias that is not updated": {"model.expert_bias_rate": 1e-9},
    "another weight of the MTP loss": {"model.mtp_loss_weight": 0.301},
    "another scale of the routed experts": {"model.routed_scaling": 2.51},
    "another decay in the optimizer": {"train.weight_decay": 0.2},
}


@pytest.mark.parametrize("settings", BROKEN.values(), ids=BROKEN.keys())
def test_the_comparison_notices(reference, settings) -> None:
    found = against_reference(reference, STEPS_TO_NOTICE, settings)
    assert not found.within_bounds(), found


def test_the_comparison_notices_one_changed_weight(reference, tmp_path: Path) -> None:
    stored = checkpoint.read(reference[1])
    name = "model/decoder.layers.1.self_attention.linear_kv_up_proj.weight"
    stored.arrays[name][3, 4] += 0.05
    changed = tmp_path / "changed.safetensors"
    checkpoint.write(changed, stored.arrays, stored.description)
    found = against_reference(reference, STEPS_TO_NOTICE, init=changed)
    assert not found.within_bounds(), found


@pytest.mark.parametrize("first, second", [(pytorch, mindspore_side), (mindspore_side, pytorch)])
def test_a_run_of_one_framework_is_carried_on_by_the_other(
    reference, tmp_path: Path, first, second
) -> None:
    records, start = reference
    with Worker(first(), Job("tiny", init=str(start))) as worker:
        before = worker.steps(4)
        half = worker.ask("save", folder=str(tmp_path))["path"]
    with Worker(second(), Job("tiny", resume=half)) as worker:
        found = deviation(records[:8], before + worker.steps(4))
    assert found.within_bounds(), found
