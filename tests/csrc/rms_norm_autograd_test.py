# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What msops.rms_norm takes for inputs, and what it leaves for autograd."""

import mindspore
import numpy as np
import pytest

import imperative
import msops
import rms_norm_reference as reference

EPS = 1e-5
X = np.random.default_rng(1).standard_normal((5, 7)).astype(np.float32)
WEIGHT = np.random.default_rng(2).standard_normal(7).astype(np.float32)
DY = np.random.default_rng(3).standard_normal((5, 7)).astype(np.float32)
Y = reference.forward(X, WEIGHT, EPS)
DX, DWEIGHT = reference.gradients(X, WEIGHT, DY, EPS)


def assert_close(actual: mindspore.Tensor, expected: np.ndarray) -> None:
    np.testing.assert_allclose(actual.asnumpy(), expected, rtol=1e-6, atol=2e-6)


def inside(rows: slice, columns: slice, shape: tuple[int, int]) -> np.ndarray:
    """A larger array of other numbers that holds X at the given place."""
    storage = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    storage[rows, columns] = X
    return storage


# name, storage, how to see X in it
VIEWS = {
    "transposed": (X.T.copy(), lambda t: t.T),
    "rows at an offset": (inside(slice(3, 8), slice(None), (9, 7)), lambda t: t[3:8]),
    "narrow rows at an offset": (
        inside(slice(3, 8), slice(None), (9, 7)),
        lambda t: mindspore.mint.narrow(t, 0, 3, 5),
    ),
    "columns at an offset": (
        inside(slice(None), slice(4, 11), (5, 13)),
        lambda t: mindspore.mint.narrow(t, 1, 4, 7),
    ),
    "a middle dimension taken out": (
        np.stack([X + 1, X], axis=1),
        lambda t: t[:, 1],
    ),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_gives_what_its_copy_gives(name):
    storage, view = VIEWS[name]
    y = msops.rms_norm(view(mindspore.Tensor(storage)), mindspore.Tensor(WEIGHT), EPS)
    assert_close(y, Y)


@pytest.mark.parametrize("name", VIEWS)
def test_the_gradient_of_a_view_reaches_its_base(name):
    storage, view = VIEWS[name]
    base, weight = imperative.leaf(storage), imperative.leaf(WEIGHT)
    with imperative.recording():
        imperative.backward(msops.rms_norm(view(base), weight, EPS), mindspore.Tensor(DY))
    assert_close(view(base._grad), DX)
    assert_close(weight._grad, DWEIGHT)
    assert np.count_nonzero(base._grad.asnumpy()) == np.count_nonzero(DX)


def test_a_row_repeated_without_memory_of_its_own_is_read_as_rows():
    row = mindspore.Tensor(X[:1])
    y = msops.rms_norm(mindspore.mint.broadcast_to(row, (4, 7)), mindspore.Tensor(WEIGHT), EPS)
    assert_close(y, np.repeat(Y[:1], 4, axis=0))


def test_a_weight_may_be_a_view_at_an_offset():
    storage = np.concatenate([WEIGHT * 3, WEIGHT, WEIGHT * 5])
    y = msops.rms_norm(mindspore.Tensor(X), mindspore.Tensor(storage)[7:14], EPS)
    assert_close(y, Y)


def test_a_gradient_that_arrives_transposed_is_read_as_such():
    x, weight = imperative.leaf(X), imperative.leaf(WEIGHT)
    with imperative.recording():
        y = msops.rms_norm(x, weight, EPS).T
        imperative.backward(y, mindspore.Tensor(DY.T.copy()))
    assert_close(x._grad, DX)


def test_a_gradient_that_arrives_as_one_repeated_number_is_read_as_such():
    x, weight = imperative.leaf(X), imperative.leaf(WEIGHT)
    with imperative.recording():
        total = mindspore.mint.sum(msops.rms_norm(x, weight, EPS))
        imperative.backward(total, mindspore.Tensor(np.float32(2.0)))
    dx, dweight = reference.gradients(X, WEIGHT, np.full_like(X, 2.0), EPS)
    assert_close(x._grad, dx)
    assert_close(weight._grad, dweight)


@pytest.mark.parametrize("x_wants", [True, False])
@pytest.mark.parametrize("weight_wants", [True, False])
def test_only_the_inputs_that_require_a_gradient_get_one(x_wants, weight_wants):
    x, weight = (
        imperative.leaf(X, requires_grad=x_wants),
        imperative.leaf(WEIGHT, requires_grad=weight_wants),
    )
    with imperative.recording():
        y = msops.rms_norm(x, weight, EPS)
        assert y._requires_grad == (x_wants or weight_wants)
        if x_wants or weight_wants:
            imperative.backward(y, mindspore.Tensor(DY))
    assert_close(y, Y)
    for tensor, wants, expected in [(x, x_wants, DX), (weight, weight_wants, DWEIGHT)]:
        if wants:
            assert_close(tensor._grad, expected)
        else:
            assert tensor._grad is None


def test_nothing_is_recorded_while_recording_is_off():
    y = msops.rms_norm(imperative.leaf(X), imperative.leaf(WEIGHT), EPS)
    assert not y._requires_grad
    with imperative.recording(), mindspore._no_grad():
        y = msops.rms_norm(imperative.leaf(X), imperative.leaf(WEIGHT), EPS)
        assert not y._requires_grad


def test_whether_to_record_is_decided_when_the_operator_is_called():
    x, weight = imperative.leaf(X), imperative.leaf(WEIGHT)
    for _ in range(200):
        with imperative.recording():
            recorded = msops.rms_norm(x * 1.0, weight, EPS)
        unrecorded = msops.rms_norm(x * 1.0, weight, EPS)
        assert recorded._requires_grad
        assert not unrecorded._requires_grad


def test_gradients_of_two_uses_add_up():
    x, weight = imperative.leaf(X), imperative.leaf(WEIGHT)
    with imperative.recording():
        y = msops.rms_norm(x, weight, EPS) + msops.rms_norm(x, weight, EPS)
        imperative.backward(y, mindspore.Tensor(DY))
    assert_close(x._grad, 2 * DX)
    assert_close(weight._grad, 2 * DWEIGHT)


def test_one_call_may_feed_the_next():
    x, weight = imperative.leaf(X), imperative.leaf(WEIGHT)
    with imperative.recording():
        y = msops.rms_norm(msops.rms_norm(x, weight, EPS), weight, EPS)
        imperative.backward(y, mindspore.Tensor(DY))
    dy, second = reference.gradients(Y, WEIGHT, DY, EPS)
    dx, first = reference.gradients(X, WEIGHT, dy, EPS)
    assert_close(y, reference.forward(Y, WEIGHT, EPS))
    assert_close(x._grad, dx)
    assert_close(weight._grad, first + second)


def test_one_tensor_may_be_both_input_and_weight():
    both = imperative.leaf(WEIGHT)
    with imperative.recording():
        y = msops.rms_norm(both, both, EPS)
        imperative.backward(y, mindspore.Tensor(DY[0]))
    dx, dweight = reference.gradients(WEIGHT, WEIGHT, DY[0], EPS)
    assert_close(both._grad, dx + dweight)


def test_a_kept_graph_can_be_walked_again():
    x, weight = imperative.leaf(X), imperative.leaf(WEIGHT)
    with imperative.recording():
        y = msops.rms_norm(x, weight, EPS)
        for keep in (True, True, False):
            imperative.backward(y, mindspore.Tensor(DY), keep_graph=keep)
        with pytest.raises(RuntimeError, match="graph twice"):
            imperative.backward(y, mindspore.Tensor(DY))
    assert_close(x._grad, 3 * DX)


def test_a_gradient_of_the_gradient_is_refused_by_name():
    x, weight = imperative.leaf(X), imperative.leaf(WEIGHT)
    with imperative.recording():
        y = msops.rms_norm(x, weight, EPS)
        with pytest.raises(RuntimeError, match=r"msops\.rms_norm: the gradient is not different"):
            imperative.backward(y, mindspore.Tensor(DY), create_graph=True)


def test_parameters_and_subclasses_of_tensor_are_tensors():
    class Named(mindspore.Tensor):
        pass

    x = mindspore.Tensor(X)
    x.__class__ = Named
    y = msops.rms_norm(x, mindspore.Parameter(mindspore.Tensor(WEIGHT)), EPS)
    assert_close(y, Y)


def test_the_inputs_are_left_as_they_were():
    x, weight = mindspore.Tensor(X), mindspore.Tensor(WEIGHT)
    msops.rms_norm(x, weight, EPS).asnumpy()
    np.testing.assert_array_equal(x.asnumpy(), X)
    np.testing.assert_array_equal(weight.asnumpy(), WEIGHT)


def test_mindspores_functional_gradient_works_as_well():
    dx, dweight = mindspore.grad(
        lambda x, weight: (msops.rms_norm(x, weight, EPS) * mindspore.Tensor(DY)).sum(), (0, 1)
    )(mindspore.Tensor(X), mindspore.Tensor(WEIGHT))
    assert_close(dx, DX)
    assert_close(dweight, DWEIGHT)
