# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One trainer in a process of its own, told what to do line by line.

The same file runs under PyTorch and under MindSpore: it imports mstrain and nothing else of either.
Commands are JSON objects on standard input, each answered by one on standard output:

    {"do": "step"}                 -> {"loss": x, "mtp_loss": x, "grad_norm": x, "times": times}
    {"do": "save", "folder": p}    -> {"path": p}
    {"do": "peak"}                 -> {"peak_mb": x}
    {"do": "memory"}               -> {"resident_mb": x}
    {"do": "calls"}                -> {"layer": n}

`times` has the seconds and CPU seconds of the whole `step` and of its parts `forward`, `backward`
and `update`: {"step": [x, x], ...}.
"""

import dataclasses
import gc
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mstrain.config import load_preset, with_settings
from mstrain.inputs import Inputs, load


def change_megatron_config(values: dict[str, Any]) -> None:
    """Has models built with other values of Megatron's configuration than mstrain gives."""
    from mstrain import model

    made = model.megatron_config
    model.megatron_config = lambda shape: dataclasses.replace(made(shape), **values)


def build(job: dict[str, Any]) -> Any:
    """Builds the trainer that a job describes: preset, settings, megatron, data, init, resume."""
    config = with_settings("worker", load_preset(job["preset"]), job["settings"])
    start = {key: Path(job[key]) for key in ("init", "resume") if job[key] is not None}
    loaded = load(config, Inputs(data=tuple(Path(p) for p in job["data"]), **start))
    warnings.filterwarnings("ignore", message="Apex is not installed")
    from mstrain.pretrain import build_trainer

    change_megatron_config(job["megatron"])
    return build_trainer(config, loaded)


def resident_mb() -> float:
    """What this process holds of the machine's memory once garbage is collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


class Calls:
    """Counts how often the last layer of a trainer's decoder is run."""

    def __init__(self, trainer: Any) -> None:
        self.layer = 0
        trainer.model.decoder.layers[-1].register_forward_hook(self._count)

    def _count(self, *_: Any) -> None:
        self.layer += 1


def timed(name: str, work: Callable[..., Any], times: dict[str, Any]) -> Callable[..., Any]:
    """`work`, which notes under its name how many seconds and CPU seconds it took."""

    def run(*arguments: Any) -> Any:
        started, cpu = time.perf_counter(), time.process_time()
        result = work(*arguments)
        times[name] = [time.perf_counter() - started, time.process_time() - cpu]
        return result

    return run


def timed_step(trainer: Any) -> dict[str, Any]:
    """Does one step with its parts timed."""
    times: dict[str, Any] = {}
    for part in ("forward", "backward", "update"):
        setattr(trainer, part, timed(part, getattr(type(trainer), part).__get__(trainer), times))
    record = timed("step", trainer.step, times)()
    return {**dataclasses.asdict(record), "times": times}


def answer(trainer: Any, calls: Calls, command: dict[str, Any]) -> dict[str, Any]:
    """Does what one command says."""
    if command["do"] == "step":
        return timed_step(trainer)
    if command["do"] == "save":
        from mstrain import state

        return {"path": str(state.save(trainer, Path(command["folder"])))}
    if command["do"] == "peak":
        kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"peak_mb": kibibytes * 1024 / 1e6}
    if command["do"] == "memory":
        return {"resident_mb": resident_mb()}
    if command["do"] == "calls":
        return {"layer": calls.layer}
    raise ValueError(f"unknown command {command['do']!r}")


def main() -> None:
    """Reads the job from the command line and serves commands until standard input ends."""
    # Frameworks print; the pipe is for answers alone.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    trainer = build(json.loads(sys.argv[1]))
    calls = Calls(trainer)
    print(json.dumps({"weights": trainer.weight_count()}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(trainer, calls, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
