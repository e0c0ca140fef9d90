# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The operators of a mixture of experts against float64: values, gradients and refusals."""

import mindspore
import numpy as np
import pytest

import imperative
import msops

# dtype of what is stored, dtype of what is computed, error allowed of each, relative to the largest
DTYPES = [
    pytest.param(mindspore.float64, mindspore.float64, 1e-13, 1e-13, id="float64"),
    pytest.param(mindspore.float32, mindspore.float32, 1e-6, 1e-6, id="float32"),
    pytest.param(mindspore.float16, mindspore.float32, 2**-11 * 1.01, 1e-6, id="float16"),
    pytest.param(mindspore.bfloat16, mindspore.float32, 2**-8 * 1.01, 1e-6, id="bfloat16"),
]


def normal(seed: int, dtype: mindspore.dtype, *shape: int, grad: bool = True) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(seed).standard_normal(shape), dtype, grad)


def assert_close(actual: mindspore.Tensor, expected: np.ndarray, tolerance: float) -> None:
    assert tuple(actual.shape) == expected.shape
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


def largest(values: np.ndarray, count: int) -> np.ndarray:
    """Places of the largest values of each row, the first of equal ones first."""
    return np.argsort(-values, axis=-1, kind="stable")[..., :count]


def scores_of(logits: np.ndarray, score_function: str) -> np.ndarray:
    if score_function == "sigmoid":
        return 1 / (1 + np.exp(-logits))
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def choose(scores, top_k, bias, groups, top_groups, group_top_k):
    """The experts of each token, as Megatron-core and DeepSeek-V3 choose them."""
    ranks = (scores + bias).reshape(len(scores), groups, scores.shape[-1] // groups)
    group_scores = np.sort(ranks, -1)[..., -group_top_k:].sum(-1)
    allowed = np.zeros((len(scores), groups, 1))
    np.put_along_axis(allowed[..., 0], largest(group_scores, top_groups), 1.0, -1)
    return largest(np.where(allowed > 0, ranks, -np.inf).reshape(scores.shape), top_k)


GATINGS = [
    {"top_k": 1},
    {"top_k": 3, "normalize": True, "scale": 2.5},
    {"top_k": 2, "score_function": "sigmoid"},
    {
        "top_k": 4,
        "score_function": "sigmoid",
        "groups": 4,
        "top_groups": 2,
        "normalize": True,
        "scale": 2.5,
    },
    {"top_k": 4, "groups": 6, "top_groups": 4, "group_top_k": 1},
]


def gate(logits, indices, dprobs, dsums, score_function, normalize, scale):
    """probs, score_sums and the gradient of the logits in float64, with the choice given."""
    scores = scores_of(logits, score_function)
    chosen = np.take_along_axis(scores, indices, -1)
    total = chosen.sum(-1, keepdims=True) if normalize else np.ones((len(logits), 1))
    all_total = scores.sum(-1, keepdims=True)
    shares = scores / all_total
    inner = (dprobs * chosen).sum(-1, keepdims=True) / total if normalize else 0.0
    dscores = (dsums - (dsums * shares).sum(-1, keepdims=True)) / all_total
    add = np.zeros_like(scores)
    np.put_along_axis(add, indices, scale * (dprobs - inner) / total, -1)
    dscores = dscores + add
    if score_function == "sigmoid":
        dlogits = dscores * scores * (1 - scores)
    else:
        dlogits = scores * (dscores - (dscores * scores).sum(-1, keepdims=True))
    return chosen / total * scale, shares.sum(0), dlogits


@pytest.mark.parametrize("settings", GATINGS)
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize(("tokens", "experts"), [(5, 12), (1, 24), (130, 60), (0, 12)])
@pytest.mark.parametrize(("dtype", "wide", "tolerance", "wide_tolerance"), DTYPES)
def test_gating_agrees_with_float64(
    tokens, experts, with_bias, settings, dtype, wide, tolerance, wide_tolerance
):
    logits = normal(1, dtype, tokens, experts)
    dprobs = normal(2, dtype, tokens, settings["top_k"], grad=False)
    bias = normal(3, wide, experts, grad=False) if with_bias else None
    dsums = normal(4, wide, experts, grad=False)
    with imperative.recording():
        output = msops.moe_gating(logits, bias=bias, **settings)
        imperative.backward_all((output.probs, output.score_sums), (dprobs, dsums))
    top_groups = settings.get("top_groups", 1)
    function = settings.get("score_function", "softmax")
    expected_indices = choose(
        scores_of(imperative.values(logits), function),
        settings["top_k"],
        imperative.values(bias) if with_bias else 0.0,
        settings.get("groups", 1),
        top_groups,
        settings.get("group_top_k", max(settings["top_k"] // top_groups, 1)),
    )
    if dtype != mindspore.float64:  # what rounding makes equal may be chosen either way
        expected_indices = output.indices.asnumpy()
    np.testing.assert_array_equal(output.indices.asnumpy(), expected_indices)
    np.testing.assert_array_equal(
        output.tokens_per_expert.asnumpy(), np.bincount(expected_indices.ravel(), minlength=experts)
    )
    probs, sums, dlogits = gate(
        imperative.values(logits),
        expected_indices,
        imperative.values(dprobs),
        imperative.values(dsums),
        function,
        settings.get("normalize", False),
        settings.get("scale", 1.0),
    )
    assert (output.probs.dtype, output.indices.dtype) == (dtype, mindspore.int32)
    assert_close(output.probs, probs, tolerance)
    assert_close(output.score_sums, sums, wide_tolerance)
    assert_close(logits._grad, dlogits, tolerance)


def routed(tokens: int, top_k: int, experts: int) -> np.ndarray:
    """Experts of each token, none twice, some nowhere."""
    generator = np.random.default_rng(9)
    rows = [generator.permutation(experts + 1)[:top_k] - 1 for _ in range(tokens)]
    return np.array(rows, np.int64).reshape(tokens, top_k)


def lay_out(indices, experts, probs, capacity, by_probs):
    """The row of each choice, -1 where it is dropped, and how many rows there are."""
    flat = indices.ravel()
    positions = np.full(flat.shape, -1)
    row = 0
    for expert in range(experts):
        entries = np.flatnonzero(flat == expert)
        if capacity is not None:
            row = expert * capacity
            if by_probs:
                entries = entries[np.argsort(-probs.ravel()[entries], kind="stable")]
            entries = np.sort(entries[:capacity])
        positions[entries] = np.arange(row, row + len(entries))
        row += len(entries)
    return positions.reshape(indices.shape), flat.size if capacity is None else experts * capacity


# tokens, top_k, columns, experts, capacity, drop_policy
ROUTES = [
    (1, 1, 1, 1, None, "position"),
    (7, 3, 17, 5, None, "position"),
    (0, 2, 5, 3, None, "position"),
    (5, 2, 0, 3, 2, "position"),
    (20, 2, 33, 4, 3, "position"),
    (20, 2, 33, 4, 3, "probs"),
    (300, 4, 70, 16, None, "position"),
    (300, 4, 70, 16, 100, "probs"),
]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("index", [mindspore.int32, mindspore.int64], ids=str)
@pytest.mark.parametrize(("dtype", "wide", "tolerance", "wide_tolerance"), DTYPES)
def test_tokens_go_to_their_experts_and_back(route, index, dtype, wide, tolerance, wide_tolerance):
    count, top_k, columns, experts, capacity, drop_policy = route
    indices = routed(count, top_k, experts)
    tokens, probs = normal(1, dtype, count, columns), normal(2, wide, count, top_k)
    dout, weight = normal(3, dtype, count, columns, grad=False), normal(4, wide, count, top_k)
    with imperative.recording():
        there = msops.moe_token_permute(
            tokens,
            mindspore.Tensor(indices, index),
            experts,
            probs,
            capacity=capacity,
            drop_policy=drop_policy,
        )
        back = msops.moe_token_unpermute(there.tokens, there.positions, weight)
        upstream = normal(5, wide, *there.probs.shape, grad=False)
        imperative.backward_all((back, there.probs), (dout, upstream))
    positions, rows = lay_out(
        indices, experts, imperative.values(probs), capacity, drop_policy == "probs"
    )
    np.testing.assert_array_equal(there.positions.asnumpy(), positions)
    kept = positions >= 0
    np.testing.assert_array_equal(
        there.tokens_per_expert.asnumpy(), np.bincount(indices[kept], minlength=experts)
    )
    x, w, dy = imperative.values(tokens), imperative.values(weight), imperative.values(dout)
    permuted, permuted_probs = np.zeros((rows, columns)), np.zeros(rows)
    permuted[positions[kept]] = np.repeat(x[:, None], top_k, 1)[kept]
    permuted_probs[positions[kept]] = imperative.values(probs)[kept]
    sums = (w * kept).sum(-1, keepdims=True)
    assert_close(there.tokens, permuted, 0.0)
    assert_close(there.probs, permuted_probs, 0.0)
    assert_close(back, x * sums, tolerance)
    assert_close(tokens._grad, dy * sums, 2 * tolerance)  # rounded on the way there and back
    assert_close(weight._grad, kept * (x * dy).sum(-1, keepdims=True), wide_tolerance)
    dprobs = np.where(kept, imperative.values(upstream)[np.maximum(positions, 0)] if rows else 0, 0)
    assert_close(probs._grad, dprobs, 0.0)


def test_without_probs_all_rows_of_a_token_are_added():
    tokens = normal(1, mindspore.float32, 6, 4)
    with imperative.recording():
        there = msops.moe_token_permute(tokens, mindspore.Tensor(routed(6, 2, 3)), 3)
        back = msops.moe_token_unpermute(there.tokens, there.positions)
        imperative.backward(back, mindspore.Tensor(np.ones((6, 4), np.float32)))
    kept = (there.positions.asnumpy() >= 0).sum(-1, keepdims=True)
    assert there.probs is None
    np.testing.assert_array_equal(back.asnumpy(), tokens.asnumpy() * kept)
    np.testing.assert_array_equal(tokens._grad.asnumpy(), np.broadcast_to(kept, (6, 4)))


def test_views_are_read_as_they_are():
    logits = normal(1, mindspore.float32, 8, 5, grad=False)
    np.testing.assert_array_equal(
        msops.moe_gating(logits.T, 2).probs.asnumpy(),
        msops.moe_gating(logits.T.copy(), 2).probs.asnumpy(),
    )
    indices = mindspore.Tensor(routed(8, 2, 3))
    np.testing.assert_array_equal(
        msops.moe_token_permute(logits[:, 1:], indices, 3).tokens.asnumpy(),
        msops.moe_token_permute(logits[:, 1:].copy(), indices, 3).tokens.asnumpy(),
    )


def ones(*shape: int, dtype: mindspore.dtype = mindspore.float32) -> mindspore.Tensor:
    return mindspore.Tensor(np.ones(shape, np.float32)).astype(dtype)


L = ones(3, 8)


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        ((L[0], 1), {}, ValueError, r"logits must have the shape \(tokens, experts\), got \(8,\)"),
        ((L, 9), {}, ValueError, "top_k must be between 1 and the 8 experts .* got 9"),
        ((L, 0), {}, ValueError, "top_k must be between 1 and the 8 experts .* got 0"),
        ((L, 1), {"groups": 3}, ValueError, "groups must divide the 8 experts, got 3"),
        (
            (L, 1),
            {"groups": 4, "top_groups": 5},
            ValueError,
            "top_groups must be between 1 and the 4 groups, got 5",
        ),
        (
            (L, 4),
            {"groups": 4, "top_groups": 2, "group_top_k": 3},
            ValueError,
            "group_top_k must be between 1 and the 2 experts of a group, got 3",
        ),
        ((L, 1), {"bias": ones(7)}, ValueError, r"bias must have one value an expert, .*\(7,\)"),
        ((L, 1), {"bias": ones(8).half()}, TypeError, "bias must be float32, got float16"),
        ((L.int(), 1), {}, TypeError, "logits must be float16, .* got int32"),
        ((L, 1), {"scale": "1"}, TypeError, "scale must be a number, got str"),
        ((L, 1), {"score_function": "relu"}, ValueError, "score_function must be 'sigmoid' or"),
        ((np.ones((3, 8)), 1), {}, TypeError, "logits must be a mindspore.Tensor"),
    ],
)
def test_gating_refuses_what_does_not_fit(arguments, settings, error, message):
    with pytest.raises(error, match=rf"msops\.moe_gating: {message}"):
        msops.moe_gating(*arguments, **settings)


EXPERTS = ones(3, 2).int()


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        (
            (L, EXPERTS[0], 2),
            {},
            ValueError,
            r"indices must have the shape \(tokens, top_k\), got \(2,\)",
        ),
        (
            (L[1:], EXPERTS, 2),
            {},
            ValueError,
            r"tokens must have one row a row of indices; .*\(2, 8\)",
        ),
        (
            (L, EXPERTS, 2, ones(3, 1)),
            {},
            ValueError,
            r"probs must have the shape of indices, \(3, 2\)",
        ),
        ((L, EXPERTS, 2, ones(3, 2).half()), {}, TypeError, "probs must be float32, got float16"),
        ((L, L, 2), {}, TypeError, "indices must be int32 or int64, got float32"),
        ((L, EXPERTS, 2), {"capacity": 0}, ValueError, "capacity must be at least 1, got 0"),
        ((L, EXPERTS, 2), {"capacity": 2, "drop_policy": "x"}, ValueError, "drop_policy must be"),
        ((L, EXPERTS, 2), {"capacity": 2, "drop_policy": "probs"}, ValueError, ".*needs probs"),
        ((L, EXPERTS, 2), {"capacity": 2**31}, ValueError, "positions are int32"),
        ((L, EXPERTS, -2), {}, ValueError, "num_experts and capacity must not be negative"),
    ],
)
def test_permute_refuses_what_does_not_fit(arguments, settings, error, message):
    with pytest.raises(error, match=rf"msops\.moe_token_permute: {message}"):
        msops.moe_token_permute(*arguments, **settings)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            (L[0], EXPERTS),
            ValueError,
            r"permuted must have the shape \(rows, columns\), got \(8,\)",
        ),
        (
            (L, EXPERTS[0]),
            ValueError,
            r"positions must have the shape \(tokens, top_k\), got \(2,\)",
        ),
        ((L, EXPERTS.long()), TypeError, "positions must be int32, got int64"),
        ((L, EXPERTS, ones(2, 2)), ValueError, "probs must have the shape of positions"),
    ],
)
def test_unpermute_refuses_what_does_not_fit(arguments, error, message):
    with pytest.raises(error, match=rf"msops\.moe_token_unpermute: {message}"):
        msops.moe_token_unpermute(*arguments)


def test_what_only_the_numbers_show_is_refused_where_the_result_is_read():
    with pytest.raises(IndexError, match="indices must be those of the 2 experts, or -1; entry 4"):
        msops.moe_token_permute(L, mindspore.Tensor([[0, 1], [1, 1], [2, 0]]), 2).tokens.asnumpy()
    permuted = normal(1, mindspore.float32, 4, 2)
    with imperative.recording():
        y = msops.moe_token_unpermute(permuted, mindspore.Tensor([[0, 1], [1, 2]], mindspore.int32))
        imperative.backward(y, ones(2, 2))
        with pytest.raises(ValueError, match="positions must differ; entries 1 and 2 are both 1"):
            permuted._grad.asnumpy()


def test_gradients_in_parts_are_those_that_are_recorded():
    logits, dprobs = normal(1, mindspore.float32, 9, 6), normal(2, mindspore.float32, 9, 2)
    weight, dy = normal(3, mindspore.float32, 9, 2), normal(4, mindspore.float32, 9, 6)
    dsums = normal(5, mindspore.float32, 6, grad=False)
    settings = {"score_function": "sigmoid", "normalize": True, "scale": 2.5}
    permuted = normal(6, mindspore.float32, 18, 6)
    with imperative.recording():
        output = msops.moe_gating(logits, 2, **settings)
        imperative.backward_all((output.probs, output.score_sums), (dprobs, dsums))
    there = msops.moe_token_permute(dy, output.indices, 6)
    with imperative.recording():
        back = msops.moe_token_unpermute(permuted, there.positions, weight)
        imperative.backward(back, dy)
    dlogits = msops.parts.moe_gating_grad(dprobs, dsums, logits, output.indices, **settings)
    by_permuted, by_weight = msops.parts.moe_token_unpermute_grad(
        dy, permuted, there.positions, weight
    )
    np.testing.assert_array_equal(dlogits.asnumpy(), logits._grad.asnumpy())
    np.testing.assert_array_equal(by_permuted.asnumpy(), permuted._grad.asnumpy())
    np.testing.assert_array_equal(by_weight.asnumpy(), weight._grad.asnumpy())
    assert msops.parts.moe_token_unpermute_grad(dy, permuted, there.positions)[1] is None
    with pytest.raises(ValueError, match="dy must have the shape of the result"):
        msops.parts.moe_token_unpermute_grad(dy[1:], permuted, there.positions)
    with pytest.raises(ValueError, match="indices must have the shape of probs"):
        msops.parts.moe_gating_grad(dprobs, dsums, logits, output.indices[1:])


def test_second_derivatives_are_refused():
    logits = normal(1, mindspore.float32, 2, 4)
    with imperative.recording():
        probs = msops.moe_gating(logits, 2).probs
        with pytest.raises(RuntimeError, match="the gradient is not differentiable"):
            imperative.backward(probs, ones(2, 2), create_graph=True)
