# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The launches for Ascend give what the CPU's kernels give, if CANN does what it documents.

The module is that of Ascend, on tensors in the memory of the CPU; in place of CANN, NumPy computes
what the documentation says of each operator that is called. So this compares what the launches make
of CANN's operators: which of them, in which order, with which settings. It cannot tell what CANN
does differently from its documentation.
"""

from collections.abc import Callable

import mindspore
import numpy as np
import pytest

import imperative
import msops
from cann_reference import LOWEST
from cann_stand_in import computing, module_of_ascend

INTEGERS = {np.dtype(np.int32), np.dtype(np.int64), np.dtype(np.bool_)}


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(np.float32)


def run(
    call: Callable, arrays: tuple, recorded: bool
) -> tuple[list[np.ndarray], list[np.ndarray | None]]:
    """The results of a call, and the gradients of its inputs from fixed ones of the results."""
    inputs = []
    for values in arrays:
        if values is None:
            inputs.append(None)
        elif values.dtype in INTEGERS:
            inputs.append(mindspore.Tensor(values))
        else:
            inputs.append(imperative.leaf(values, mindspore.Tensor(values).dtype))
    with imperative.recording(recorded):
        results = call(*inputs)
        results = results if isinstance(results, tuple) else (results,)
        results = tuple(result for result in results if result is not None)
        if recorded:
            wanted = tuple(x for x in results if x.is_floating_point())
            upstream = (mindspore.Tensor(numbers(*x.shape, seed=7)).astype(x.dtype) for x in wanted)
            imperative.backward_all(wanted, tuple(upstream))
    gradients = [getattr(tensor, "_grad", None) for tensor in inputs]
    return (
        [result.asnumpy() for result in results],
        [None if gradient is None else gradient.asnumpy() for gradient in gradients],
    )


@pytest.fixture
def same(monkeypatch):
    """Compares the results and gradients of a call on the two devices."""

    def compare(call: Callable, *arrays: np.ndarray | None, recorded: bool = True) -> None:
        expected = run(call, arrays, recorded)
        with module_of_ascend(monkeypatch), computing():
            found = run(call, arrays, recorded)
        for kind, left, right in zip(("result", "gradient"), found, expected, strict=True):
            for index, (one, other) in enumerate(zip(left, right, strict=True)):
                assert (one is None) == (other is None), (kind, index)
                if one is not None:
                    assert one.dtype == other.dtype
                    # no sum has the lowest logarithm on Ascend
                    other = np.where(np.isneginf(other), LOWEST, other)
                    np.testing.assert_allclose(
                        one, other, rtol=2e-5, atol=2e-5, err_msg=f"{kind} {index}"
                    )

    return compare


def test_norms(same):
    x, w, b = numbers(2, 3, 8), numbers(8), numbers(8, seed=1)
    same(lambda x, w: msops.rms_norm(x, w, 1e-6), x, w)
    same(lambda x, r, w: msops.add_rms_norm(x, r, w, 1e-6), x, numbers(2, 3, 8, seed=1), w)
    same(lambda x, w, b: msops.layer_norm(x, w, b, 1e-6), x, w, b)


@pytest.mark.parametrize("bias", [None, numbers(8)])
@pytest.mark.parametrize("scale", [None, numbers(2, 3, 1)])
def test_swiglu(same, bias, scale):
    same(msops.swiglu, numbers(2, 3, 8), bias, scale)


@pytest.mark.parametrize("form", ["none", "tanh"])
def test_gelu(same, form):
    same(lambda x: msops.gelu(x, form), numbers(3, 8))
    same(lambda x, b: msops.bias_gelu(x, b, form), numbers(3, 8), numbers(8))


@pytest.mark.parametrize("padding", [None, 1])
def test_embedding(same, padding):
    places = np.array([[2, 0, 1], [2, 2, 1]])
    same(lambda places, w: msops.embedding(places, w, padding), places, numbers(3, 4))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_vocab_cross_entropy(same, smoothing):
    target = np.array([4, -100, 0, 2])
    same(
        lambda x, target: msops.vocab_cross_entropy(x, target, -100, smoothing),
        numbers(4, 5),
        target,
    )


def test_pieces_of_a_vocabulary(same):
    target = np.array([4, 11, 0, 7])
    same(
        lambda x, target: msops.parts.vocab_pieces(x, target, 5),
        numbers(4, 6),
        target,
        recorded=False,
    )


@pytest.mark.parametrize("layout", ["half", "interleaved", "interleaved_half"])
@pytest.mark.parametrize("start", [0, 2])
@pytest.mark.parametrize(
    ("shape", "table"),
    [
        ((2, 3, 4), (1, 1, 4)),
        ((2, 3, 5, 4), (1, 3, 1, 4)),
        ((2, 2, 3, 5, 4), (2, 1, 3, 1, 4)),
    ],
)
def test_rotary_position_embedding(same, layout, start, shape, table):
    x = numbers(*shape[:-1], shape[-1] + start + (1 if start else 0))
    same(
        lambda x, cos, sin: msops.rotary_position_embedding(x, cos, sin, layout, start),
        x,
        numbers(*table, seed=1),
        numbers(*table, seed=2),
    )


@pytest.mark.parametrize("masters", [False, True])
@pytest.mark.parametrize("decoupled", [False, True])
def test_apply_adamw(same, masters, decoupled):
    def step(p, g, m, v, master):
        msops.apply_adamw(
            [p], [g], [m], [v], [master] if masters else (), lr=0.1, beta1=0.9, beta2=0.99,
            eps=1e-8, weight_decay=0.25, step=3, gradient_scale=0.5, decoupled=decoupled,
        )  # fmt: skip
        return tuple(x * 1 for x in (p, m, v, master))

    half = numbers(5).astype(np.float16) if masters else numbers(5)
    others = (numbers(5, seed=1), numbers(5, seed=2), numbers(5, seed=3) ** 2, numbers(5))
    same(step, half, *others, recorded=False)


def test_global_norm(same):
    same(lambda a, b: msops.global_norm([a, b]), numbers(3, 4), numbers(5), recorded=False)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("counts", [[2, 0, 4, 1], [0, 7, 0, 0]])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_grouped_matmul(same, transposed, counts, index):
    weight = numbers(4, 5, 3) if transposed else numbers(4, 3, 5)
    same(
        lambda x, w, counts: msops.grouped_matmul(x, w, counts, transposed),
        numbers(7, 3),
        weight,
        np.array(counts, index),
    )


def test_matmul_accumulate(same):
    def add(x, dy, total):
        msops.matmul_accumulate(x, dy, total)
        return total * 1

    same(add, numbers(2, 5, 3), numbers(2, 5, 4), numbers(4, 3), recorded=False)
    half = [numbers(5, 3).astype(np.float16), numbers(5, 4).astype(np.float16)]
    same(add, *half, numbers(4, 3), recorded=False)


@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("between", [3, 0])
def test_matmul_into(same, transposed, between):
    def multiply(a, b, out):
        msops.parts.matmul_into(a, b, out, *transposed)
        return out * 1

    a, b = numbers(2, 5, between), numbers(2, between, 4)
    a, b = (x.swapaxes(1, 2).copy() if t else x for x, t in zip((a, b), transposed, strict=True))
    same(multiply, a, b, numbers(2, 5, 4), recorded=False)


@pytest.mark.parametrize("function", ["softmax", "sigmoid"])
@pytest.mark.parametrize("bias", [None, numbers(12)])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("groups", [(1, 1, 1), (4, 4, 1), (12, 12, 1), (4, 2, 2), (4, 2, 1)])
def test_moe_gating(same, function, bias, normalize, groups):
    count, top, group_top_k = groups

    def gate(logits, bias):
        return msops.moe_gating(
            logits, 3, score_function=function, bias=bias, groups=count, top_groups=top,
            group_top_k=group_top_k, normalize=normalize, scale=2.5,
        )  # fmt: skip

    same(gate, numbers(6, 12), None if bias is None else bias / 4)


def test_groups_are_ranked_by_one_or_two_experts_on_ascend(monkeypatch):
    logits = mindspore.Tensor(numbers(2, 12))
    with (
        module_of_ascend(monkeypatch),
        pytest.raises(ValueError, match="group_top_k must be 1 or 2 on Ascend, got 3"),
    ):
        msops.moe_gating(logits, 3, groups=4, top_groups=2, group_top_k=3)


CHOICES = np.array([[2, 0], [1, 2], [0, 1], [2, 1], [2, 0]])


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("with_probs", [False, True])
def test_moe_token_permute(same, index, with_probs):
    def permute(tokens, indices, probs):
        return tuple(msops.moe_token_permute(tokens, indices, 4, probs))

    probs = np.abs(numbers(5, 2)) if with_probs else None
    same(permute, numbers(5, 6), CHOICES.astype(index), probs)


@pytest.mark.parametrize("with_probs", [False, True])
def test_moe_token_unpermute(same, with_probs):
    order = np.argsort(np.argsort(CHOICES.reshape(-1), kind="stable")).reshape(5, 2)
    probs = np.abs(numbers(5, 2)) if with_probs else None
    same(msops.moe_token_unpermute, numbers(10, 6), order.astype(np.int32), probs)


def test_a_capacity_is_refused_on_ascend(monkeypatch):
    tokens, choices = mindspore.Tensor(numbers(5, 6)), mindspore.Tensor(CHOICES)
    with (
        module_of_ascend(monkeypatch),
        pytest.raises(ValueError, match="capacity is not available on Ascend"),
    ):
        msops.moe_token_permute(tokens, choices, 4, capacity=2)


ATTENTION = {
    "all keys": {},
    "a scale": {"scale": 0.7},
    "causal": {"causal": True},
    "causal from the end": {"causal": True, "from_end": True},
    "a window from the end": {"window": (2, 1), "from_end": True},
    "a causal window from the end": {"window": (2, 5), "causal": True, "from_end": True},
    "keys before alone": {"window": (4, -1), "from_end": True},
}


@pytest.mark.parametrize("settings", ATTENTION.values(), ids=ATTENTION.keys())
@pytest.mark.parametrize(("queries", "keys"), [(5, 5), (4, 7), (7, 4)])
@pytest.mark.parametrize("with_log", [False, True])
def test_attention(same, settings, queries, keys, with_log):
    same(
        lambda *x: msops.fusion_attention(*x, log_sum_exp=with_log, **settings),
        numbers(2, 4, queries, 6),
        numbers(2, 2, keys, 6, seed=1),
        numbers(2, 2, keys, 5, seed=2),
    )


MASKS = {
    "of keys": np.array([1, 0, 1, 1, 0, 1], bool),
    "of a batch": np.array([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0]], bool)[:, None, None],
    "of heads": numbers(2, 4, 5, 6, seed=3) > 0,
    "with queries that see nothing": np.arange(5)[:, None] > np.zeros(6),
    "added": numbers(5, 6, seed=3),
    "added to heads": numbers(4, 1, 1, seed=3),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
@pytest.mark.parametrize("with_log", [False, True])
def test_attention_with_a_mask(same, mask, with_log):
    def attend(q, k, v):
        return msops.fusion_attention(q, k, v, mindspore.Tensor(mask), log_sum_exp=with_log)

    same(attend, numbers(2, 4, 5, 6), numbers(2, 4, 6, 6, seed=1), numbers(2, 4, 6, 6, seed=2))


PACKED = {
    "all keys": {},
    "causal": {"causal": True},
    "causal from the end": {"causal": True, "from_end": True},
    "a window": {"window": (1, 1)},
}


@pytest.mark.parametrize("settings", PACKED.values(), ids=PACKED.keys())
@pytest.mark.parametrize("with_log", [False, True])
def test_attention_of_packed_sequences(same, settings, with_log):
    same(
        lambda *x: msops.fusion_attention(
            *x, actual_seq_qlen=[3, 4, 9], log_sum_exp=with_log, **settings
        ),
        numbers(9, 4, 6),
        numbers(9, 2, 6, seed=1),
        numbers(9, 2, 5, seed=2),
    )


@pytest.mark.parametrize("settings", [{}, {"causal": True, "from_end": True}])
def test_packed_sequences_with_keys_of_other_lengths(same, settings):
    same(
        lambda *x: msops.fusion_attention(
            *x, actual_seq_qlen=[3, 4, 9], actual_seq_kvlen=[2, 6, 13], **settings
        ),
        numbers(9, 4, 6),
        numbers(13, 4, 6, seed=1),
        numbers(13, 4, 6, seed=2),
    )


def test_views_of_another_order_of_axes(same):
    def attend(*inputs):
        return msops.fusion_attention(*(x.transpose(0, 2, 1, 3) for x in inputs), causal=True)

    same(attend, *(numbers(2, 5, 4, 6, seed=seed) for seed in range(3)))


@pytest.mark.parametrize("ends", [None, [3, 4, 9]])
def test_dropout_keeps_what_its_probability_says_and_the_same_backward(monkeypatch, ends):
    """CANN's random numbers are its own, so the results are not the CPU's: but linear in value."""
    shape = (9, 2, 4) if ends else (2, 2, 9, 4)
    q, k = (mindspore.Tensor(numbers(*shape, seed=seed)) for seed in (1, 2))
    v = imperative.leaf(numbers(*shape, seed=3), mindspore.float32)
    upstream = mindspore.Tensor(numbers(*shape, seed=4))
    with module_of_ascend(monkeypatch), computing(), imperative.recording():
        y = msops.fusion_attention(q, k, v, dropout=0.4, seed=5, offset=6, actual_seq_qlen=ends)
        imperative.backward(y, upstream)
    along = [np.sum((a * b).asnumpy()) for a, b in ((v._grad, v), (y, upstream))]
    assert along[0] == pytest.approx(along[1], rel=1e-4)
    whole = msops.fusion_attention(q, k, v, actual_seq_qlen=ends).asnumpy()
    assert not np.allclose(y.asnumpy(), whole, rtol=0.1)


@pytest.mark.parametrize(
    ("settings", "keys", "message"),
    [
        ({"mask": np.ones((5, 5), bool), "causal": True}, 5, "does not go with causal"),
        ({"window": (1, 1)}, 7, "counts positions from the end"),
    ],
)
def test_what_ascend_has_no_attention_for(monkeypatch, settings, keys, message):
    tensors = [mindspore.Tensor(numbers(1, 1, length, 4)) for length in (5, keys, keys)]
    mask = settings.pop("mask", None)
    with module_of_ascend(monkeypatch), pytest.raises(ValueError, match=message):
        msops.fusion_attention(
            *tensors, None if mask is None else mindspore.Tensor(mask), **settings
        )


@pytest.mark.parametrize("shape", [(2, 4, 5, 6), (9, 4, 6)])
def test_ring_attention_update(same, shape):
    log_sum, other = numbers(*shape[:-1], seed=2), numbers(*shape[:-1], seed=3)
    log_sum[0, 0], other[0, :2] = -np.inf, -np.inf  # keys that nobody sees give 0
    one, two = (numbers(*shape, seed=seed) for seed in (0, 1))
    one[0, 0], two[0, :2] = 0, 0
    same(msops.ring_attention_update, one, log_sum, two, other)
