# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a small operator of mstorch costs, against PyTorch eager: what is not arithmetic.

Prints one JSON line a case and one for all of them, see record.py, in CPU seconds of one call with
one thread. Both sides live at the same time and are asked in turn, so that whatever else the
machine does falls on both.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import record
from line_process import LineProcess

_SIDE = Path(__file__).absolute().parent / "dispatch_side.py"
PEER = "PyTorch eager (CPU seconds)"


def side(python: str, module: str) -> LineProcess:
    """A process that serves the cases with one framework and one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return LineProcess([python, "-P", str(_SIDE), module], environment)


def measure(ours: LineProcess, theirs: LineProcess, runs: int) -> list[record.Record]:
    """A record for each case, and one of the medians of all, first by kind and then in total."""
    found = []
    for name in json.loads(ours.ask("names")):
        pairs = [(float(ours.ask(name)), float(theirs.ask(name))) for _ in range(runs)]
        mine, peer = zip(*pairs, strict=True)
        found.append(record.measured(f"dispatch/{name}", mine, {}, PEER, peer))
    kinds = {one.name.rpartition("/")[2]: None for one in found}
    totals = [_total(kind, [one for one in found if one.name.endswith(kind)]) for kind in kinds]
    return [*found, *totals, _total("all", found)]


def _total(kind: str, found: Sequence[record.Record]) -> record.Record:
    """The median operator of several, and what it costs more than PyTorch's, in microseconds."""
    more = [1e6 * (one.seconds - one.peer_seconds) for one in found]
    return record.measured(
        f"dispatch/median of {kind}",
        [one.seconds for one in found],
        {"operators": len(found), "median_overhead_us": statistics.median(more)},
        PEER,
        [one.peer_seconds for one in found],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: --torch-python PYTHON [--runs N]."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-python", required=True, help="an interpreter that imports torch")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    python = os.path.abspath(options.torch_python)
    with side(sys.executable, "mstorch") as ours, side(python, "torch") as theirs:
        for found in measure(ours, theirs, options.runs):
            print(found.line(), flush=True)


if __name__ == "__main__":
    main()
