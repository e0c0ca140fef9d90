# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What msops' operators are compared with, under PyTorch's interpreter.

Reads a JSON object a line, {"case": name, "rows": n, "columns": n}, runs that case once and answers
with {"seconds": x}. Tensors of a case are made when it is first asked for.
"""

import functools
import json
import sys
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F


def norm(call: Callable, rows: int, columns: int, terms: int) -> tuple[Callable, Callable]:
    """The steps `forward` and `both` of a norm with `terms` tensors of the input's shape."""
    inputs = [torch.randn(rows, columns, requires_grad=True) for _ in range(terms)]
    weight, bias = (torch.randn(columns, requires_grad=True) for _ in range(2))
    upstream = torch.randn(rows, columns)
    return steps(lambda: call(*inputs, weight, bias), [*inputs, weight, bias], upstream)


def steps(call: Callable, leaves: list, upstream: torch.Tensor) -> tuple[Callable, Callable]:
    """Runs a call without recording, and a call with its gradients."""

    def forward() -> None:
        with torch.no_grad():
            call()

    def both() -> None:
        for leaf in leaves:
            leaf.grad = None
        call().backward(upstream)

    return forward, both


def swiglu(rows: int, columns: int) -> tuple[Callable, Callable]:
    """silu(a) * b as PyTorch has it: two operators."""
    x, upstream = torch.randn(rows, 2 * columns, requires_grad=True), torch.randn(rows, columns)

    def call() -> torch.Tensor:
        a, b = x.chunk(2, -1)
        return F.silu(a) * b

    return steps(call, [x], upstream)


def gelu(rows: int, columns: int, with_bias: bool) -> tuple[Callable, Callable]:
    """The exact form; with a bias, two operators."""
    x, upstream = torch.randn(rows, columns, requires_grad=True), torch.randn(rows, columns)
    bias = torch.randn(columns, requires_grad=True)
    if with_bias:
        return steps(lambda: F.gelu(x + bias), [x, bias], upstream)
    return steps(lambda: F.gelu(x), [x], upstream)


def embedding(rows: int, columns: int) -> tuple[Callable, Callable]:
    """As many numbers as the table has rows."""
    table = torch.randn(rows, columns, requires_grad=True)
    call = functools.partial(F.embedding, torch.randint(rows, (rows,)), table)
    return steps(call, [table], torch.randn(rows, columns))


def cross_entropy(rows: int, columns: int) -> tuple[Callable, Callable]:
    """The loss of each row."""
    logits, target = torch.randn(rows, columns, requires_grad=True), torch.randint(columns, (rows,))
    call = functools.partial(F.cross_entropy, logits, target, reduction="none")
    return steps(call, [logits], torch.randn(rows))


def rotary(rows: int, columns: int) -> tuple[Callable, Callable]:
    """Rotation by halves as models write it, for heads of 128 columns."""
    x, upstream = (torch.randn(rows, columns // 128, 128) for _ in range(2))
    x.requires_grad_()
    cos, sin = (torch.randn(rows, 1, 128) for _ in range(2))

    def call() -> torch.Tensor:
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((-b, a), -1) * sin

    return steps(call, [x], upstream)


def grouped_matmul(rows: int, columns: int) -> tuple[Callable, Callable]:
    """Groups of 128 rows, each times its own matrix."""
    count, width = max(rows // 128, 2), columns // 4
    x = torch.randn(rows, width, requires_grad=True)
    weight = torch.randn(count, width, width, requires_grad=True)
    ends = torch.arange(1, count + 1, dtype=torch.int32) * (rows // count)
    upstream = torch.randn(rows, width)
    return steps(lambda: F.grouped_mm(x, weight, offs=ends), [x, weight], upstream)


def matmul_accumulate(rows: int, columns: int) -> Callable:
    """A weight's gradient, added to a buffer."""
    x, dy = (torch.randn(rows, columns // 4) for _ in range(2))
    main_grad = torch.zeros(columns // 4, columns // 4)
    return lambda: main_grad.addmm_(dy.t(), x)


def gating(rows: int, columns: int) -> tuple[Callable, Callable]:
    """Softmax, the two largest, and how often each was chosen."""
    logits, upstream = torch.randn(rows, columns, requires_grad=True), torch.randn(rows, 2)

    def call() -> torch.Tensor:
        probs, indices = logits.softmax(-1).topk(2)
        torch.bincount(indices.flatten(), minlength=columns)
        return probs

    return steps(call, [logits], upstream)


def permute(rows: int, columns: int) -> tuple[Callable, Callable]:
    """Tokens by expert, as Megatron has it: a sort and a selection."""
    count = max(rows // 128, 2)
    chosen = torch.rand(rows, count).argsort()[:, :2].flatten()
    tokens, upstream = (
        torch.randn(rows, columns, requires_grad=True),
        torch.randn(2 * rows, columns),
    )
    return steps(
        lambda: tokens.index_select(0, chosen.argsort(stable=True) // 2), [tokens], upstream
    )


def unpermute(rows: int, columns: int) -> tuple[Callable, Callable]:
    """Rows back to their tokens, weighed and added."""
    permuted = torch.randn(2 * rows, columns, requires_grad=True)
    probs, upstream = torch.rand(rows, 2, requires_grad=True), torch.randn(rows, columns)
    positions = torch.randperm(2 * rows)

    def call() -> torch.Tensor:
        entries = permuted.index_select(0, positions).view(rows, 2, columns)
        return (entries * probs.unsqueeze(-1)).sum(1)

    return steps(call, [permuted, probs], upstream)


def multiply(rows: int, columns: int) -> Callable:
    """The bound of products: that of two square matrices."""
    size = min(rows, columns)
    a, b = (torch.randn(size, size) for _ in range(2))
    return lambda: a @ b


def attention(rows: int, columns: int, merge: bool) -> tuple[Callable, Callable]:
    """Causal attention with the head sizes of MLA, or what puts two partial results together."""
    heads, length = max(columns // 1024, 1), rows // 4
    query, key = (torch.randn(1, heads, length, 192, requires_grad=True) for _ in range(2))
    value, other = (torch.randn(1, heads, length, 128, requires_grad=True) for _ in range(2))
    sums = [torch.randn(1, heads, length, 1, requires_grad=True) for _ in range(2)]

    def merged() -> torch.Tensor:
        both = torch.logaddexp(*sums)
        return (sums[0] - both).exp() * value + (sums[1] - both).exp() * other

    upstream = torch.randn(1, heads, length, 128)
    if merge:
        return steps(merged, [value, other, *sums], upstream)
    call = functools.partial(F.scaled_dot_product_attention, query, key, value, is_causal=True)
    return steps(call, [query, key, value], upstream)


def adamw(rows: int, columns: int) -> Callable:
    """A fused step over 16 parameters."""
    parameters = [torch.randn(rows // 16, columns, requires_grad=True) for _ in range(16)]
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    return torch.optim.AdamW(parameters, fused=True).step


def global_norm(rows: int, columns: int) -> Callable:
    """The norm of 16 gradients."""
    tensors = [torch.randn(rows // 16, columns) for _ in range(16)]
    return lambda: torch.nn.utils.get_total_norm(tensors)


def copy(rows: int, columns: int) -> Callable:
    """The bound: memory read once and written once."""
    source = torch.randn(rows, columns)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


@functools.cache
def case(name: str, rows: int, columns: int) -> Callable:
    """What runs a case once."""
    operator, _, step = name.partition("/")
    shape = (columns,)
    made = {
        "rms_norm": lambda: norm(lambda x, w, b: F.rms_norm(x, shape, w, 1e-6), rows, columns, 1),
        "add_rms_norm": lambda: norm(
            lambda x, r, w, b: F.rms_norm(x + r, shape, w, 1e-6), rows, columns, 2
        ),
        "layer_norm": lambda: norm(
            lambda x, w, b: F.layer_norm(x, shape, w, b, 1e-6), rows, columns, 1
        ),
        "swiglu": lambda: swiglu(rows, columns),
        "gelu": lambda: gelu(rows, columns, False),
        "bias_gelu": lambda: gelu(rows, columns, True),
        "embedding": lambda: embedding(rows, columns),
        "vocab_cross_entropy": lambda: cross_entropy(rows, columns),
        "rotary_position_embedding": lambda: rotary(rows, columns),
        "fusion_attention": lambda: attention(rows, columns, merge=False),
        "ring_attention_update": lambda: attention(rows, columns, merge=True),
        "apply_adamw": lambda: adamw(rows, columns),
        "global_norm": lambda: global_norm(rows, columns),
        "grouped_matmul": lambda: grouped_matmul(rows, columns),
        "matmul_accumulate": lambda: matmul_accumulate(rows, columns),
        "moe_gating": lambda: gating(rows, columns),
        "moe_token_permute": lambda: permute(rows, columns),
        "moe_token_unpermute": lambda: unpermute(rows, columns),
        "multiply": lambda: multiply(rows, columns),
        "copy": lambda: copy(rows, columns),
    }[operator]()
    return made[step == "both"] if isinstance(made, tuple) else made


def main() -> None:
    """Serves until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        run = case(request["case"], request["rows"], request["columns"])
        started = time.perf_counter()
        run()
        print(json.dumps({"seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main()
