# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The same trainer under PyTorch and under MindSpore, side by side, and how far apart they are."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

LOSS_BOUND = 1e-5
"""Largest absolute difference of a loss, in nats."""
GRAD_NORM_BOUND = 1e-4
"""Largest relative difference of a gradient norm."""

# Not resolved: beside this file lie the runfiles, behind the link its source.
_ROOT = Path(__file__).absolute().parents[2]
_WORKER = _ROOT / "tests/parity/worker.py"


@dataclasses.dataclass(frozen=True)
class Job:
    """What a worker trains: a preset with settings, on files, and the checkpoint it starts from.

    `megatron` are values of Megatron's configuration that mstrain has no setting for. `init` takes
    a checkpoint's weights alone, `resume` carries its run on.
    """

    preset: str
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    megatron: dict[str, Any] = dataclasses.field(default_factory=dict)
    data: tuple[str, ...] = ()
    init: str | None = None
    resume: str | None = None


@dataclasses.dataclass(frozen=True)
class Side:
    """A framework: the interpreter that has it, and what differs in the environment."""

    python: str
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


def mindspore_side() -> Side:
    """The interpreter of this process, with the converted libraries that it imports."""
    return Side(sys.executable)


def native_library() -> Path:
    """The folder of Megatron as target `native` makes it; MINDFORGE_NATIVE_PATH names another."""
    default = _ROOT.parent / "megatron_core/megatron_core_native"
    return Path(os.environ.get("MINDFORGE_NATIVE_PATH", default))


def native_side() -> Side:
    """As `mindspore_side`, with the Megatron that calls MindSpore's own functions."""
    paths = [str(native_library()), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {"PYTHONPATH": os.pathsep.join(paths)}
    return Side(sys.executable, environment)


def torch_side(python: str) -> Side:
    """PyTorch's interpreter with the trainer and Megatron as they were before conversion.

    Both lie in the runfiles; MINDFORGE_REFERENCE_PATH names other folders to import from.
    """
    in_runfiles = [_ROOT / "models", _ROOT.parent / "megatron_core/megatron_core_torch"]
    default = os.pathsep.join(map(str, in_runfiles))
    return Side(
        os.path.abspath(python),
        {
            "PYTHONPATH": os.environ.get("MINDFORGE_REFERENCE_PATH", default),
            # Megatron asks for compiled helpers on import; eager is what is compared.
            "TORCHDYNAMO_DISABLE": "1",
        },
    )


class Worker:
    """A trainer in a process of its own; a context manager that ends it."""

    def __init__(self, side: Side, job: Job) -> None:
        """Starts the process and waits until its trainer is built."""
        self._process = subprocess.Popen(
            [side.python, "-P", str(_WORKER), json.dumps(dataclasses.asdict(job))],
            env={**os.environ, **side.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.weights: int = self._read()["weights"]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            raise RuntimeError(f"worker ended with status {status}; its message is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Sends one command and returns its answer; RuntimeError if the worker has ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def steps(self, count: int) -> list[dict[str, Any]]:
        """Does `count` steps and returns their records."""
        return [self.ask("step") for _ in range(count)]

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@dataclasses.dataclass(frozen=True)
class Deviation:
    """The largest differences between two runs.

    Attributes:
        loss: absolute, in nats.
        mtp_loss: absolute, in nats.
        grad_norm: relative to the first run's.
    """

    loss: float
    mtp_loss: float
    grad_norm: float

    def within_bounds(self) -> bool:
        """Whether the runs count as the same."""
        return (
            self.loss <= LOSS_BOUND
            and self.mtp_loss <= LOSS_BOUND
            and self.grad_norm <= GRAD_NORM_BOUND
        )


def deviation(left: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]]) -> Deviation:
    """Compares two runs step by step. ValueError if they are not equally long."""
    pairs = list(zip(left, right, strict=True))
    return Deviation(
        loss=max(abs(a["loss"] - b["loss"]) for a, b in pairs),
        mtp_loss=max(abs(a["mtp_loss"] - b["mtp_loss"]) for a, b in pairs),
        grad_norm=max(abs(a["grad_norm"] - b["grad_norm"]) / a["grad_norm"] for a, b in pairs),
    )
