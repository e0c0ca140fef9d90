# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The cases of the benchmark of operators: what runs msops once, what bounds it, and what runs
MindSpore's own operator, where its CPU has one for the same formula."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import mindspore
import numpy as np
from mindspore import _c_expression, ops

import imperative
import msops

FLOAT = 4
"""Bytes of an element."""

Run = Callable[[], object]
Call = Callable[[], mindspore.Tensor]


@dataclasses.dataclass(frozen=True)
class Product:
    """A case that multiplies matrices."""

    operations: float
    """Multiplications and additions."""


@dataclasses.dataclass(frozen=True)
class Case:
    """What runs an operator once, until its result is there.

    Attributes:
        run: runs msops.
        work: what bounds it: elements that it must read and write, or a product.
        own: runs MindSpore's own operator.
    """

    run: Run
    work: float | Product
    own: Run | None = None


def dispatch_as_mstorch() -> None:
    """Operators run when they are called, on the thread that calls them.

    By default MindSpore hands each on from thread to thread, and those that wait spin: on two
    processors a small operator then takes 0.4 ms instead of 0.02, and they compete with its kernel.
    """
    mindspore.runtime.launch_blocking()
    _c_expression.disable_multi_thread()


def normal(*shape: int, requires_grad: bool = True) -> mindspore.Tensor:
    """Normal numbers in float32."""
    values = np.random.default_rng(len(shape)).standard_normal(shape, dtype=np.float32)
    return imperative.leaf(values, requires_grad=requires_grad)


def steps(
    call: Call, leaves: Sequence[mindspore.Tensor], upstream: mindspore.Tensor
) -> dict[str, Run]:
    """Runs of a differentiable operator: alone, and with its gradients, which are new each time."""

    def both() -> None:
        for leaf in leaves:
            leaf._grad = None
        with imperative.recording():
            output = call()
            imperative.backward(output, upstream)

    return {"forward": call, "both": both}


def cases(rows: int, columns: int, beginnings: Sequence[str] = ("",)) -> dict[str, Case]:
    """Each case by `operator/step`, of those whose name begins in one of these ways; `rows` is a
    multiple of 16, `columns` of 128.
    """
    found: dict[str, Case] = {}
    for group in (rowwise, experts, attention):
        for name, (call, leaves, upstream, work, own) in group(rows, columns).items():
            ours = steps(call, leaves, upstream)
            theirs = steps(own, leaves, upstream) if own else {}
            for step, bound in zip(("forward", "both"), work, strict=True):
                found[f"{name}/{step}"] = Case(ours[step], bound, theirs.get(step))
    found |= grouped(rows, columns) | in_place(rows, columns)
    return {name: case for name, case in found.items() if name.startswith(tuple(beginnings))}


# An operator, its inputs, the gradient of its result, what bounds it without and with its
# gradients, and MindSpore's own.
Operators = dict[
    str,
    tuple[
        Call,
        Sequence[mindspore.Tensor],
        mindspore.Tensor,
        tuple[float | Product, float | Product],
        Call | None,
    ],
]


def rowwise(rows: int, columns: int) -> Operators:
    """Operators that read and write each element once."""
    shape, size = (rows, columns), rows * columns
    x, residual, upstream = normal(*shape), normal(*shape), normal(*shape, requires_grad=False)
    weight, bias = normal(columns), normal(columns)
    gated = normal(rows, 2 * columns)
    target = mindspore.Tensor(np.random.default_rng(0).integers(0, columns, rows, np.int32))
    of_rows = normal(rows, requires_grad=False)
    places = mindspore.Tensor(np.random.default_rng(1).integers(0, rows, rows))
    heads = normal(rows, columns // 128, 128)
    heads_upstream = normal(rows, columns // 128, 128, requires_grad=False)
    tables = [table.reshape(rows, 1, 128) for table in msops.rotary_tables(rows, 128)]
    layer_norm = ops.LayerNorm(-1, -1, 1e-6)

    def own_swiglu() -> mindspore.Tensor:
        a, b = ops.chunk(gated, 2, -1)
        return ops.silu(a) * b

    return {
        "rms_norm": (
            lambda: msops.rms_norm(x, weight, 1e-6),
            (x, weight),
            upstream,
            (2 * size, 5 * size),
            None,
        ),
        "add_rms_norm": (
            lambda: msops.add_rms_norm(x, residual, weight, 1e-6)[0],
            (x, residual, weight),
            upstream,
            (4 * size, 9 * size),
            None,
        ),
        "layer_norm": (
            lambda: msops.layer_norm(x, weight, bias, 1e-6),
            (x, weight, bias),
            upstream,
            (2 * size, 5 * size),
            lambda: layer_norm(x, weight, bias)[0],
        ),
        "swiglu": (
            lambda: msops.swiglu(gated),
            (gated,),
            upstream,
            (3 * size, 8 * size),
            own_swiglu,
        ),
        "gelu": (
            lambda: msops.gelu(x),
            (x,),
            upstream,
            (2 * size, 5 * size),
            lambda: ops.gelu(x, approximate="none"),
        ),
        "bias_gelu": (
            lambda: msops.bias_gelu(x, bias),
            (x, bias),
            upstream,
            (2 * size, 5 * size),
            None,
        ),
        "embedding": (
            lambda: msops.embedding(places, residual),
            (residual,),
            upstream,
            (2 * size, 4 * size),
            lambda: ops.gather(residual, places, 0),
        ),
        "rotary_position_embedding": (
            lambda: msops.rotary_position_embedding(heads, *tables),
            (heads,),
            heads_upstream,
            (2 * size, 4 * size),
            None,
        ),
        "vocab_cross_entropy": (
            lambda: msops.vocab_cross_entropy(x, target),
            (x,),
            of_rows,
            (size, 3 * size),
            lambda: ops.cross_entropy(x, target, reduction="none"),
        ),
    }


def experts(rows: int, columns: int) -> Operators:
    """A mixture of experts: groups of 128 tokens, of which each goes to two; the gate's 256
    experts, in 8 groups, of which each goes to 8."""
    count, top_k, width = max(rows // 128, 2), 2, columns // 4
    size = rows * columns
    x, weight = normal(rows, width), normal(count, width, width)
    wide, narrow = normal(rows, columns), normal(rows, width, requires_grad=False)
    entries = normal(rows * top_k, columns)
    each = mindspore.Tensor(np.full(count, rows // count))
    generator = np.random.default_rng(2)
    chosen = mindspore.Tensor(np.argsort(generator.random((rows, count)))[:, :top_k])
    positions = msops.moe_token_permute(wide, chosen, count).positions
    probs = normal(rows, top_k)
    logits, bias = normal(size // 256, 256), normal(256, requires_grad=False)
    product = 2.0 * rows * width * width

    def gate() -> mindspore.Tensor:
        return msops.moe_gating(
            logits,
            8,
            score_function="sigmoid",
            bias=bias,
            groups=8,
            top_groups=4,
            group_top_k=2,
            normalize=True,
            scale=2.5,
        ).probs

    return {
        "grouped_matmul": (
            lambda: msops.grouped_matmul(x, weight, each),
            (x, weight),
            narrow,
            (Product(product), Product(3 * product)),
            None,
        ),
        "moe_gating": (
            gate,
            (logits,),
            normal(size // 256, 8, requires_grad=False),
            (size, 3 * size),
            None,
        ),
        "moe_token_permute": (
            lambda: msops.moe_token_permute(wide, chosen, count).tokens,
            (wide,),
            normal(rows * top_k, columns, requires_grad=False),
            ((1 + top_k) * size, 2 * (1 + top_k) * size),
            None,
        ),
        "moe_token_unpermute": (
            lambda: msops.moe_token_unpermute(entries, positions, probs),
            (entries, probs),
            normal(rows, columns, requires_grad=False),
            ((1 + top_k) * size, (2 + 3 * top_k) * size),
            None,
        ),
    }


def attention(rows: int, columns: int) -> Operators:
    """Causal attention with the head sizes of MLA, a token a row, and what puts results over parts
    of the keys together."""
    heads, length = max(columns // 1024, 1), rows
    query, key = (normal(1, heads, length, 192) for _ in range(2))
    value = normal(1, heads, length, 128)
    upstream = normal(1, heads, length, 128, requires_grad=False)
    size = rows * columns
    pair = [normal(1, 1, size // 128, 128) for _ in range(2)]
    sums = [normal(1, 1, size // 128) for _ in range(2)]
    # Half of the scores; the gradients make them again and have four products beside.
    forward, backward = (float(heads * length**2 * n) for n in (192 + 128, 3 * 192 + 2 * 128))
    return {
        "fusion_attention": (
            lambda: msops.fusion_attention(query, key, value, causal=True),
            (query, key, value),
            upstream,
            (Product(forward), Product(forward + backward)),
            None,
        ),
        "ring_attention_update": (
            lambda: msops.ring_attention_update(pair[0], sums[0], pair[1], sums[1])[0],
            (*pair, *sums),
            normal(1, 1, size // 128, 128, requires_grad=False),
            (3 * size, 8 * size),
            None,
        ),
    }


def grouped(rows: int, columns: int) -> dict[str, Case]:
    """The product of grouped tokens with weights stored transposed, and where one expert has three
    quarters of the tokens."""
    count, width = max(rows // 128, 2), columns // 4
    x, weight = normal(rows, width), normal(count, width, width)
    product = Product(2.0 * rows * width * width)
    each = mindspore.Tensor(np.full(count, rows // count))
    skewed = mindspore.Tensor(skewed_groups(rows, count))
    return {
        "grouped_matmul/transposed": Case(
            lambda: msops.grouped_matmul(x, weight, each, transpose_weight=True), product
        ),
        "grouped_matmul/skewed": Case(lambda: msops.grouped_matmul(x, weight, skewed), product),
    }


def skewed_groups(rows: int, count: int) -> np.ndarray:
    """Rows of each expert: about three quarters for the first, the rest evenly."""
    groups = np.full(count, rows // 4 // max(count - 1, 1))
    groups[0] = rows - groups[1:].sum()
    return groups


def in_place(rows: int, columns: int) -> dict[str, Case]:
    """What an optimizer does to 16 parameters, and a weight's gradient that is accumulated."""
    size, width = rows * columns, columns // 4
    lists = [
        [normal(rows // 16, columns, requires_grad=False) for _ in range(16)] for _ in range(4)
    ]
    x, dy, main_grad = (
        normal(*shape, requires_grad=False)
        for shape in ((rows, width), (rows, width), (width,) * 2)
    )

    def step() -> None:
        msops.apply_adamw(
            *lists, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01, step=1
        )

    return {
        "apply_adamw": Case(step, 7 * size),
        "global_norm": Case(lambda: msops.global_norm(lists[1]), size),
        "matmul_accumulate": Case(
            lambda: msops.matmul_accumulate(x, dy, main_grad), Product(2.0 * rows * width * width)
        ),
    }
