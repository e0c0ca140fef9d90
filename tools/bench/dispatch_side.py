# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One side of the dispatch benchmark: small operators of torch, or of the module that is named.

Reads names of cases, a line each, and answers each with the CPU seconds of one call. `names` is
answered with a JSON list of the cases.
"""

import importlib
import json
import sys
import time

CALLS = 400
"""Calls that are timed together: some milliseconds."""


def cases(torch):
    """Operators on 64 x 64 matrices: as they are, recorded, and recorded with a backward pass."""
    x, y = torch.rand(64, 64), torch.rand(64, 64)
    w = torch.rand(64, 64, requires_grad=True)
    places = torch.arange(64)
    functional = torch.nn.functional
    plain = {
        "add": lambda a: a + y,
        "mul by a number": lambda a: a * 0.5,
        "exp": lambda a: a.exp(),
        "sum": lambda a: a.sum(),
        "mean of rows": lambda a: a.mean(-1),
        "softmax": lambda a: a.softmax(-1),
        "silu": lambda a: functional.silu(a),
        "matmul": lambda a: a @ y,
        "linear": lambda a: functional.linear(a, y),
        "view": lambda a: a.view(-1),
        "transpose": lambda a: a.t(),
        "slice": lambda a: a[:, :32],
        "split": lambda a: a.split(16),
        "cat": lambda a: torch.cat((a, y)),
        "index_select": lambda a: a.index_select(0, places),
        "where": lambda a: torch.where(y > 0.5, a, y),
        "to float64": lambda a: a.double(),
    }

    def backward(operator):
        def run():
            operator(w).sum().backward()
            w.grad = None

        return run

    made = {f"{name}/plain": (lambda f=f: f(x)) for name, f in plain.items()}
    made |= {f"{name}/recorded": (lambda f=f: f(w)) for name, f in plain.items()}
    several = ("split",)
    made |= {f"{name}/backward": backward(f) for name, f in plain.items() if name not in several}
    made["add_/plain"] = lambda: x.add_(y)
    made["setitem/plain"] = lambda: x.__setitem__(0, 1.0)
    return made


def main() -> None:
    """Serves until standard input ends."""
    torch = importlib.import_module(sys.argv[1])
    if sys.argv[1] == "torch":
        torch.set_num_threads(1)
    calls = cases(torch)
    for line in sys.stdin:
        name = line.strip()
        if name == "names":
            print(json.dumps(list(calls)), flush=True)
            continue
        call = calls[name]
        for _ in range(CALLS // 10):
            call()
        started = time.process_time()
        for _ in range(CALLS):
            call()
        print((time.process_time() - started) / CALLS, flush=True)


if __name__ == "__main__":
    main()
