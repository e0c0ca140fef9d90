# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.fusion_attention and ring_attention_update against float64, and what they refuse."""

import math

import mindspore
import numpy as np
import pytest

import imperative
import msops

# dtype, error allowed in results and gradients, relative to the largest term
DTYPES = [
    pytest.param(mindspore.float64, 1e-13, id="float64"),
    pytest.param(mindspore.float32, 3e-6, id="float32"),
    pytest.param(mindspore.float16, 2**-10, id="float16"),
    pytest.param(mindspore.bfloat16, 2**-7, id="bfloat16"),
]
# batch, heads, key heads, length, key length, size, size of values
SHAPES = [
    (1, 1, 1, 1, 1, 1, 1),
    (2, 4, 2, 5, 9, 16, 8),
    (1, 3, 3, 70, 70, 24, 16),
    (1, 2, 1, 33, 300, 192, 128),
    (0, 2, 2, 3, 3, 8, 8),
    (1, 2, 2, 0, 3, 8, 8),
    (1, 2, 2, 3, 0, 8, 8),
]


def normal(seed: int, dtype: mindspore.dtype, *shape: int, grad: bool = True) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(seed).standard_normal(shape), dtype, grad)


def inputs(shape, dtype=mindspore.float32, grad=True):
    """query, key, value, and gradients of the output and of the logarithm."""
    batch, heads, key_heads, length, keys, size, value_size = shape
    exact = mindspore.float64 if dtype == mindspore.float64 else mindspore.float32
    return (
        normal(1, dtype, batch, heads, length, size, grad=grad),
        normal(2, dtype, batch, key_heads, keys, size, grad=grad),
        normal(3, dtype, batch, key_heads, keys, value_size, grad=grad),
        normal(4, dtype, batch, heads, length, value_size, grad=False),
        normal(5, exact, batch, heads, length, grad=False),
    )


def seen_by(length, keys, before=math.inf, after=math.inf, from_end=False):
    """Which keys each query sees."""
    position = np.arange(length)[:, None] + (keys - length if from_end else 0)
    distance = np.arange(keys)[None, :] - position
    return (distance <= after) & (-distance <= before)


def reference(q, k, v, dout, dlog, added=0.0, scale=None):
    """out, logarithm, dq, dk and dv in float64; `added` is the mask, -infinity where unseen."""
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    group = q.shape[1] // k.shape[1]
    wide_k, wide_v = np.repeat(k, group, 1), np.repeat(v, group, 1)
    scores = scale * q @ wide_k.swapaxes(-1, -2) + added
    highest = scores.max(-1, keepdims=True, initial=-np.inf)
    highest = np.where(np.isneginf(highest), 0.0, highest)
    weights = np.exp(scores - highest)
    total = weights.sum(-1, keepdims=True)
    with np.errstate(divide="ignore"):
        log_sum = (highest + np.log(total))[..., 0]
    weights = weights / np.where(total == 0, 1.0, total)
    out = weights @ wide_v
    delta = (dout * out).sum(-1, keepdims=True) - dlog[..., None]
    slopes = weights * (dout @ wide_v.swapaxes(-1, -2) - delta)

    def grouped(x):
        return x.reshape(k.shape[0], k.shape[1], group, *x.shape[2:]).sum(2)

    dk = grouped(scale * slopes.swapaxes(-1, -2) @ q)
    dv = grouped(weights.swapaxes(-1, -2) @ dout)
    return out, log_sum, scale * slopes @ wide_k, dk, dv


def assert_close(actual: mindspore.Tensor, expected: np.ndarray, tolerance: float) -> None:
    assert tuple(actual.shape) == expected.shape
    finite = np.isfinite(expected)
    values = imperative.values(actual)
    np.testing.assert_array_equal(values[~finite], expected[~finite])
    scale = np.max(np.abs(expected[finite]), initial=1.0)
    np.testing.assert_allclose(values[finite], expected[finite], rtol=0, atol=tolerance * scale)


def check(shape, dtype, tolerance, mask=None, added=0.0, **options):
    q, k, v, dout, dlog = inputs(shape, dtype)
    with imperative.recording():
        out, log_sum = msops.fusion_attention(q, k, v, mask, log_sum_exp=True, **options)
        imperative.backward_all((out, log_sum), (dout, dlog))
    expected = reference(
        *map(imperative.values, (q, k, v, dout, dlog)), added, options.get("scale")
    )
    assert (out.dtype, log_sum.dtype, q._grad.dtype) == (dtype, dlog.dtype, dtype)
    assert_close(out, expected[0], tolerance)
    assert_close(log_sum, expected[1], 1e-13 if dtype == mindspore.float64 else 3e-6)
    for tensor, gradient in zip((q, k, v), expected[2:], strict=True):
        assert_close(tensor._grad, gradient, tolerance)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
def test_values_and_gradients_agree_with_float64(shape, dtype, tolerance, causal):
    seen = seen_by(shape[3], shape[4], after=0 if causal else math.inf)
    check(shape, dtype, tolerance, added=np.where(seen, 0.0, -np.inf), causal=causal)


@pytest.mark.parametrize(
    ("options", "reach"),
    [
        ({"scale": 0.5}, {}),
        ({"causal": True, "from_end": True}, {"after": 0, "from_end": True}),
        ({"window": (20, 3)}, {"before": 20, "after": 3}),
        ({"window": (5, 3), "causal": True}, {"before": 5, "after": 0}),
        ({"window": (9, -2), "from_end": True}, {"before": 9, "after": -2, "from_end": True}),
        ({"window": (2**62, 0)}, {"after": 0}),
    ],
)
@pytest.mark.parametrize("lengths", [(70, 300), (300, 70)])
def test_windows_say_which_keys_are_seen(options, reach, lengths):
    added = np.where(seen_by(*lengths, **reach), 0.0, -np.inf)
    check((1, 2, 1, *lengths, 16, 8), mindspore.float32, 3e-6, added=added, **options)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "shape", [(2, 4, 20, 270), (2, 1, 1, 270), (1, 4, 20, 1), (20, 270), (270,), ()]
)
@pytest.mark.parametrize("boolean", [True, False])
def test_masks_broadcast_to_the_scores(boolean, shape, causal):
    draws = np.random.default_rng(9).standard_normal(shape)
    seen = seen_by(20, 270, after=0 if causal else math.inf)
    if boolean:
        mask = mindspore.Tensor(np.asarray(draws > -0.5))
        added = np.where(draws > -0.5, 0.0, -np.inf)
    else:
        added = np.where(draws > -1.0, draws, -np.inf).astype(np.float32)
        mask = mindspore.Tensor(np.asarray(added))
    added = np.where(seen, added, -np.inf)
    check((2, 4, 2, 20, 270, 16, 8), mindspore.float32, 3e-6, mask, added, causal=causal)


def test_a_mask_may_be_a_view():
    q, k, v, *_ = inputs((2, 2, 2, 20, 30, 8, 8), grad=False)
    draws = np.random.default_rng(9).standard_normal((30, 20, 2, 2)) > 0
    view = mindspore.Tensor(draws).transpose(3, 2, 1, 0)
    copy = mindspore.Tensor(np.ascontiguousarray(draws.transpose(3, 2, 1, 0)))
    np.testing.assert_array_equal(
        msops.fusion_attention(q, k, v, view).asnumpy(),
        msops.fusion_attention(q, k, v, copy).asnumpy(),
    )


def test_heads_may_lie_behind_each_other_or_apart():
    shape = (2, 4, 2, 40, 60, 16, 8)
    (q, k, v, dout, _), gradients = inputs(shape), []
    with imperative.recording():
        out = msops.fusion_attention(q, k, v, causal=True)
        imperative.backward(out, dout)
    apart = [imperative.leaf(t.asnumpy().transpose(0, 2, 1, 3).copy()) for t in (q, k, v)]
    with imperative.recording():
        views = [t.transpose(0, 2, 1, 3) for t in apart]
        assert not views[0].is_contiguous()
        seen = msops.fusion_attention(*views, causal=True)
        imperative.backward(seen, dout)
    np.testing.assert_array_equal(out.asnumpy(), seen.asnumpy())
    for tensor, other in zip((q, k, v), apart, strict=True):
        gradients.append(tensor._grad)
        np.testing.assert_array_equal(
            tensor._grad.asnumpy(), other._grad.asnumpy().transpose(0, 2, 1, 3)
        )


def test_a_head_may_be_expanded():
    q, k, v, *_ = inputs((1, 4, 1, 20, 30, 16, 8), grad=False)
    np.testing.assert_array_equal(
        msops.fusion_attention(q, k.broadcast_to((1, 4, 30, 16)), v.broadcast_to((1, 4, 30, 8))),
        msops.fusion_attention(q, k, v),
    )


@pytest.mark.parametrize("options", [{}, {"causal": True}, {"causal": True, "from_end": True}])
def test_packed_sequences_do_not_see_each_other(options):
    lengths, key_lengths = [3, 0, 70, 1, 33], [5, 4, 70, 0, 300]
    q = normal(1, mindspore.float32, sum(lengths), 4, 16)
    k, v = (normal(s, mindspore.float32, sum(key_lengths), 2, n) for s, n in ((2, 16), (3, 8)))
    dout = normal(4, mindspore.float32, sum(lengths), 4, 8, grad=False)
    with imperative.recording():
        packed, log_sum = msops.fusion_attention(
            q,
            k,
            v,
            actual_seq_qlen=np.cumsum(lengths).tolist(),
            actual_seq_kvlen=np.cumsum(key_lengths).tolist(),
            log_sum_exp=True,
            **options,
        )
        imperative.backward(packed, dout)
    at = key_at = 0
    for length, keys in zip(lengths, key_lengths, strict=True):
        rows, key_rows = slice(at, at + length), slice(key_at, key_at + keys)
        at, key_at = at + length, key_at + keys

        def one(tensor, part):
            return imperative.values(tensor)[part].swapaxes(0, 1)[None]

        reach = {"after": 0} if options else {}
        seen = seen_by(length, keys, from_end="from_end" in options, **reach)
        out, logarithm, *gradients = reference(
            one(q, rows),
            one(k, key_rows),
            one(v, key_rows),
            one(dout, rows),
            np.zeros((1, 4, length)),
            np.where(seen, 0.0, -np.inf),
        )
        np.testing.assert_allclose(one(packed, rows), out, atol=1e-5)
        np.testing.assert_allclose(imperative.values(log_sum)[rows].T[None], logarithm, atol=1e-5)
        for tensor, part, gradient in zip(
            (q, k, v), (rows, key_rows, key_rows), gradients, strict=True
        ):
            np.testing.assert_allclose(one(tensor._grad, part), gradient, atol=2e-5)


def dropped(shape, **options):
    """Which weights are dropped: outputs are weights where values are a unit matrix."""
    q, k, *_ = inputs(shape, mindspore.float64, grad=False)
    unit = np.broadcast_to(np.eye(shape[4]), (*shape[:2], shape[4], shape[4])).copy()
    k = mindspore.Tensor(np.repeat(k.asnumpy(), shape[1] // shape[2], 1))
    weights = msops.fusion_attention(q, k, mindspore.Tensor(unit), **options).asnumpy()
    plain = msops.fusion_attention(q, k, mindspore.Tensor(unit)).asnumpy()
    return weights / plain


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES[:2])
def test_dropout_drops_the_same_weights_backward(dtype, tolerance):
    shape, options = (2, 4, 2, 70, 300, 16, 8), {"dropout": 0.25, "seed": 2**62 + 5, "offset": 3}
    factors = dropped(shape, **options)
    assert set(np.unique(factors.round(9))) == {0.0, (4 / 3).__round__(9)}
    assert abs((factors == 0).mean() - 0.25) < 0.005
    q, k, v, dout, _ = inputs(shape, dtype)
    with imperative.recording():
        out = msops.fusion_attention(q, k, v, **options)
        imperative.backward(out, dout)
    wide = [imperative.values(t) for t in (q, k, v, dout)]
    wide[1], wide[2] = (np.repeat(t, 2, 1) for t in wide[1:3])
    scores = wide[0] @ wide[1].swapaxes(-1, -2) / 4
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    kept = weights * factors
    above = (wide[3] @ wide[2].swapaxes(-1, -2)) * factors
    slopes = weights * (above - (weights * above).sum(-1, keepdims=True)) / 4
    assert_close(out, kept @ wide[2], tolerance)
    assert_close(q._grad, slopes @ wide[1], tolerance)
    for tensor, gradient in (
        (k, slopes.swapaxes(-1, -2) @ wide[0]),
        (v, kept.swapaxes(-1, -2) @ wide[3]),
    ):
        assert_close(tensor._grad, gradient.reshape(2, 2, 2, 300, -1).sum(2), tolerance)


def test_seed_and_offset_each_change_what_is_dropped():
    shape = (1, 2, 2, 40, 50, 8, 8)
    masks = [
        dropped(shape, dropout=0.5, seed=seed, offset=offset) == 0
        for seed, offset in ((1, 0), (1, 0), (2, 0), (1, 1))
    ]
    np.testing.assert_array_equal(masks[0], masks[1])
    for other in masks[2:]:
        assert 0.4 < (masks[0] == other).mean() < 0.6


def test_large_scores_do_not_overflow():
    q, k, v, *_ = inputs((1, 1, 1, 5, 9, 8, 4), grad=False)
    out, log_sum = msops.fusion_attention(q * 1e4, k, v, log_sum_exp=True)
    zeros = np.zeros((1, 1, 5, 4)), np.zeros((1, 1, 5))
    expected = reference(
        imperative.values(q * 1e4), imperative.values(k), imperative.values(v), *zeros
    )
    assert_close(out, expected[0], 1e-6)
    assert_close(log_sum, expected[1], 1e-6)


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES[:3])
def test_pieces_that_are_put_together_are_the_whole_with_its_gradients(dtype, tolerance):
    """Keys in three pieces, the last of which no query sees. (MindSpore has no gradient of a slice
    of bfloat16.)
    """
    shape = (1, 4, 2, 40, 90, 16, 8)
    q, k, v, dout, dlog = inputs(shape, dtype)
    mask = np.zeros((1, 1, 1, 90), bool)
    mask[..., :60] = True
    with imperative.recording():
        parts = []
        for at in (0, 30, 60):
            pieces = (mindspore.ops.narrow(t, 2, at, 30) for t in (k, v))
            seen = mindspore.Tensor(mask[..., at : at + 30])
            parts.append(msops.fusion_attention(q, *pieces, seen, log_sum_exp=True))
        out, log_sum = msops.ring_attention_update(*parts[0], *parts[1])
        out, log_sum = msops.ring_attention_update(out, log_sum, *parts[2])
        imperative.backward_all((out, log_sum), (dout, dlog))
    expected = reference(
        *map(imperative.values, (q, k, v, dout, dlog)), np.where(mask, 0.0, -np.inf)
    )
    assert (out.dtype, log_sum.dtype) == (dtype, dlog.dtype)
    assert_close(out, expected[0], 2 * tolerance)
    for tensor, gradient in zip((q, k, v), expected[2:], strict=True):
        assert_close(tensor._grad, gradient, 3 * tolerance)


def test_the_gradients_can_be_had_by_themselves():
    q, k, v, dout, _ = inputs((2, 4, 2, 40, 60, 16, 8))
    mask = mindspore.Tensor(np.random.default_rng(9).standard_normal((40, 60)) > -1)
    options = {"causal": True, "dropout": 0.2, "seed": 3}
    with imperative.recording():
        imperative.backward(msops.fusion_attention(q, k, v, mask, **options), dout)
    with imperative.recording(False):
        out, log_sum = msops.fusion_attention(q, k, v, mask, log_sum_exp=True, **options)
        own = msops.parts.fusion_attention_grad(dout, q, k, v, mask, out, log_sum, **options)
    for gradient, tensor in zip(own, (q, k, v), strict=True):
        np.testing.assert_array_equal(gradient.asnumpy(), tensor._grad.asnumpy())
    with pytest.raises(ValueError, match="doutput must have the shape of the result"):
        msops.parts.fusion_attention_grad(q, q, k, v, mask, out, log_sum)


def test_only_what_wants_a_gradient_gets_one():
    q, k, v, dout, _ = inputs((1, 2, 2, 5, 6, 8, 4))
    k._requires_grad = False
    with imperative.recording():
        imperative.backward(msops.fusion_attention(q, k, v), dout)
    assert k._grad is None
    assert q._grad is not None
    assert v._grad is not None


def ones(*shape: int, dtype: mindspore.dtype = mindspore.float32) -> mindspore.Tensor:
    return mindspore.Tensor(np.ones(shape, np.float32)).astype(dtype)


Q, K, V = ones(2, 4, 5, 8), ones(2, 2, 6, 8), ones(2, 2, 6, 3)
T = ones(7, 4, 8)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((Q, K, 1.0), {}, TypeError, "value must be a mindspore.Tensor, got float"),
        ((Q.astype(mindspore.int32), K, V), {}, TypeError, "query must be float16, .* got int32"),
        ((Q, K.half(), V), {}, TypeError, "key must be float32, got float16"),
        ((Q, K, V, ones(6).half()), {}, TypeError, "mask must be bool or float32, got float16"),
        ((ones(5, 8), K, V), {}, ValueError, r"query must be \(batch, heads, .* got shape \(5, 8"),
        ((Q, ones(2, 2, 6, 9), V), {}, ValueError, "key must have the batch and the size of query"),
        ((Q, ones(1, 2, 6, 8), V), {}, ValueError, "key must have the batch and the size of query"),
        ((Q, ones(2, 3, 6, 8), ones(2, 3, 6, 3)), {}, ValueError, "heads of query must be a mult"),
        ((Q, K, ones(2, 2, 5, 3)), {}, ValueError, "value must have the shape of key but for its"),
        ((Q, K, V, ones(5, 5)), {}, ValueError, r"mask must broadcast to the scores, \(2, 4, 5, 6"),
        ((Q, K, V), {"dropout": 1.0}, ValueError, "dropout must be at least 0 and below 1"),
        ((Q, K, V), {"scale": math.inf}, ValueError, "scale must be finite"),
        ((Q, K, V), {"seed": -1}, ValueError, "seed must be at least 0"),
        (
            (Q, K, V),
            {"offset": 2**32},
            ValueError,
            "offset must be at least 0 and below 4294967296",
        ),
        ((Q, K, V), {"window": 5}, TypeError, "window must be a pair of integers, got 5"),
        ((Q, K, V), {"window": (5, 0.5)}, TypeError, "window must be an integer, got float"),
        ((Q, K, V), {"actual_seq_qlen": [5]}, ValueError, "query must be .total length, heads"),
        (
            (Q, K, V),
            {"actual_seq_kvlen": [5]},
            ValueError,
            "actual_seq_kvlen goes with actual_seq_q",
        ),
        ((T, T, T), {"actual_seq_qlen": []}, ValueError, "actual_seq_qlen must not be empty"),
        ((T, T, T), {"actual_seq_qlen": [3, 2, 7]}, ValueError, "must not decrease, got 2 after 3"),
        ((T, T, T), {"actual_seq_qlen": [3, 8]}, ValueError, "must be the length of query, 7"),
        (
            (T, T, T),
            {"actual_seq_qlen": [7], "actual_seq_kvlen": [3, 7]},
            ValueError,
            "must have as many entries, got 1 and 2",
        ),
        ((T, T, T, ones(7)), {"actual_seq_qlen": [7]}, ValueError, "mask does not go with packed"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(arguments, options, error, message):
    with pytest.raises(error, match=rf"msops\.fusion_attention: .*{message}"):
        msops.fusion_attention(*arguments, **options)


def test_a_mask_that_wants_a_gradient_is_refused():
    mask = normal(1, mindspore.float32, 5, 6)
    with imperative.recording(), pytest.raises(ValueError, match="mask gets no gradient"):
        msops.fusion_attention(Q, K, V, mask)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((Q, ones(2, 4), Q, ones(2, 4)), ValueError, "log_sum must have a number for each row"),
        ((Q, ones(2, 4, 5), K, ones(2, 4, 5)), ValueError, "other must have the shape of output"),
        ((Q, ones(2, 4, 5), Q, ones(2, 4)), ValueError, "other_log_sum must have the shape of log"),
        ((Q, ones(2, 4, 5).half(), Q, ones(2, 4, 5)), TypeError, "log_sum must be float32"),
        ((Q, ones(2, 4, 5), Q.half(), ones(2, 4, 5)), TypeError, "other must be float32"),
        ((Q, 1.0, Q, 1.0), TypeError, "log_sum must be a mindspore.Tensor, got float"),
    ],
)
def test_partial_results_that_do_not_fit_are_refused(arguments, error, message):
    with pytest.raises(error, match=rf"msops\.ring_attention_update: {message}"):
        msops.ring_attention_update(*arguments)


def test_second_derivatives_are_refused():
    q, k, v, dout, _ = inputs((1, 1, 1, 3, 4, 8, 4))
    with imperative.recording():
        out = msops.fusion_attention(q, k, v)
        with pytest.raises(RuntimeError, match="the gradient is not differentiable"):
            imperative.backward(out, dout, create_graph=True)
