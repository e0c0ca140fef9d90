# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How long a training step takes on MindSpore, against PyTorch eager.

Prints JSON lines, see record.py: for each preset the step, and its forward pass, backward pass and
update apart. Both trainers live at the same time and step in turn, so that whatever else the
machine does falls on both.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Sequence
from typing import Any

import record
from pair import Job, Side, Worker, mindspore_side, torch_side

WARM_UP = 2
"""Steps before measuring: the first ones build caches on both sides."""

RUNS = {"tiny": 15, "small": 5}
PARTS = ("forward", "backward", "update")
PEER = "PyTorch eager"


def _part(
    part: str, preset: str, pairs: Sequence[tuple[Any, Any]], params: dict[str, Any], **rest: Any
) -> record.Record:
    """The record of the step or of a part of it, of the times that both sides gave in turn."""
    (seconds, cpu), (peer_seconds, peer_cpu) = (
        zip(*(pair[side][part] for pair in pairs), strict=True) for side in (0, 1)
    )
    return record.measured(
        f"step/{preset}" if part == "step" else f"step/{preset}/{part}",
        seconds,
        params={
            **params,
            "cpu_seconds": statistics.median(cpu),
            "peer_cpu_seconds": statistics.median(peer_cpu),
        },
        peer=PEER,
        peer_seconds=peer_seconds,
        **rest,
    )


def measure(preset: str, runs: int, ours: Side, theirs: Side) -> list[record.Record]:
    """Steps both trainers in turn and returns the records of one preset, the whole step first."""
    load = os.getloadavg()[0]
    with Worker(ours, Job(preset)) as mindspore, Worker(theirs, Job(preset)) as torch:
        for _ in range(WARM_UP):
            mindspore.ask("step")
            torch.ask("step")
        pairs = [(mindspore.ask("step")["times"], torch.ask("step")["times"]) for _ in range(runs)]
        # PyTorch's threads wait for each other: on a busy machine it loses more than we do.
        params = {"warm_up_steps": WARM_UP, "load_before": load}
        sizes = {"weights": mindspore.weights, "peer_peak_mb": torch.ask("peak")["peak_mb"]}
        peak = mindspore.ask("peak")["peak_mb"]
        whole = _part("step", preset, pairs, {**params, **sizes}, peak_mb=peak)
        return [whole, *(_part(part, preset, pairs, params) for part in PARTS)]


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
        for found in measure(preset, runs, mindspore_side(), theirs):
            print(found.line(), flush=True)


if __name__ == "__main__":
    main()
