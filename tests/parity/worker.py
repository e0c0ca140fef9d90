# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One trainer in a process of its own, told what to do line by line.

The same file runs under PyTorch and under MindSpore: it imports mstrain and nothing else of either.
Commands are JSON objects on standard input, each answered by one on standard output:

    {"do": "step"}                 -> {"loss": x, "mtp_loss": x, "grad_norm": x, "seconds": x}
    {"do": "save", "folder": p}    -> {"path": p}
    {"do": "peak"}                 -> {"peak_mb": x}
"""

import dataclasses
import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from mstrain.config import load_preset, with_settings
from mstrain.inputs import Inputs, load


def build(job: dict[str, Any]) -> Any:
    """Builds the trainer that a job describes: preset, settings, data, init, resume."""
    config = with_settings("worker", load_preset(job["preset"]), job["settings"])
    start = {key: Path(job[key]) for key in ("init", "resume") if job[key] is not None}
    loaded = load(config, Inputs(data=tuple(Path(p) for p in job["data"]), **start))
    warnings.filterwarnings("ignore", message="Apex is not installed")
    from mstrain.pretrain import build_trainer

    return build_trainer(config, loaded)


def answer(trainer: Any, command: dict[str, Any]) -> dict[str, Any]:
    """Does what one command says."""
    if command["do"] == "step":
        started = time.perf_counter()
        record = dataclasses.asdict(trainer.step())
        return {**record, "seconds": time.perf_counter() - started}
    if command["do"] == "save":
        from mstrain import state

        return {"path": str(state.save(trainer, Path(command["folder"])))}
    if command["do"] == "peak":
        kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"peak_mb": kibibytes * 1024 / 1e6}
    raise ValueError(f"unknown command {command['do']!r}")


def main() -> None:
    """Reads the job from the command line and serves commands until standard input ends."""
    # Frameworks print; the pipe is for answers alone.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    trainer = build(json.loads(sys.argv[1]))
    print(json.dumps({"weights": trainer.weight_count()}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(trainer, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
