# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How long msops' operators take on the CPU, beside PyTorch, MindSpore and copying memory.

Prints one JSON line a case, see record.py. A case is an operator and a step: `forward`, or `both`
for the operator with its gradients. Runs of both sides and of the copy alternate, so that whatever
else the machine does falls on all. The peer is PyTorch eager or, with --compile, what torch.compile
makes, whichever is faster; `params` has the seconds of each, and of MindSpore's own operator where
its CPU has one. The bound is the time in which as many threads copy as many bytes as the operator
must read and write, in arrays as large that are there already, or multiply two matrices of 2048
square as fast. A call includes what Python and MindSpore add to the kernel. `page_faults` is how
often a run asked the system for memory: MindSpore's pool keeps what tensors give back.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import ops_cases
import record
from line_process import LineProcess
from ops_cases import FLOAT, Case, Product, Run

WARM_UP = 2
SETTLE = 0.02
"""Seconds between runs: PyTorch's threads spin for a millisecond after their work, in case there is
more, and would take the processor from the next side."""
OWN_SETTLE = 0.5
"""The same after MindSpore's own operators, which therefore come last."""
SQUARE = 2048
"""Rows and columns of the matrices whose product is a bound."""

SHAPES = ("1024x4096", "4096x4096")
"""16 and 64 MB: the smaller arrays fit into a large processor's caches."""

_PEER = Path(__file__).absolute().parent / "ops_torch.py"


class Torch:
    """PyTorch's side, in a process of its own."""

    def __init__(self, process: LineProcess, shape: tuple[int, int]) -> None:
        self._process, self._shape = process, shape

    def seconds(self, name: str, compiled: bool = False) -> float | None:
        """How long a case takes once; None if it is not to be compiled."""
        time.sleep(SETTLE)
        rows, columns = self._shape
        request = {"name": name, "rows": rows, "columns": columns, "compiled": compiled}
        found = json.loads(self._process.ask(json.dumps(request)))["seconds"]
        return None if found is None else float(found)


def timed(run: Run) -> float:
    """How long a run takes, once the threads of the run before have gone to sleep."""
    time.sleep(SETTLE)
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def faults() -> int:
    """Pages that this process was given so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def bound_of(work: float | Product, shape: tuple[int, int], yardstick: float) -> tuple[str, float]:
    """The bound in words and in seconds; `yardstick` is how long copying, or multiplying, takes."""
    if isinstance(work, Product):
        rate = 2 * SQUARE**3 / yardstick
        words = f"multiplying {work.operations / 1e9:.3g} GFLOP at {rate / 1e9:.3g} GFLOP/s"
        return words, work.operations / rate
    rate = 2 * FLOAT * shape[0] * shape[1] / yardstick
    return (
        f"copying {work * FLOAT / 1e6:.0f} MB at {rate / 1e9:.3g} GB/s",
        work * FLOAT / rate,
    )


def measure(
    name: str, case: Case, torch: Torch, shape: tuple[int, int], runs: int, compiled: bool
) -> record.Record:
    """Runs one case on all sides in turn and returns its record."""
    yardstick = "multiply" if isinstance(case.work, Product) else "copy"
    times: dict[str, list[float]] = {}
    pages = []
    load = os.getloadavg()[0]
    for number in range(WARM_UP + runs):
        before = faults()
        found = {"msops": timed(case.run)}
        pages.append(faults() - before)
        found["PyTorch eager"] = torch.seconds(name)
        if compiled:
            found["PyTorch compiled"] = torch.seconds(name, compiled=True)
        found[yardstick] = torch.seconds(yardstick)
        for side, seconds in found.items():
            if number >= WARM_UP and seconds is not None:
                times.setdefault(side, []).append(seconds)
    if case.own is not None:
        times["MindSpore"] = [timed(case.own) for _ in range(WARM_UP + runs)][WARM_UP:]
        time.sleep(OWN_SETTLE)
    medians = {side: statistics.median(values) for side, values in times.items()}
    peer = min((s for s in medians if s.startswith("PyTorch")), key=lambda side: medians[side])
    bound, bound_seconds = bound_of(case.work, shape, medians[yardstick])
    others = {
        side: seconds for side, seconds in medians.items() if side not in ("msops", yardstick)
    }
    return record.measured(
        f"ops/{name}",
        times["msops"],
        params={
            "shape": shape,
            "dtype": "float32",
            "threads": threads(),
            "load_before": load,
            "page_faults": statistics.median(pages[WARM_UP:]),
            "seconds": others,
        },
        peer=peer,
        peer_seconds=times[peer],
        bound=bound,
        fraction_of_bound=bound_seconds / medians["msops"],
    )


def threads() -> int:
    """How many threads both sides use: both read this variable."""
    return int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the cases asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-python", required=True, help="an interpreter that imports torch")
    parser.add_argument("--only", action="append", help="measure cases whose name begins so")
    parser.add_argument(
        "--shape",
        action="append",
        help=f"ROWSxCOLUMNS, multiples of 16 and of 128 (default: {' and '.join(SHAPES)})",
    )
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument(
        "--compile", action="store_true", help="also torch.compile, at half a minute a case"
    )
    options = parser.parse_args(arguments)
    ops_cases.dispatch_as_mstorch()
    for text in options.shape or SHAPES:
        rows, columns = (int(part) for part in text.split("x"))
        # Its compiler's other processes would take the processor from what is measured.
        environment = {**os.environ, "TORCHINDUCTOR_COMPILE_THREADS": "1"}
        command = [os.path.abspath(options.torch_python), "-P", str(_PEER)]
        with LineProcess(command, environment) as process:
            torch = Torch(process, (rows, columns))
            for name, case in ops_cases.cases(rows, columns, options.only or [""]).items():
                found = measure(name, case, torch, (rows, columns), options.runs, options.compile)
                print(found.line(), flush=True)


if __name__ == "__main__":
    main()
