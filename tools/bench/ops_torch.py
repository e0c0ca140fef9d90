# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What msops' operators are compared with, under PyTorch's interpreter.

Reads a JSON object a line, {"name": x, "rows": n, "columns": n, "compiled": false}, runs that case
once and answers with {"seconds": x}, null where torch.compile does not make it. Tensors of a case
are made when it is first asked for.
"""

import functools
import json
import os
import sys
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

Steps = dict[str, Callable]


def add_norm(x: torch.Tensor, residual: torch.Tensor, weight: torch.Tensor, _: object) -> tuple:
    """The norm of a sum, and the sum."""
    total = x + residual
    return F.rms_norm(total, weight.shape, weight, 1e-6), total


def norm(call: Callable, rows: int, columns: int, terms: int) -> Steps:
    """The steps `forward` and `both` of a norm with `terms` tensors of the input's shape."""
    inputs = [torch.randn(rows, columns, requires_grad=True) for _ in range(terms)]
    weight, bias = (torch.randn(columns, requires_grad=True) for _ in range(2))
    upstream = torch.randn(rows, columns)
    return steps(lambda: call(*inputs, weight, bias), [*inputs, weight, bias], upstream)


def steps(call: Callable, leaves: list, upstream: torch.Tensor) -> Steps:
    """Runs a call without recording, and a call with its gradients; both also compiled."""
    compiled = torch.compile(call, dynamic=False)
    return eager_steps(call, leaves, upstream) | {
        f"compiled {step}": run for step, run in eager_steps(compiled, leaves, upstream).items()
    }


def eager_steps(call: Callable, leaves: list, upstream: torch.Tensor) -> Steps:
    """The same without compilation."""

    def forward() -> None:
        with torch.no_grad():
            call()

    def both() -> None:
        for leaf in leaves:
            leaf.grad = None
        result = call()
        first = result[0] if isinstance(result, tuple) else result
        first.backward(upstream)

    return {"forward": forward, "both": both}


def swiglu(rows: int, columns: int) -> Steps:
    """silu(a) * b as PyTorch has it: two operators."""
    x, upstream = torch.randn(rows, 2 * columns, requires_grad=True), torch.randn(rows, columns)

    def call() -> torch.Tensor:
        a, b = x.chunk(2, -1)
        return F.silu(a) * b

    return steps(call, [x], upstream)


def gelu(rows: int, columns: int, with_bias: bool) -> Steps:
    """The exact form; with a bias, two operators."""
    x, upstream = torch.randn(rows, columns, requires_grad=True), torch.randn(rows, columns)
    bias = torch.randn(columns, requires_grad=True)
    if with_bias:
        return steps(lambda: F.gelu(x + bias), [x, bias], upstream)
    return steps(lambda: F.gelu(x), [x], upstream)


def embedding(rows: int, columns: int) -> Steps:
    """As many numbers as the table has rows."""
    table = torch.randn(rows, columns, requires_grad=True)
    call = functools.partial(F.embedding, torch.randint(rows, (rows,)), table)
    return steps(call, [table], torch.randn(rows, columns))


def cross_entropy(rows: int, columns: int) -> Steps:
    """The loss of each row."""
    logits, target = torch.randn(rows, columns, requires_grad=True), torch.randint(columns, (rows,))
    call = functools.partial(F.cross_entropy, logits, target, reduction="none")
    return steps(call, [logits], torch.randn(rows))


def rotary(rows: int, columns: int) -> Steps:
    """Rotation by halves as models write it, for heads of 128 columns."""
    x, upstream = (torch.randn(rows, columns // 128, 128) for _ in range(2))
    x.requires_grad_()
    cos, sin = (torch.randn(rows, 1, 128) for _ in range(2))

    def call() -> torch.Tensor:
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((-b, a), -1) * sin

    return steps(call, [x], upstream)


def grouped_matmul(rows: int, columns: int) -> Steps:
    """Groups of 128 rows, each times its own matrix; with weights stored transposed, and where one
    group has three quarters of the rows.
    """
    count, width = max(rows // 128, 2), columns // 4
    x = torch.randn(rows, width, requires_grad=True)
    weight = torch.randn(count, width, width, requires_grad=True)
    each = torch.full((count,), rows // count)
    skewed = torch.full((count,), rows // 4 // max(count - 1, 1))
    skewed[0] = rows - skewed[1:].sum()
    turned = weight.detach().transpose(1, 2)

    def call(groups: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
        return F.grouped_mm(x, matrices, offs=groups.cumsum(0).to(torch.int32))

    made = steps(lambda: call(each, weight), [x, weight], torch.randn(rows, width))
    for name, groups, matrices in (("transposed", each, turned), ("skewed", skewed, weight)):
        partial = functools.partial(call, groups, matrices)
        made |= {
            key.replace("forward", name): run
            for key, run in steps(partial, [x], torch.randn(rows, width)).items()
            if "forward" in key
        }
    return made


def matmul_accumulate(rows: int, columns: int) -> Callable:
    """A weight's gradient, added to a buffer."""
    x, dy = (torch.randn(rows, columns // 4) for _ in range(2))
    main_grad = torch.zeros(columns // 4, columns // 4)
    return lambda: main_grad.addmm_(dy.t(), x)


def gating(rows: int, columns: int) -> Steps:
    """DeepSeek-V3's choice of 8 of 256 experts, in 4 of 8 groups, and how often each was chosen."""
    tokens = rows * columns // 256
    logits, bias = torch.randn(tokens, 256, requires_grad=True), torch.randn(256)

    def call() -> torch.Tensor:
        scores = logits.sigmoid()
        ranks = (scores + bias).view(tokens, 8, 32)
        groups = ranks.topk(2, -1)[0].sum(-1).topk(4, -1)[1]
        kept = torch.zeros(tokens, 8, dtype=torch.bool).scatter(1, groups, True)
        ranks = ranks.masked_fill(~kept.unsqueeze(-1), -torch.inf).view(tokens, 256)
        indices = ranks.topk(8, -1)[1]
        torch.bincount(indices.flatten(), minlength=256)
        chosen = scores.gather(1, indices)
        return chosen / (chosen.sum(-1, keepdim=True) + 1e-20) * 2.5

    return steps(call, [logits], torch.randn(tokens, 8))


def permute(rows: int, columns: int) -> Steps:
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


def unpermute(rows: int, columns: int) -> Steps:
    """Rows back to their tokens, weighed and added."""
    permuted = torch.randn(2 * rows, columns, requires_grad=True)
    probs, upstream = torch.rand(rows, 2, requires_grad=True), torch.randn(rows, columns)
    positions = torch.randperm(2 * rows)

    def call() -> torch.Tensor:
        entries = permuted.index_select(0, positions).view(rows, 2, columns)
        return (entries * probs.unsqueeze(-1)).sum(1)

    return steps(call, [permuted, probs], upstream)


def multiply(size: int) -> Callable:
    """The bound of products: that of two square matrices."""
    a, b = (torch.randn(size, size) for _ in range(2))
    return lambda: a @ b


def attention(rows: int, columns: int) -> Steps:
    """Causal attention with the head sizes of MLA, a token a row."""
    heads = max(columns // 1024, 1)
    query, key = (torch.randn(1, heads, rows, 192, requires_grad=True) for _ in range(2))
    value = torch.randn(1, heads, rows, 128, requires_grad=True)
    call = functools.partial(F.scaled_dot_product_attention, query, key, value, is_causal=True)
    return steps(call, [query, key, value], torch.randn(1, heads, rows, 128))


def merge(rows: int, columns: int) -> Steps:
    """What puts attention over some keys and over others together."""
    length = rows * columns // 128
    one, other = (torch.randn(1, 1, length, 128, requires_grad=True) for _ in range(2))
    sums = [torch.randn(1, 1, length, 1, requires_grad=True) for _ in range(2)]

    def call() -> torch.Tensor:
        both = torch.logaddexp(*sums)
        return (sums[0] - both).exp() * one + (sums[1] - both).exp() * other

    return steps(call, [one, other, *sums], torch.randn(1, 1, length, 128))


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
def made(operator: str, rows: int, columns: int) -> Callable | Steps:
    """What runs an operator once, or its steps."""
    shape = (columns,)
    makers = {
        "rms_norm": lambda: norm(lambda x, w, b: F.rms_norm(x, shape, w, 1e-6), rows, columns, 1),
        "add_rms_norm": lambda: norm(add_norm, rows, columns, 2),
        "layer_norm": lambda: norm(
            lambda x, w, b: F.layer_norm(x, shape, w, b, 1e-6), rows, columns, 1
        ),
        "swiglu": lambda: swiglu(rows, columns),
        "gelu": lambda: gelu(rows, columns, False),
        "bias_gelu": lambda: gelu(rows, columns, True),
        "embedding": lambda: embedding(rows, columns),
        "vocab_cross_entropy": lambda: cross_entropy(rows, columns),
        "rotary_position_embedding": lambda: rotary(rows, columns),
        "fusion_attention": lambda: attention(rows, columns),
        "ring_attention_update": lambda: merge(rows, columns),
        "apply_adamw": lambda: adamw(rows, columns),
        "global_norm": lambda: global_norm(rows, columns),
        "grouped_matmul": lambda: grouped_matmul(rows, columns),
        "matmul_accumulate": lambda: matmul_accumulate(rows, columns),
        "moe_gating": lambda: gating(rows, columns),
        "moe_token_permute": lambda: permute(rows, columns),
        "moe_token_unpermute": lambda: unpermute(rows, columns),
        "multiply": lambda: multiply(2048),
        "copy": lambda: copy(rows, columns),
    }
    return makers[operator]()


def case(name: str, rows: int, columns: int, compiled: bool) -> Callable | None:
    """What runs a case once; None where there is nothing to compile."""
    operator, _, step = name.partition("/")
    found = made(operator, rows, columns)
    if isinstance(found, dict):
        return found[f"compiled {step}" if compiled else step]
    return None if compiled else found


def seconds(run: Callable | None) -> float | None:
    """How long a run takes; None where it does not compile, for whatever reason PyTorch has."""
    if run is None:
        return None
    started = time.perf_counter()
    try:
        run()
    except torch._dynamo.exc.TorchDynamoException:
        return None
    return time.perf_counter() - started


def main() -> None:
    """Serves until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the compiler may print
    for line in sys.stdin:
        run = case(**json.loads(line))
        print(json.dumps({"seconds": seconds(run)}), file=answers, flush=True)


if __name__ == "__main__":
    main()
