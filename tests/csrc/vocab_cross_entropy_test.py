# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""msops.vocab_cross_entropy and its parts against float64: values, gradients and refusals."""

import mindspore
import numpy as np
import pytest

import imperative
import msops

IGNORED = -100

# dtype of the logits, of the loss, error allowed in the gradient and in the loss
DTYPES = [
    pytest.param(mindspore.float64, mindspore.float64, 1e-14, 1e-13, id="float64"),
    pytest.param(mindspore.float32, mindspore.float32, 5e-7, 1e-6, id="float32"),
    pytest.param(mindspore.float16, mindspore.float32, 2**-11 * 1.01, 1e-6, id="float16"),
    pytest.param(mindspore.bfloat16, mindspore.float32, 2**-8 * 1.01, 1e-6, id="bfloat16"),
]
SHAPES = [(1,), (5, 7), (4, 1, 3, 6), (33, 1030), (2, 32771), (0, 8)]


def targets(shape: tuple[int, ...], classes: int, dtype: type = np.int64) -> np.ndarray:
    """Random classes, about a third of them to be ignored."""
    generator = np.random.default_rng(3)
    chosen = generator.integers(0, classes, shape)
    return np.where(generator.random(shape) < 0.3, IGNORED, chosen).astype(dtype)


def reference(x: np.ndarray, target: np.ndarray, smoothing: float, dloss: np.ndarray):
    """The loss and the gradient of the logits in float64."""
    used = target != IGNORED
    high = x.max(-1, keepdims=True, initial=-np.inf)
    sums = np.exp(x - high).sum(-1, keepdims=True)
    wanted = (1 - smoothing) * (np.where(used, target, 0)[..., None] == np.arange(x.shape[-1]))
    wanted = wanted + smoothing / x.shape[-1]
    loss = (np.log(sums) + high)[..., 0] - (wanted * x).sum(-1)
    gradient = (np.exp(x - high) / sums - wanted) * dloss[..., None]
    return np.where(used, loss, 0.0), np.where(used[..., None], gradient, 0.0)


def assert_close(actual: mindspore.Tensor, expected: np.ndarray, tolerance: float) -> None:
    assert tuple(actual.shape) == expected.shape
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(imperative.values(actual), expected, rtol=0, atol=tolerance * scale)


def normal(seed: int, dtype: mindspore.dtype, *shape: int, grad: bool = True) -> mindspore.Tensor:
    return imperative.leaf(np.random.default_rng(seed).standard_normal(shape), dtype, grad)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "loss_dtype", "tolerance", "loss_tolerance"), DTYPES)
def test_loss_and_gradient_agree_with_float64(
    shape, dtype, loss_dtype, tolerance, loss_tolerance, index_dtype, smoothing
):
    logits = normal(1, dtype, *shape)
    dloss = normal(2, loss_dtype, *shape[:-1], grad=False)
    target = targets(shape[:-1], shape[-1], index_dtype)
    with imperative.recording():
        loss = msops.vocab_cross_entropy(
            logits, mindspore.Tensor(target), label_smoothing=smoothing
        )
        imperative.backward(loss, dloss)
    expected = reference(imperative.values(logits), target, smoothing, imperative.values(dloss))
    assert (loss.dtype, logits._grad.dtype) == (loss_dtype, dtype)
    assert_close(loss, expected[0], loss_tolerance)
    assert_close(logits._grad, expected[1], tolerance)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_vocabulary_in_pieces_gives_the_same_loss_and_gradient(smoothing):
    logits = np.random.default_rng(1).standard_normal((9, 301)) * 5
    dloss = np.random.default_rng(2).standard_normal(9)
    target = targets((9,), 301)
    expected = reference(logits, target, smoothing, dloss)
    starts = [0, 100, 170]
    shards = [mindspore.Tensor(part) for part in np.split(logits, starts[1:], -1)]
    classes = mindspore.Tensor(target)
    pieces = [
        [piece.asnumpy() for piece in msops.parts.vocab_pieces(shard, classes, start)]
        for shard, start in zip(shards, starts, strict=True)
    ]
    high = np.max([piece[0] for piece in pieces], 0)
    whole = [high, sum(piece[1] * np.exp(piece[0] - high) for piece in pieces)]
    whole += [sum(piece[which] for piece in pieces) for which in (2, 3)]
    whole = tuple(mindspore.Tensor(values) for values in whole)
    loss = msops.parts.vocab_loss(whole, classes, 301, IGNORED, smoothing)
    np.testing.assert_allclose(loss.asnumpy(), expected[0], rtol=1e-13)
    gradients = [
        msops.parts.vocab_grad(
            mindspore.Tensor(dloss),
            shard,
            classes,
            *whole[:2],
            vocab_size=301,
            vocab_start=start,
            label_smoothing=smoothing,
        ).asnumpy()
        for shard, start in zip(shards, starts, strict=True)
    ]
    np.testing.assert_allclose(np.concatenate(gradients, -1), expected[1], rtol=0, atol=1e-14)


def test_views_are_read_as_they_are():
    storage = np.random.default_rng(1).standard_normal((7, 5)).astype(np.float32)
    target = np.array([[3, 1], [0, 2], [IGNORED, 6], [5, 0], [1, 1]])
    plain = msops.vocab_cross_entropy(
        mindspore.Tensor(storage.T.copy()), mindspore.Tensor(target[:, 1].copy())
    )
    viewed = msops.vocab_cross_entropy(mindspore.Tensor(storage).T, mindspore.Tensor(target)[:, 1])
    np.testing.assert_array_equal(viewed.asnumpy(), plain.asnumpy())


def test_a_target_that_is_no_class_is_an_index_error_and_the_operator_works_on():
    logits, target = mindspore.Tensor(np.zeros((2, 3), np.float32)), [0, 3]
    with pytest.raises(IndexError, match=r"target 3 is not among the classes \[0, 3\)"):
        msops.vocab_cross_entropy(logits, mindspore.Tensor(target)).asnumpy()
    loss = msops.vocab_cross_entropy(logits, mindspore.Tensor([0, 2]))
    np.testing.assert_allclose(loss.asnumpy(), np.log(3), rtol=1e-6)


LOGITS = mindspore.Tensor(np.ones((2, 3), np.float32))
TARGET = mindspore.Tensor(np.array([0, 2]))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            (LOGITS, TARGET[:1]),
            ValueError,
            r"target must have the shape of logits .*\(2, 3\).*\(1,",
        ),
        ((LOGITS[:, :0], TARGET), ValueError, r"logits must have a last dimension of classes"),
        ((LOGITS[0, 0], TARGET), ValueError, r"logits must have a last dimension .*\(\)"),
        ((LOGITS, TARGET, 0, 1.5), ValueError, r"label_smoothing must be between 0 and 1"),
        ((LOGITS, TARGET, 0, float("nan")), ValueError, r"label_smoothing must be between 0 and 1"),
        ((LOGITS, TARGET, 2**63), ValueError, r"ignore_index must fit 64 bits"),
        ((LOGITS, TARGET, 0.0), TypeError, r"ignore_index must be an integer, got float"),
        ((LOGITS, TARGET, 0, None), TypeError, r"label_smoothing must be a number, got NoneType"),
        ((LOGITS, TARGET.astype(mindspore.int16)), TypeError, r"target must be int32 or int64"),
        ((TARGET, TARGET), TypeError, r"logits must be float16, .* got int64"),
        ((LOGITS, [0, 2]), TypeError, r"target must be a mindspore.Tensor, got list"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_call(arguments, error, message):
    with pytest.raises(error, match=rf"msops\.vocab_cross_entropy: {message}"):
        msops.vocab_cross_entropy(*arguments)


ROWS = mindspore.Tensor(np.ones(2, np.float32))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: msops.parts.vocab_pieces(LOGITS, TARGET, -1),
            ValueError,
            "vocab_pieces: vocab_start must not be below 0",
        ),
        (
            lambda: msops.parts.vocab_loss((ROWS, ROWS, ROWS, LOGITS), TARGET, 3),
            ValueError,
            r"vocab_loss: total must have the shape of target",
        ),
        (
            lambda: msops.parts.vocab_loss((ROWS,) * 4, TARGET, 0),
            ValueError,
            r"vocab_loss: .* vocab_size not below 1",
        ),
        (
            lambda: msops.parts.vocab_grad(ROWS.half(), LOGITS, TARGET, ROWS, ROWS, 3),
            TypeError,
            r"vocab_grad: dloss must be float32, got float16",
        ),
    ],
)
def test_parts_refuse_what_does_not_fit(call, error, message):
    with pytest.raises(error, match=rf"msops\.parts\.{message}"):
        call()


def test_second_derivatives_are_refused():
    logits = normal(1, mindspore.float32, 2, 4)
    with imperative.recording():
        loss = msops.vocab_cross_entropy(logits, TARGET)
        with pytest.raises(RuntimeError, match="the gradient is not differentiable"):
            imperative.backward(
                loss, normal(2, mindspore.float32, 2, grad=False), create_graph=True
            )
