# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Whole runs: what they print and write, and that a run carried on is the run uninterrupted."""

import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mstrain import checkpoint

STEPS = 6
HALF = 3
TEXT = "".join(f"{n} squared is {n * n}. " for n in range(600))


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-P", "-m", "mstrain", "pretrain", *map(str, arguments)]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(*arguments), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def curve(log: Path) -> list[dict]:
    """The records of a log without the speed, which is the clock's."""
    records = [json.loads(line) for line in log.read_text().splitlines()]
    return [{k: v for k, v in record.items() if k != "tokens_per_s"} for record in records]


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("text") / "squares.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory, text: Path) -> Path:
    """The folder of an uninterrupted run, which also keeps a checkpoint from half-way."""
    folder = tmp_path_factory.mktemp("whole")
    done = run(
        "--preset", "tiny", "--data", text, "--steps", STEPS, "--log-json", folder / "log.jsonl",
        "--tensorboard", folder / "events", "--checkpoint-dir", folder, "--save-every", HALF,
    )  # fmt: skip
    (folder / "printed").write_text(done.stdout)
    return folder


def test_a_run_prints_a_line_a_step(whole: Path) -> None:
    lines = (whole / "printed").read_text().splitlines()
    steps = [line for line in lines if line.startswith("step ")]
    assert len(steps) == STEPS
    for number, line in enumerate(steps, start=1):
        assert re.fullmatch(
            rf"step {number}/{STEPS}  loss \d\.\d+  mtp \d\.\d+  grad norm \d+\.\d+"
            r"  lr \d\.\d+e-\d+  \d+ tokens/s",
            line,
        )


def test_a_run_logs_a_json_object_a_step(whole: Path) -> None:
    records = [json.loads(line) for line in (whole / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == list(range(1, STEPS + 1))
    for record in records:
        assert set(record) == {"step", "loss", "grad_norm", "lr", "tokens_per_s"}
        assert 4.0 < record["loss"] < 6.0
        assert record["grad_norm"] > 0.0
    assert records[-1]["loss"] < records[0]["loss"]


def test_a_run_writes_tensorboard_events(whole: Path) -> None:
    (events,) = (whole / "events").iterdir()
    content = events.read_bytes()
    for tag in (b"loss", b"mtp_loss", b"grad_norm", b"lr", b"tokens_per_s"):
        assert content.count(tag) >= STEPS


def test_a_run_leaves_its_checkpoints_and_nothing_else(whole: Path) -> None:
    names = {path.name for path in whole.iterdir()}
    kept = {checkpoint.path_of_step(whole, step).name for step in (HALF, STEPS)}
    assert names == {"log.jsonl", "events", "printed", *kept}


def test_a_run_carried_on_is_the_run_uninterrupted(whole: Path, text: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join((whole / "log.jsonl").read_text().splitlines(keepends=True)[: HALF + 1]))
    run(
        "--resume", checkpoint.path_of_step(whole, HALF), "--data", text, "--log-json", log,
        "--checkpoint-dir", tmp_path,
    )  # fmt: skip
    assert curve(log) == curve(whole / "log.jsonl")
    ends = [checkpoint.read(checkpoint.path_of_step(f, STEPS)) for f in (whole, tmp_path)]
    assert ends[0].description == ends[1].description
    assert ends[0].arrays.keys() == ends[1].arrays.keys()
    for name, array in ends[0].arrays.items():
        assert array.tobytes() == ends[1].arrays[name].tobytes(), name


def test_the_expert_bias_moves_by_its_rate(whole: Path) -> None:
    arrays = checkpoint.read(checkpoint.path_of_step(whole, STEPS)).arrays
    biases = [array for name, array in arrays.items() if name.endswith("expert_bias")]
    assert len(biases) == 2  # one MoE layer in the decoder, one in the MTP layer
    for bias in biases:
        moves = bias / 0.001
        assert abs(moves).max() <= STEPS + 1e-3
        assert abs(moves - moves.round()).max() < 1e-3
        assert abs(moves).max() >= 1


def refused(*arguments: object) -> str:
    done = subprocess.run(command(*arguments), capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_checkpoint_of_another_configuration_is_refused(whole: Path, text: Path) -> None:
    told = refused("--preset", "small", "--data", text, "--resume", whole)
    assert "was written with model.hidden = 64, this run has 512; leave --preset" in told
    told = refused("--resume", whole, "--data", text, "--lr", "5e-3", "--steps", 20)
    assert "was written with train.lr = 0.001, this run has 0.005" in told


def test_a_run_at_its_end_is_not_carried_on(whole: Path, text: Path) -> None:
    assert "raise --steps to carry on" in refused("--resume", whole, "--data", text)


def test_another_text_is_refused(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text(TEXT[::-1])
    told = refused("--resume", whole, "--data", tmp_path / "other.txt", "--steps", 20)
    assert "was trained on another text" in told
    assert "start from its weights with --init" in told


def test_another_random_generator_is_refused(whole: Path, text: Path, tmp_path: Path) -> None:
    stored = checkpoint.read(checkpoint.path_of_step(whole, HALF))
    stored.arrays["random/default"] = stored.arrays["random/default"][:16]
    changed = tmp_path / "changed.safetensors"
    checkpoint.write(changed, stored.arrays, stored.description)
    told = refused("--resume", changed, "--data", text)
    assert "holds the state of another kind of random generator" in told


def test_weights_alone_start_a_run_of_their_own(whole: Path, text: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    run(
        "--preset", "tiny", "--data", text, "--steps", 1, "--seed", 7, "--log-json", log,
        "--init", checkpoint.path_of_step(whole, STEPS),
    )  # fmt: skip
    (record,) = curve(log)
    assert record["step"] == 1
    assert record["loss"] < curve(whole / "log.jsonl")[0]["loss"]


def test_weights_of_another_shape_are_refused(whole: Path, text: Path) -> None:
    start = checkpoint.path_of_step(whole, STEPS)
    told = refused("--preset", "tiny", "--set", "model.hidden=32", "--data", text, "--init", start)
    assert "does not fit the model" in told


def test_a_full_disk_stops_the_run_in_one_line(text: Path) -> None:
    told = refused("--preset", "tiny", "--data", text, "--steps", 2, "--log-json", "/dev/full")
    assert "cannot write --log-json /dev/full: No space left on device" in told


@pytest.mark.parametrize("signum, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_says_how_to_carry_on(
    whole: Path, text: Path, tmp_path: Path, signum: int, status: int
) -> None:
    arguments = ["--preset", "tiny", "--data", text, "--log-json", "log.jsonl"]
    running = subprocess.Popen(
        command(*arguments, "--steps", 10_000),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    while not running.stdout.readline().startswith("step 1/"):
        assert running.poll() is None
    running.send_signal(signum)
    _, told = running.communicate()
    assert running.returncode == status, told
    found = re.fullmatch(r"mstrain: stopped after step (\d+); resume with: mstrain (.*)\n", told)
    assert found, told
    last = int(found.group(1)) + 2
    words = [*shlex.split(found.group(2))[1:], "--steps", last, "--log-json", "log.jsonl"]
    resumed = subprocess.run(command(*words), cwd=tmp_path, capture_output=True, text=True)
    assert resumed.returncode == 0, resumed.stderr
    records = curve(tmp_path / "log.jsonl")
    assert [record["step"] for record in records] == list(range(1, last + 1))
    assert records[:STEPS] == curve(whole / "log.jsonl")[:last]
