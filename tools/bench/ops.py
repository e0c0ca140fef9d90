# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How long msops' operators take on the CPU, against PyTorch eager and against copying memory.

Prints one JSON line a case, see record.py. A case is an operator and a step: `forward`, or `both`
for the operator with its gradients. Runs of both sides and of the copy alternate, so that whatever
else the machine does falls on all. The bound is the time in which a
copy moves as many bytes as the operator must, or PyTorch's product of two square matrices computes
as much.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import mindspore
import numpy as np

import imperative
import msops
import record
from line_process import LineProcess

WARM_UP = 2
FLOAT = 4
"""Bytes of an element."""

_PEER = Path(__file__).absolute().parent / "ops_torch.py"

Run = Callable[[], object]


@dataclasses.dataclass(frozen=True)
class Product:
    """A case that multiplies matrices."""

    operations: float
    """Multiplications and additions."""


Work = float | Product
"""What bounds a case: elements that it must read and write, or a product."""


def seconds_of(torch: LineProcess, case: str, rows: int, columns: int) -> float:
    """PyTorch runs a case once."""
    request = {"case": case, "rows": rows, "columns": columns}
    return float(json.loads(torch.ask(json.dumps(request)))["seconds"])


def normal(*shape: int, requires_grad: bool = True) -> mindspore.Tensor:
    values = np.random.default_rng(len(shape)).standard_normal(shape, dtype=np.float32)
    return imperative.leaf(values, requires_grad=requires_grad)


def steps(call: Callable[[], mindspore.Tensor], upstream: mindspore.Tensor) -> dict[str, Run]:
    """Runs of a differentiable operator, each until its result is there."""

    def both() -> None:
        with imperative.recording():
            output = call()
            imperative.backward(output, upstream)
        output.asnumpy()

    return {"forward": lambda: call().asnumpy(), "both": both}


def runs(rows: int, columns: int) -> dict[str, tuple[Run, Work]]:
    """Each case with what runs it once, and what bounds it."""
    shape, size = (rows, columns), rows * columns
    x, residual, upstream = normal(*shape), normal(*shape), normal(*shape, requires_grad=False)
    weight, bias = normal(columns), normal(columns)
    gated = normal(rows, 2 * columns)
    target = mindspore.Tensor(np.random.default_rng(0).integers(0, columns, rows))
    of_rows = normal(rows, requires_grad=False)
    places = mindspore.Tensor(np.random.default_rng(1).integers(0, rows, rows))
    heads = normal(rows, columns // 128, 128)
    heads_upstream = normal(rows, columns // 128, 128, requires_grad=False)
    tables = [table.reshape(rows, 1, 128) for table in msops.rotary_tables(rows, 128)]
    # Read and written forward, and by the gradients.
    operators = {
        "rms_norm": (steps(lambda: msops.rms_norm(x, weight, 1e-6), upstream), 2, 3),
        "add_rms_norm": (
            steps(lambda: msops.add_rms_norm(x, residual, weight, 1e-6)[0], upstream),
            4,
            5,
        ),
        "layer_norm": (steps(lambda: msops.layer_norm(x, weight, bias, 1e-6), upstream), 2, 3),
        "swiglu": (steps(lambda: msops.swiglu(gated), upstream), 3, 5),
        "gelu": (steps(lambda: msops.gelu(x), upstream), 2, 3),
        "bias_gelu": (steps(lambda: msops.bias_gelu(x, bias), upstream), 2, 3),
        "embedding": (steps(lambda: msops.embedding(places, residual), upstream), 2, 3),
        "rotary_position_embedding": (
            steps(lambda: msops.rotary_position_embedding(heads, *tables), heads_upstream),
            2,
            2,
        ),
        "vocab_cross_entropy": (
            steps(lambda: msops.vocab_cross_entropy(x, target), of_rows),
            1,
            2,
        ),
    }
    cases: dict[str, tuple[Run, Work]] = {}
    for name, (made, forward, backward) in operators.items():
        cases[f"{name}/forward"] = made["forward"], forward * size
        cases[f"{name}/both"] = made["both"], (forward + backward) * size
    cases["apply_adamw"] = adamw(rows, columns), 7 * size
    tensors = [normal(rows // 16, columns, requires_grad=False) for _ in range(16)]
    cases["global_norm"] = lambda: msops.global_norm(tensors).asnumpy(), size
    return cases | experts(rows, columns) | attention(rows, columns)


def experts(rows: int, columns: int) -> dict[str, tuple[Run, Work]]:
    """The operators of a mixture of experts: groups of 128 tokens, of which each goes to two."""
    count, top_k, width = max(rows // 128, 2), 2, columns // 4
    x, weight = normal(rows, width), normal(count, width, width)
    wide, narrow = normal(rows, columns), normal(rows, width, requires_grad=False)
    entries = normal(rows * top_k, columns)
    each = mindspore.Tensor(np.full(count, rows // count))
    generator = np.random.default_rng(2)
    chosen = mindspore.Tensor(np.argsort(generator.random((rows, count)))[:, :top_k])
    positions = msops.moe_token_permute(wide, chosen, count).positions
    probs, main_grad = normal(rows, top_k), normal(width, width, requires_grad=False)
    product, size = Product(2.0 * rows * width * width), rows * columns
    multiplied = steps(lambda: msops.grouped_matmul(x, weight, each), narrow)
    # Read and written forward, and by the gradients.
    moved = {
        "moe_gating": (
            steps(lambda: msops.moe_gating(wide, top_k).probs, normal(rows, top_k)),
            size,
            2 * size,
        ),
        "moe_token_permute": (
            steps(lambda: msops.moe_token_permute(wide, chosen, count).tokens, entries),
            (1 + top_k) * size,
            (1 + top_k) * size,
        ),
        "moe_token_unpermute": (
            steps(lambda: msops.moe_token_unpermute(entries, positions, probs), wide),
            (1 + top_k) * size,
            (1 + 2 * top_k) * size,
        ),
    }
    cases: dict[str, tuple[Run, Work]] = {
        "grouped_matmul/forward": (multiplied["forward"], product),
        "grouped_matmul/both": (multiplied["both"], Product(3 * product.operations)),
    }
    for name, (made, forward, backward) in moved.items():
        cases[f"{name}/forward"] = made["forward"], forward
        cases[f"{name}/both"] = made["both"], forward + backward

    def accumulate() -> None:
        msops.matmul_accumulate(x, narrow, main_grad)
        main_grad.asnumpy()

    cases["matmul_accumulate"] = accumulate, product
    return cases


def attention(rows: int, columns: int) -> dict[str, tuple[Run, Work]]:
    """Causal attention with the head sizes of MLA over a fourth of the rows, and merging the
    results of two such.
    """
    heads, length = max(columns // 1024, 1), rows // 4
    query, key = (normal(1, heads, length, 192) for _ in range(2))
    value, other = (normal(1, heads, length, 128) for _ in range(2))
    upstream = normal(1, heads, length, 128, requires_grad=False)
    sums = [normal(1, heads, length) for _ in range(2)]
    size = heads * length * 128
    attended = steps(lambda: msops.fusion_attention(query, key, value, causal=True), upstream)
    merged = steps(lambda: msops.ring_attention_update(value, sums[0], other, sums[1])[0], upstream)
    # Half of the scores; the gradients make them again and have four products beside.
    forward, backward = (float(heads * length**2 * n) for n in (192 + 128, 3 * 192 + 2 * 128))
    return {
        "fusion_attention/forward": (attended["forward"], Product(forward)),
        "fusion_attention/both": (attended["both"], Product(forward + backward)),
        "ring_attention_update/forward": (merged["forward"], 3 * size),
        "ring_attention_update/both": (merged["both"], 8 * size),
    }


def adamw(rows: int, columns: int) -> Run:
    """A step over 16 parameters."""
    lists = [
        [normal(rows // 16, columns, requires_grad=False) for _ in range(16)] for _ in range(4)
    ]

    def run() -> None:
        msops.apply_adamw(
            *lists, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01, step=1
        )
        lists[0][-1].asnumpy()

    return run


def timed(run: Run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def bound_of(work: Work, shape: tuple[int, int], yardstick: float) -> tuple[str, float]:
    """The bound in words and in seconds; `yardstick` is how long copying, or multiplying, takes."""
    if isinstance(work, Product):
        rate = 2 * min(shape) ** 3 / yardstick
        words = f"multiplying {work.operations / 1e9:.3g} GFLOP at {rate / 1e9:.3g} GFLOP/s"
        return words, work.operations / rate
    rate = 2 * FLOAT * shape[0] * shape[1] / yardstick
    return (
        f"copying {work * FLOAT / 1e6:.0f} MB at {rate / 1e9:.3g} GB/s",
        work * FLOAT / rate,
    )


def measure(
    case: str, run: Run, work: Work, torch: LineProcess, shape: tuple[int, int], count: int
) -> record.Record:
    """Runs one case on both sides in turn and returns its record."""
    ours, theirs, yardsticks = [], [], []
    yardstick = "multiply" if isinstance(work, Product) else "copy"
    load = os.getloadavg()[0]
    for _ in range(WARM_UP + count):
        ours.append(timed(run))
        theirs.append(seconds_of(torch, case, *shape))
        yardsticks.append(seconds_of(torch, yardstick, *shape))
    yardsticks = sorted(yardsticks[WARM_UP:])
    bound, bound_seconds = bound_of(work, shape, yardsticks[len(yardsticks) // 2])
    seconds = sorted(ours[WARM_UP:])
    return record.measured(
        f"ops/{case}",
        ours[WARM_UP:],
        params={"shape": shape, "dtype": "float32", "load_before": load},
        peer="PyTorch eager",
        peer_seconds=theirs[WARM_UP:],
        bound=bound,
        fraction_of_bound=bound_seconds / seconds[len(seconds) // 2],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures the cases asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch-python", required=True, help="an interpreter that imports torch")
    parser.add_argument("--only", default="", help="measure cases whose name begins so")
    parser.add_argument("--rows", type=int, default=4096, help="a multiple of 16")
    parser.add_argument("--columns", type=int, default=4096, help="a multiple of 128")
    parser.add_argument("--runs", type=int, default=11)
    options = parser.parse_args(arguments)
    shape = (options.rows, options.columns)
    with LineProcess([os.path.abspath(options.torch_python), "-P", str(_PEER)]) as torch:
        for case, (run, work) in runs(*shape).items():
            if case.startswith(options.only):
                line = measure(case, run, work, torch, shape, options.runs).line()
                print(line, flush=True)


if __name__ == "__main__":
    main()
