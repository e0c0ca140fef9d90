# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever an operator is called with, it gives a result or refuses in its own words."""

import functools
import inspect

import mindspore
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import msops

DTYPES = [
    mindspore.float16,
    mindspore.bfloat16,
    mindspore.float32,
    mindspore.float64,
    mindspore.int8,
    mindspore.int32,
    mindspore.int64,
    mindspore.bool_,
]
# What is no tensor: numbers at and beyond the ends of their types, and things of other types.
ODD = [None, True, 0, -1, 3, 2**31, -(2**63), 2**63, 10**30, 0.5, -0.0, 1e308, float("nan")]
ODD += [float("inf"), 1j, "none", "", b"x", [], [1.0], (), {}, np.ones(3, np.float32), object()]


@st.composite
def tensors(draw, shape=None, dtype=None):
    """Small tensors, some of them empty, without dimensions, transposed or a part of another."""
    shape = draw(st.lists(st.integers(0, 5), max_size=4)) if shape is None else list(shape)
    dtype = draw(st.sampled_from(DTYPES)) if dtype is None else dtype
    seed = draw(st.integers(0, 99))
    whole = np.random.default_rng(seed).integers(-1, 4, [n + 1 for n in shape])
    tensor = mindspore.Tensor(whole.astype(np.float32)).astype(dtype)
    form = draw(st.sampled_from(["part", "dense", "transposed"])) if shape else "dense"
    tensor = tensor[tuple(slice(n) for n in shape)] if shape else tensor
    if form == "dense":
        return tensor.copy()
    return tensor.swapaxes(0, -1) if form == "transposed" else tensor


def fitting(draw):
    """For some operators arguments that fit together, so that one wrong thing among them counts."""
    rows, columns = draw(st.integers(0, 4)), draw(st.integers(0, 9))
    dtype = draw(st.sampled_from(DTYPES[:4]))
    a = functools.partial(tensors, dtype=dtype)
    x, w = a((rows, columns)), a((columns,))
    places = tensors((rows,), mindspore.int64)
    experts = tensors((rows, 2), mindspore.int32)
    counts = tensors((2,), mindspore.int64)
    return {
        "rms_norm": (x, w, 1e-5),
        "add_rms_norm": (x, x, w, 1e-5),
        "layer_norm": (x, w, w, 1e-5),
        "swiglu": (a((rows, 2 * columns)), a((2 * columns,)), None),
        "gelu": (x, "tanh"),
        "bias_gelu": (x, w, "none"),
        "embedding": (places, a((5, columns)), None),
        "vocab_cross_entropy": (x, places, -1, 0.1),
        "apply_adamw": ([x], [x], [x], [x]),
        "global_norm": ([x, w],),
        "grouped_matmul": (x, a((2, columns, 3)), counts, False),
        "matmul_accumulate": (x, x, a((columns, columns))),
        "moe_gating": (x, 1),
        "moe_token_permute": (x, experts, 3, None),
        "moe_token_unpermute": (x, experts, None),
        "parts.grouped_matmul_grad_weight": (a((rows, 3)), x, a((2, columns, 3)), counts, False),
        "parts.matmul_into": (a((2, rows, 3)), a((2, 3, 4)), a((2, rows, 4)), False, False),
        "parts.moe_gating_grad": (a((rows, 2)), w, x, experts),
        "parts.moe_token_unpermute_grad": (x, x, experts, None),
        "parts.vocab_pieces": (x, places, 0),
        "parts.vocab_grad": (
            *(tensors((rows,), mindspore.float32), x, places),
            *(tensors((rows,), mindspore.float32) for _ in range(2)),
            5,
        ),
        "parts.gelu_grad": (x, x, "none"),
        "parts.embedding_grad": (x, places, 5, 0),
        "parts.rms_norm": (x, w, 1e-5),
        "parts.layer_norm": (x, w, w, 1e-5),
        "parts.add_rms_norm": (x, x, w, 1e-5),
        "parts.swiglu_grad": (a((rows, columns // 2)), x, w, None),
        "parts.rotary_position_embedding_grad": (x, x, x),
        "parts.rotary_position_embedding_table_grad": (x, x, x, x),
    }


def operators() -> dict[str, object]:
    """Every function of msops and of its parts."""
    named = {name: getattr(msops, name) for name in msops.__all__}
    named |= {f"parts.{name}": value for name, value in vars(msops.parts).items()}
    return {
        name: value
        for name, value in named.items()
        if inspect.isfunction(value)
        and value.__module__.startswith("msops.")
        and not value.__name__.startswith(("check_", "native"))
    }


def drawn(draw, value):
    if isinstance(value, st.SearchStrategy):
        return draw(value)
    return [drawn(draw, item) for item in value] if isinstance(value, list) else value


def arguments(draw, name: str, function) -> tuple[list, dict]:
    """Arguments by position and by name, at most one of them spoilt where some are known to fit."""
    odd = st.one_of(st.sampled_from(ODD), tensors(), st.lists(tensors(), max_size=2))
    positional = fitting(draw).get(name)
    if positional is None:
        parameters = inspect.signature(function).parameters.values()
        chosen = {
            p.name: draw(odd) for p in parameters if p.default is p.empty or draw(st.booleans())
        }
        return [], chosen
    values = [drawn(draw, value) for value in positional]
    if draw(st.booleans()):
        values[draw(st.integers(0, len(values) - 1))] = draw(odd)
    rest = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    named = {p.name: draw(st.sampled_from([1, 0.5])) for p in rest[len(values) :]}
    return values, named


@pytest.mark.parametrize("name", sorted(operators()))
def test_a_call_gives_a_result_or_a_refusal_in_words_of_msops(name):
    function = operators()[name]

    @settings(derandomize=True, deadline=None, max_examples=60, database=None)
    @given(st.data())
    def check(data):
        positional, named = arguments(data.draw, name, function)
        try:
            result = function(*positional, **named)
            for tensor in result if isinstance(result, tuple) else (result,):
                if isinstance(tensor, mindspore.Tensor):
                    tensor.asnumpy()
        except (TypeError, ValueError, IndexError) as error:
            assert str(error).startswith("msops."), repr(error)

    check()
    assert msops.gelu(mindspore.Tensor(np.float32(0))).asnumpy() == 0
