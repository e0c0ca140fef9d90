# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How long a training step takes on MindSpore, against PyTorch eager.

Prints one JSON line a preset, see record.py. Both trainers live at the same time and step in turn,
so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

import record
from pair import Job, Side, Worker, mindspore_side, torch_side

WARM_UP = 2
"""Steps before measuring: the first ones build caches on both sides."""

RUNS = {"tiny": 15, "small": 5}
PEER = "PyTorch eager"


def measure(preset: str, runs: int, ours: Side, theirs: Side) -> record.Record:
    """Steps both trainers in turn and returns the record of one preset."""
    load = os.getloadavg()[0]
    with Worker(ours, Job(preset)) as mindspore, Worker(theirs, Job(preset)) as torch:
        for _ in range(WARM_UP):
            mindspore.ask("step")
            torch.ask("step")
        pairs = [
            (mindspore.ask("step")["seconds"], torch.ask("step")["seconds"]) for _ in range(runs)
        ]
        return record.measured(
            f"step/{preset}",
            [pair[0] for pair in pairs],
            params={
                "weights": mindspore.weights,
                "warm_up_steps": WARM_UP,
                # PyTorch's threads wait for each other: on a busy machine it loses more than we do.
                "load_before": load,
                "peer_peak_mb": torch.ask("peak")["peak_mb"],
            },
            peer=PEER,
            peer_seconds=[pair[1] for pair in pairs],
            peak_mb=mindspore.ask("peak")["peak_mb"],
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the presets asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-python", required=True, help="an interpreter that imports torch")
    parser.add_argument("--preset", choices=RUNS, action="append", help="(default: all)")
    parser.add_argument("--runs", type=int, help="measured steps (default: by preset)")
    options = parser.parse_args(arguments)
    theirs = torch_side(options.torch_python)
    for preset in options.preset or RUNS:
        runs = options.runs or RUNS[preset]
        print(measure(preset, runs, mindspore_side(), theirs).line(), flush=True)


if __name__ == "__main__":
    main()
