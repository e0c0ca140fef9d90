# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.rotary_position_embedding and its tables against float64: values, gradients, refusals."""

import math

import mindspore
import numpy as np
import pytest

import imperative
import msops

# dtype of x, dtype of the tables, error allowed, relative to the largest value
DTYPES = [
    pytest.param(mindspore.float64, mindspore.float64, 1e-14, id="float64"),
    pytest.param(mindspore.float32, mindspore.float32, 5e-7, id="float32"),
    pytest.param(mindspore.float16, mindspore.float16, 2**-11 * 1.01, id="float16"),
    pytest.param(mindspore.float16, mindspore.float32, 2**-11 * 1.01, id="float16-float32"),
    pytest.param(mindspore.bfloat16, mindspore.bfloat16, 2**-8 * 1.01, id="bfloat16"),
    pytest.param(mindspore.bfloat16, mindspore.float32, 2**-8 * 1.01, id="bfloat16-float32"),
]
LAYOUTS = ["half", "interleaved", "interleaved_half"]
# x, cos, start
SHAPES = [
    ((2,), (2,), 0),
    ((3, 7), (3, 4), 2),
    ((5, 2, 3, 34), (5, 1, 1, 34), 0),  # sequence, batch, heads, size
    ((2, 3, 5, 192), (1, 1, 5, 64), 128),  # batch, heads, sequence, size
    ((2, 3, 5, 10), (5, 10), 0),
    ((2, 1, 3, 18), (2, 1, 3, 14), 1),
    ((200, 1, 9, 66), (200, 1, 1, 62), 0),
    ((0, 4), (1, 2), 0),
    ((3, 0), (3, 0), 0),
    ((4, 5), (1, 0), 3),
]


def normal(seed: int, dtype: mindspore.dtype, *shape: int, grad: bool = True) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(seed).standard_normal(shape), dtype, grad)


def halves(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.split(x, 2, -1)
    return a, b


def pairs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x[..., 0::2], x[..., 1::2]


def joined(a: np.ndarray, b: np.ndarray, side_by_side: bool) -> np.ndarray:
    if side_by_side:
        return np.stack([a, b], -1).reshape(*a.shape[:-1], 2 * a.shape[-1])
    return np.concatenate([a, b], -1)


def summed_to(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What broadcasting from `shape` adds up in a gradient."""
    x = x.sum(tuple(range(x.ndim - len(shape))))
    shared = tuple(i for i, n in enumerate(shape[:-1]) if n == 1)
    return x.sum(shared, keepdims=True) if shared else x


def reference(x, cos, sin, dy, layout, start):
    """y, dx, dcos and dsin in float64."""
    size = cos.shape[-1]
    part, above = x[..., start : start + size], dy[..., start : start + size]
    take = pairs if layout == "interleaved" else halves
    a, b = halves(part) if layout == "half" else pairs(part)
    (ca, cb), (sa, sb), (da, db) = take(cos), take(sin), take(above)
    to_pairs = layout == "interleaved"
    y, dx = x.copy(), dy.copy()
    y[..., start : start + size] = joined(a * ca - b * sa, b * cb + a * sb, to_pairs)
    dx[..., start : start + size] = joined(da * ca + db * sb, db * cb - da * sa, layout != "half")
    dcos = summed_to(joined(da * a, db * b, to_pairs), cos.shape)
    dsin = summed_to(joined(-da * b, db * a, to_pairs), cos.shape)
    return y, dx, dcos, dsin


def assert_close(actual: mindspore.Tensor, expected: np.ndarray, tolerance: float) -> None:
    assert tuple(actual.shape) == expected.shape
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("shape", "table_shape", "start"), SHAPES)
@pytest.mark.parametrize(("dtype", "table_dtype", "tolerance"), DTYPES)
def test_values_and_gradients_agree_with_float64(
    shape, table_shape, start, dtype, table_dtype, tolerance, layout
):
    x, dy = normal(1, dtype, *shape), normal(2, dtype, *shape, grad=False)
    cos, sin = (normal(seed, table_dtype, *table_shape) for seed in (3, 4))
    with imperative.recording():
        y = msops.rotary_position_embedding(x, cos, sin, layout, start)
        imperative.backward(y, dy)
    expected = reference(*map(imperative.values, (x, cos, sin, dy)), layout, start)
    assert (y.dtype, x._grad.dtype) == (dtype, dtype)
    assert (cos._grad.dtype, sin._grad.dtype) == (table_dtype, table_dtype)
    assert_close(y, expected[0], tolerance)
    assert_close(x._grad, expected[1], tolerance)
    exact = {mindspore.float64: 1e-14, mindspore.float32: 5e-7}
    assert_close(cos._grad, expected[2], exact.get(table_dtype, tolerance))
    assert_close(sin._grad, expected[3], exact.get(table_dtype, tolerance))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_rotation_keeps_lengths_and_its_gradient_turns_back(layout):
    x = normal(1, mindspore.float64, 9, 3, 12)
    cos, sin = msops.rotary_tables(9, 12, layout=layout, dtype=mindspore.float64)
    cos, sin = cos.reshape(9, 1, 12), sin.reshape(9, 1, 12)
    with imperative.recording():
        y = msops.rotary_position_embedding(x, cos, sin, layout)
        imperative.backward(y, mindspore.Tensor(y.asnumpy()))
    np.testing.assert_allclose(
        np.linalg.norm(y.asnumpy(), axis=-1), np.linalg.norm(x.asnumpy(), axis=-1), rtol=1e-14
    )
    np.testing.assert_allclose(x._grad.asnumpy(), x.asnumpy(), atol=1e-14)


def test_scores_depend_on_the_distance_of_positions_alone():
    q, k = (np.tile(np.random.default_rng(s).standard_normal(64), (50, 1)) for s in (1, 2))
    tables = msops.rotary_tables(50, 64, dtype=mindspore.float64)
    q, k = (msops.rotary_position_embedding(mindspore.Tensor(t), *tables).asnumpy() for t in (q, k))
    scores = q @ k.T
    np.testing.assert_allclose(scores[10:, 10:], scores[:-10, :-10], atol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_views_are_read_as_they_are(layout):
    whole = np.random.default_rng(1).standard_normal((4, 6, 5, 24)).astype(np.float32)
    cos, sin = (normal(seed, mindspore.float32, 6, 1, 8, grad=False) for seed in (2, 3))
    for name, view in {
        "the rope part": lambda t: t[..., 16:],
        "every second head": lambda t: t[:, :, ::2, 4:12],
        "sequence first": lambda t: t.transpose(1, 0, 2, 3)[:, 0:2, :, 8:16].transpose(1, 0, 2, 3),
        "no dense rows": lambda t: t[..., ::3],
    }.items():
        seen = view(mindspore.Tensor(whole))
        copy = mindspore.Tensor(np.ascontiguousarray(view(whole)))
        np.testing.assert_array_equal(
            msops.rotary_position_embedding(seen, cos, sin, layout).asnumpy(),
            msops.rotary_position_embedding(copy, cos, sin, layout).asnumpy(),
            err_msg=name,
        )


def test_a_gradient_may_be_a_view():
    x = normal(1, mindspore.float32, 3, 8)
    cos, sin = (normal(seed, mindspore.float32, 3, 8, grad=False) for seed in (2, 3))
    dy = normal(4, mindspore.float32, 3, 20, grad=False)
    with imperative.recording():
        imperative.backward(msops.rotary_position_embedding(x, cos, sin), dy[:, 6:14])
    first, x._grad = x._grad.asnumpy(), None
    with imperative.recording():
        imperative.backward(msops.rotary_position_embedding(x, cos, sin), dy[:, 6:14].copy())
    np.testing.assert_array_equal(first, x._grad.asnumpy())


def test_only_what_wants_a_gradient_gets_one():
    x, cos, sin = (normal(seed, mindspore.float32, 3, 8, grad=seed != 2) for seed in (1, 2, 3))
    with imperative.recording():
        y = msops.rotary_position_embedding(x, cos, sin)
        imperative.backward(y, normal(4, mindspore.float32, 3, 8, grad=False))
    assert cos._grad is None
    assert x._grad is not None
    assert sin._grad is not None


def ones(*shape: int, dtype: mindspore.dtype = mindspore.float32) -> mindspore.Tensor:
    return mindspore.Tensor(np.ones(shape, np.float32)).astype(dtype)


X = ones(3, 4)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((X, ones(3, 3), ones(3, 3)), ValueError, r"cos must have an even last .*\(3, 3\)"),
        ((X, ones(), ones()), ValueError, r"cos must have an even last dimension, got shape \(\)"),
        ((X, ones(2, 4), ones(2, 4)), ValueError, r"cos must have 1 or the size of x .*\(2, 4\)"),
        ((X, ones(1, 3, 4), ones(1, 3, 4)), ValueError, "cos must have 1 or the size of x"),
        ((X, ones(3, 4), ones(1, 4)), ValueError, "sin must have the shape of cos"),
        ((X, ones(3, 6), ones(3, 6)), ValueError, "columns 0 to 6 must be in x's last dimension"),
        ((X, ones(3, 2), ones(3, 2), "half", 3), ValueError, "columns 3 to 5 must be in x's"),
        ((X, ones(3, 2), ones(3, 2), "half", -1), ValueError, "columns -1 to 1 must be in x's"),
        ((X, ones(3, 2), ones(3, 2), "thirds"), ValueError, "layout must be 'half', .* 'thirds'"),
        ((X, ones(3, 2), ones(3, 2), 0), TypeError, "layout must be a string"),
        ((X, ones(3, 2), ones(3, 2), "half", 1.5), TypeError, "start must be an integer, .*float"),
        ((X.astype(mindspore.int32), X, X), TypeError, "x must be float16, .* got int32"),
        ((X, X.half(), X.half()), TypeError, "cos must be float32, got float16"),
        ((X.half(), X, X.half()), TypeError, "sin must be float32, got float16"),
        ((X, 1.0, X), TypeError, "cos must be a mindspore.Tensor, got float"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(arguments, error, message):
    with pytest.raises(error, match=rf"msops\.rotary_position_embedding: {message}"):
        msops.rotary_position_embedding(*arguments)


def test_second_derivatives_are_refused():
    x = normal(1, mindspore.float32, 2, 4)
    with imperative.recording():
        y = msops.rotary_position_embedding(x, ones(2, 4), ones(2, 4))
        with pytest.raises(RuntimeError, match="the gradient is not differentiable"):
            imperative.backward(y, ones(2, 4), create_graph=True)


def deepseek_frequencies(size, base, factor, original, fast, slow):
    """DeepSeek-V3's published code, step by step: a mask that chooses between two frequencies."""
    plain = 1.0 / base ** (np.arange(0, size, 2) / size)
    slowed = 1.0 / (factor * base ** (np.arange(0, size, 2) / size))
    at = [
        size * math.log(original / (r * 2 * math.pi)) / (2 * math.log(base)) for r in (fast, slow)
    ]
    low, high = max(math.floor(at[0]), 0), min(math.ceil(at[1]), size - 1)
    if low == high:
        high += 0.001
    mask = 1.0 - np.clip((np.arange(size // 2) - low) / (high - low), 0, 1)
    return slowed * (1 - mask) + plain * mask


@pytest.mark.parametrize(
    ("size", "base", "yarn"),
    [
        (64, 10000.0, msops.Yarn(40.0, 4096, 32.0, 1.0, 1.0, 1.0)),
        (64, 10000.0, msops.Yarn(40.0, 4096, 32.0, 1.0, 0.707, 1.0)),
        (128, 500000.0, msops.Yarn(8.0, 8192)),
        (8, 10000.0, msops.Yarn(2.0, 16, 1.0, 1.0)),
        (64, 10000.0, msops.Yarn(1.0, 4096)),
    ],
)
def test_yarn_tables_are_those_of_the_published_formula(size, base, yarn):
    frequencies = deepseek_frequencies(
        size, base, yarn.factor, yarn.original_length, yarn.beta_fast, yarn.beta_slow
    )
    scale = 1.0
    if yarn.factor > 1:
        grown = [0.1 * m * math.log(yarn.factor) + 1.0 for m in (yarn.mscale, yarn.mscale_all_dim)]
        scale = grown[0] / grown[1]
    angles = np.outer(np.arange(100, 400), frequencies)
    angles = np.concatenate([angles, angles], -1)
    cos, sin = msops.rotary_tables(300, size, base, offset=100, dtype=mindspore.float64, yarn=yarn)
    np.testing.assert_allclose(cos.asnumpy(), np.cos(angles) * scale, atol=1e-12)
    np.testing.assert_allclose(sin.asnumpy(), np.sin(angles) * scale, atol=1e-12)


def test_yarn_leaves_fast_pairs_and_slows_slow_ones_down():
    plain = deepseek_frequencies(64, 10000.0, 1.0, 4096, 32, 1)
    yarn = msops.Yarn(40.0, 4096, mscale=0.0)
    sin = msops.rotary_tables(2, 64, dtype=mindspore.float64, yarn=yarn)[1].asnumpy()[1, :32]
    np.testing.assert_allclose(sin[:10], np.sin(plain[:10]), rtol=1e-12)
    np.testing.assert_allclose(sin[-8:], np.sin(plain[-8:] / 40.0), rtol=1e-12)


def test_interleaved_tables_repeat_each_frequency():
    halves_of, pairs_of = (
        msops.rotary_tables(5, 8, layout=layout)[0].asnumpy() for layout in ("half", "interleaved")
    )
    np.testing.assert_array_equal(pairs_of[:, 0::2], halves_of[:, :4])
    np.testing.assert_array_equal(pairs_of[:, 1::2], halves_of[:, 4:])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((4, 3), {}, ValueError, "size must be even, got 4 and 3"),
        ((-1, 4), {}, ValueError, "length must not be negative"),
        ((4, 4, 1.0), {}, ValueError, "base must be above 1, got 1.0"),
        ((4, 4), {"layout": "thirds"}, ValueError, "layout must be one of .* got 'thirds'"),
        ((4.0, 4), {}, TypeError, "length must be an integer, got float"),
        ((4, 4), {"yarn": msops.Yarn(0.0, 16)}, ValueError, "a factor and an original_length"),
        ((4, 4), {"yarn": msops.Yarn(2.0, 16, 1.0, 2.0)}, ValueError, "beta_fast >= beta_slow"),
    ],
)
def test_tables_refuse_what_is_out_of_range(arguments, options, error, message):
    with pytest.raises(error, match=rf"msops\.rotary_tables: .*{message}"):
        msops.rotary_tables(*arguments, **options)
