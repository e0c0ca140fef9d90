# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes that run the same programs, here or under PyTorch."""

import os
import pathlib
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
from typing import Any

import against_torch

Both = tuple[list[Any], list[Any]]
FOLDER = pathlib.Path(__file__).parent
WORKER = FOLDER / "distributed_worker.py"
LIMIT = 240


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_world(
    framework: str,
    size: int,
    module: str,
    results: pathlib.Path,
    names: list[str],
    torch_path: pathlib.Path | None,
) -> list[subprocess.Popen[str]]:
    """A process for each rank, with the environment that torchrun gives."""
    python = sys.executable
    environment = dict(os.environ)
    if framework == "torch":
        python = os.environ["MINDFORGE_TORCH_PYTHON"]
        del environment["PYTHONPATH"]
        if torch_path is not None:
            # Compiled helpers would be slower than what they help, and eager is what is compared.
            environment |= {"PYTHONPATH": str(torch_path), "TORCHDYNAMO_DISABLE": "1"}
    environment |= {
        "OMP_NUM_THREADS": "1",
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
    }
    command = [python, str(WORKER), framework, str(FOLDER), module, str(results), *names]
    return [
        subprocess.Popen(
            command,
            env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(size)
    ]


def run_world(
    framework: str,
    size: int,
    module: str,
    names: list[str],
    killed: tuple[int, ...] = (),
    torch_path: pathlib.Path | None = None,
) -> list[Any]:
    """The answers of every rank, None for those that are killed.

    PyTorch's processes find what else they import in `torch_path`.
    """
    with tempfile.TemporaryDirectory() as folder:
        started = _start_world(framework, size, module, pathlib.Path(folder), names, torch_path)
        try:
            for rank, process in enumerate(started):
                output, _ = process.communicate(timeout=LIMIT)
                expected = -signal.SIGKILL if rank in killed else 0
                assert process.returncode == expected, f"rank {rank} of {framework}:\n{output}"
        finally:
            for process in started:
                process.kill()
                process.communicate()
        return [
            None
            if rank in killed
            else pickle.loads((pathlib.Path(folder) / f"{rank}.pickle").read_bytes())
            for rank in range(size)
        ]


def run_both(
    size: int, module: str, names: list[str], torch_path: pathlib.Path | None = None
) -> Both:
    """The answers of every rank here, and under PyTorch."""
    ours, theirs = (
        run_world(framework, size, module, names, torch_path=torch_path)
        for framework in ("mstorch", "torch")
    )
    return ours, theirs


def check_every_rank(both: Both, name: str) -> None:
    """Assert that each rank's answer to a program is that of PyTorch's."""
    for rank, (ours, theirs) in enumerate(zip(*both, strict=True)):
        failed = isinstance(theirs[name], dict) and "error" in theirs[name]
        assert not failed, theirs[name]
        against_torch.check(ours[name], theirs[name], f"{name} on rank {rank}", {})
