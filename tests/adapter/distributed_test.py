# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes compute what PyTorch's compute over gloo; faults are errors on all."""

import os
import pathlib
import pickle
import subprocess
import sys
from typing import Any

import pytest

import worlds
from cases import faults, processes


@pytest.fixture(scope="module", params=[2, 4])
def both(request: pytest.FixtureRequest) -> worlds.Both:
    """The answers of all ranks to all programs, here and under PyTorch."""
    return worlds.run_both(request.param, "processes", list(processes.CASES))


@pytest.mark.parametrize("name", processes.CASES)
def test_every_rank_gets_what_it_gets_under_pytorch(name: str, both: worlds.Both) -> None:
    worlds.check_every_rank(both, name)


@pytest.fixture(scope="module")
def wrong_calls() -> list[Any]:
    """The answers of three ranks to programs that go wrong and leave the world whole."""
    names = [name for name in faults.CASES if not name.startswith("a_peer")]
    return worlds.run_world("mstorch", 3, "faults", names)


@pytest.mark.parametrize(
    ("name", "parts"),
    {
        "shapes_differ": ("all_reduce of 3 elements of torch.float32", "all_reduce of 2 elements"),
        "types_differ": ("2 elements of torch.int32", "2 elements of torch.float32"),
        "operations_differ": ("ReduceOp.MAX", "ReduceOp.SUM"),
        "collectives_differ": ("barrier", "all_reduce of 2 elements of torch.float32"),
        "rows_differ": ("all_to_all_single in the group of ranks [0, 1, 2]", "expects"),
    }.items(),
)
def test_members_that_call_differently_are_told_how(
    name: str, parts: tuple[str, ...], wrong_calls: list[Any]
) -> None:
    messages = [answers[name] for answers in wrong_calls]
    assert all(message.startswith("DistBackendError") for message in messages), messages
    assert all(part in messages[0] for part in parts), messages[0]


def test_modules_that_differ_cannot_be_replicas(wrong_calls: list[Any]) -> None:
    messages = [answers["replicas_differ"] for answers in wrong_calls]
    assert "rank 2 has the parameter ('bias', 'torch.float32', (3,), True)" in messages[0]
    assert all("expects the same model across all ranks" in message for message in messages)


def test_a_message_of_another_size_is_an_error(wrong_calls: list[Any]) -> None:
    message = wrong_calls[1]["a_message_of_another_size"]
    assert "rank 0 sends 3 elements" in message
    assert "2 elements of torch.float32 are awaited" in message


def test_a_wait_ends_with_its_time_and_names_whom_it_waited_for(wrong_calls: list[Any]) -> None:
    in_group, received, at_once = wrong_calls[0]["time_is_up"]
    assert "timed out after 0.2 s waiting for rank 1" in in_group
    assert "recv in the group of ranks [0, 1, 2]: timed out" in received
    assert "timed out waiting 0.05 s" in at_once


def test_members_that_wait_for_one_that_gave_up_are_told_why(wrong_calls: list[Any]) -> None:
    first, *others = [answers["a_member_gives_up"] for answers in wrong_calls]
    assert "timed out after 0.2 s waiting for rank 1" in first
    for message in others:
        assert "rank 0 gave up: timed out after 0.2 s waiting for rank 1" in message


def test_a_world_goes_on_after_errors_that_all_its_members_had(wrong_calls: list[Any]) -> None:
    assert [answers["all_is_well_afterwards"] for answers in wrong_calls] == [[3.0, 3.0]] * 3


def test_a_killed_peer_is_an_error_on_every_survivor() -> None:
    answers = worlds.run_world("mstorch", 4, "faults", ["a_peer_is_killed"], killed=(1,))
    for rank in (0, 2, 3):
        messages = answers[rank]["a_peer_is_killed"]
        for message in messages[:4]:
            assert message.startswith("DistNetworkError"), messages
            assert "rank 1" in message
            assert "its process or machine has ended" in message
        assert messages[4:] == ([2.0] if rank != 3 else [])


def test_what_a_peer_sent_before_it_left_arrives_and_then_it_is_missed() -> None:
    answers = worlds.run_world("mstorch", 3, "faults", ["a_peer_leaves"])
    received, message = answers[0]["a_peer_leaves"]
    assert received == 5.0
    for rank in (0, 2):
        message = answers[rank]["a_peer_leaves"][1]
        assert message.startswith("DistNetworkError"), message


def test_msrun_starts_a_world(tmp_path: pathlib.Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE")}
    # msrun starts the `python` that is found first.
    folder = pathlib.Path(sys.executable).parent
    environment["PATH"] = f"{folder}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mindspore.parallel.cluster.run", "--worker_num=2"),
            *("--local_worker_num=2", f"--master_port={worlds.free_port()}", "--join=True"),
            *(
                "--log_dir",
                str(tmp_path / "logs"),
                str(worlds.WORKER),
                "mstorch",
                str(worlds.FOLDER),
            ),
            *("processes", str(tmp_path), "broadcasts", "groups_of_some"),
        ],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=worlds.LIMIT,
        check=False,
    )
    logs = "\n".join(path.read_text() for path in (tmp_path / "logs").glob("*.log"))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{logs}"
    for rank in range(2):
        answers = pickle.loads((tmp_path / f"{rank}.pickle").read_bytes())
        pair, alone = answers["groups_of_some"][0]
        assert pair[0]["array"].tolist() == [1, 2]
        assert alone[0]["array"].tolist() == [rank, 1]
