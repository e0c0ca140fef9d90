# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes that train together: the losses of one, PyTorch's too; what they do jointly."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mstrain import checkpoint
from pair import GRAD_NORM_BOUND, LOSS_BOUND, Side, mindspore_side, torch_side

STEPS = 6
HALF = 3
LIMIT = 240
TEXT = "".join(f"{n} squared is {n * n}. " for n in range(600))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class World:
    """Processes that torchrun might have started; a context manager that leaves none."""

    def __init__(self, side: Side, *arguments: object, count: int = 2, **others: list) -> None:
        """Starts `mstrain pretrain` in each; `others` are further arguments of one, by rank."""
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
        environment = {**os.environ, **side.environment, **place, "OMP_NUM_THREADS": "1"}
        command = [side.python, "-P", "-m", "mstrain", "pretrain", *map(str, arguments)]
        self.processes = []
        for rank in range(count):
            ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count}
            process = subprocess.Popen(
                [*command, *map(str, others.get(f"rank_{rank}", []))],
                env={**environment, **{name: str(value) for name, value in ranks.items()}},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self.processes.append(process)

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()

    def wait_for_first_step(self) -> None:
        output = self.processes[0].stdout
        assert output is not None
        while not output.readline().startswith("step 1/"):
            assert self.processes[0].poll() is None

    def end(self, *statuses: int) -> list[tuple[str, str]]:
        """What each has printed, to standard output and error, having ended with its status."""
        told = [process.communicate(timeout=LIMIT) for process in self.processes]
        assert [process.returncode for process in self.processes] == [*statuses], told
        return told


def run(side: Side, *arguments: object, count: int = 2) -> list[tuple[str, str]]:
    with World(side, *arguments, count=count) as world:
        return world.end(*[0] * count)


def curve(log: Path) -> list[dict]:
    """The records of a log without the speed, which is the clock's."""
    records = [json.loads(line) for line in log.read_text().splitlines()]
    return [{k: v for k, v in record.items() if k != "tokens_per_s"} for record in records]


def check_close(left: list[dict], right: list[dict]) -> str:
    """Asserts that two curves agree as those of both frameworks do; says how far apart they are."""
    pairs = list(zip(left, right, strict=True))
    assert len(pairs) == STEPS
    loss = max(abs(a["loss"] - b["loss"]) for a, b in pairs)
    norm = max(abs(a["grad_norm"] - b["grad_norm"]) / a["grad_norm"] for a, b in pairs)
    assert loss <= LOSS_BOUND, f"losses differ by {loss}"
    assert norm <= GRAD_NORM_BOUND, f"gradient norms differ by {norm}"
    return f"losses differ by {loss:.1e}, gradient norms by {norm:.1e}"


@pytest.fixture(scope="module")
def arguments(tmp_path_factory) -> list[object]:
    text = tmp_path_factory.mktemp("text") / "squares.txt"
    text.write_text(TEXT)
    return ["--preset", "tiny", "--batch-size", 4, "--data", text, "--steps", STEPS]


@pytest.fixture(scope="module")
def alone(tmp_path_factory, arguments) -> Path:
    """The folder of a run in one process, which keeps a checkpoint of its start."""
    folder = tmp_path_factory.mktemp("alone")
    start = ["--steps", 0, "--checkpoint-dir", folder]
    run(mindspore_side(), *arguments, *start, count=1)
    init = ["--init", checkpoint.path_of_step(folder, 0), "--log-json", folder / "log.jsonl"]
    run(mindspore_side(), *arguments, *init, "--checkpoint-dir", folder, count=1)
    return folder


@pytest.fixture(scope="module")
def together(tmp_path_factory, arguments, alone: Path) -> Path:
    """The folder of the same run in two processes, with what these printed."""
    folder = tmp_path_factory.mktemp("together")
    init = ["--init", checkpoint.path_of_step(alone, 0), "--log-json", folder / "log.jsonl"]
    told = run(
        mindspore_side(), *arguments, *init, "--checkpoint-dir", folder, "--save-every", HALF
    )
    for rank, (printed, _) in enumerate(told):
        (folder / f"printed-{rank}").write_text(printed)
    return folder


def test_two_processes_have_the_losses_of_one(alone: Path, together: Path, capsys) -> None:
    apart = check_close(curve(alone / "log.jsonl"), curve(together / "log.jsonl"))
    with capsys.disabled():
        print(f"\nof one process and two: {apart}")


def test_two_processes_have_the_losses_of_two_of_pytorch(
    alone: Path, together: Path, arguments, tmp_path: Path, capsys
) -> None:
    side = torch_side(os.environ["MINDFORGE_TORCH_PYTHON"])
    init = ["--init", checkpoint.path_of_step(alone, 0), "--log-json", tmp_path / "log.jsonl"]
    run(side, *arguments, *init)
    apart = check_close(curve(tmp_path / "log.jsonl"), curve(together / "log.jsonl"))
    with capsys.disabled():
        print(f"\nof two processes here and of PyTorch: {apart}")


def test_biases_of_experts_move_by_the_load_of_all_processes(alone: Path, together: Path) -> None:
    ends = [checkpoint.read(checkpoint.path_of_step(f, STEPS)) for f in (alone, together)]
    biases = [name for name in ends[0].arrays if name.endswith("expert_bias")]
    assert len(biases) == 2
    for name in biases:
        assert ends[0].arrays[name].any()
        assert (ends[0].arrays[name] == ends[1].arrays[name]).all(), name


def test_the_first_process_alone_prints_and_writes(together: Path) -> None:
    first, second = ((together / f"printed-{rank}").read_text() for rank in (0, 1))
    assert "256 tokens a step on 2 processes" in first
    assert first.count("\nstep ") == STEPS
    assert first.count("\ncheckpoint ") == 2
    assert second == ""
    kept = {checkpoint.path_of_step(together, step).name for step in (HALF, STEPS)}
    assert {path.name for path in together.iterdir()} == {
        "log.jsonl",
        "printed-0",
        "printed-1",
        *kept,
    }


def carried_on(together: Path, arguments, folder: Path, count: int) -> list[dict]:
    """The curve of a run that takes up the one of two processes half-way."""
    log = folder / "log.jsonl"
    log.write_text("".join((together / "log.jsonl").read_text().splitlines(True)[:HALF]))
    half = checkpoint.path_of_step(together, HALF)
    run(mindspore_side(), *arguments, "--resume", half, "--log-json", log, count=count)
    return curve(log)


def test_a_run_of_two_carried_on_by_two_is_the_run_uninterrupted(
    together: Path, arguments, tmp_path: Path
) -> None:
    whole = curve(together / "log.jsonl")
    assert carried_on(together, arguments, tmp_path, 2) == whole


def test_a_run_of_two_can_be_carried_on_by_one(together: Path, arguments, tmp_path: Path) -> None:
    check_close(curve(together / "log.jsonl"), carried_on(together, arguments, tmp_path, 1))


def test_a_signal_to_one_process_stops_all_after_the_same_step(arguments, tmp_path: Path) -> None:
    options = [*arguments, "--steps", 10_000, "--checkpoint-dir", tmp_path]
    with World(mindspore_side(), *options) as world:
        world.wait_for_first_step()
        world.processes[1].send_signal(signal.SIGTERM)
        (_, first), (_, second) = world.end(143, 143)
    found = re.fullmatch(r"mstrain: stopped after step (\d+); resume with: mstrain (.*)\n", first)
    assert found, first
    assert second == f"mstrain: stopped after step {found.group(1)}\n"
    last = checkpoint.path_of_step(tmp_path, int(found.group(1)))
    assert list(tmp_path.iterdir()) == [last]
    assert str(last) in shlex.split(found.group(2))


@pytest.mark.parametrize(
    ("options", "others", "complaint"),
    [
        (["--batch-size", 3], {}, "train.batch_size is 3, for 2 processes; give a multiple"),
        (["--log-json", "absent/log.jsonl"], {}, "cannot write --log-json absent/log.jsonl"),
        ([], {"rank_1": ["--lr", "2e-3"]}, "process 1 has train.lr 0.002, process 0 has 0.001"),
        ([], {"rank_1": ["--seed", 5]}, "process 1 has train.seed 5, process 0 has 1234"),
    ],
)
def test_what_one_cannot_do_every_process_says(arguments, options, others, complaint) -> None:
    with World(mindspore_side(), *arguments, *options, **others) as world:
        for _, error in world.end(1, 1):
            assert error.startswith(f"mstrain: error: {complaint}"), error
            assert error.count("\n") == 1


def test_a_process_that_is_killed_ends_the_others(arguments) -> None:
    with World(mindspore_side(), *arguments, "--steps", 10_000) as world:
        world.wait_for_first_step()
        world.processes[1].kill()
        (_, error), _ = world.end(1, -signal.SIGKILL)
    assert error.startswith("mstrain: error: the processes lost each other: "), error
    assert "rank 1" in error
    assert error.count("\n") == 1


def test_msrun_starts_them(alone: Path, together: Path, arguments, tmp_path: Path) -> None:
    # msrun starts the `python` that is found first.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mindspore.parallel.cluster.run", "--worker_num=2"),
            *("--local_worker_num=2", f"--master_port={free_port()}", "--join=True"),
            *("--log_dir", str(tmp_path / "logs"), "python", "-m", "mstrain", "pretrain"),
            *map(str, arguments),
            *("--init", str(checkpoint.path_of_step(alone, 0)), "--log-json", "log.jsonl"),
        ],
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert curve(tmp_path / "log.jsonl") == curve(together / "log.jsonl")


def test_processes_that_cannot_be_joined_are_told_why(arguments, monkeypatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    side = mindspore_side()
    command = [side.python, "-P", "-m", "mstrain", "pretrain", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("mstrain: error: WORLD_SIZE is 2, and the processes cannot be")
    assert "RANK expected, but not set" in done.stderr
