# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What MindSpore's CPU back-end computes wrongly, silently or only now and then, mstorch computes
rightly.

The comparisons with PyTorch cover values; here are the races and wrong states that one run may
miss.
"""

import gc
import operator
import resource
import sys
import weakref

import numpy
import pytest

import mstorch as torch


def _numbers(*shape: int, seed: int = 0) -> numpy.ndarray:
    return numpy.random.RandomState(seed).uniform(-1, 1, shape).astype(numpy.float32)


def test_sums_at_many_repeated_places_lose_nothing() -> None:
    index = numpy.random.RandomState(1).randint(0, 3, (5000, 4))
    values = torch.ones(5000, 4)
    expected = numpy.stack([(index == i).sum(0) for i in range(3)]).astype(numpy.float32)
    for _ in range(50):
        added = torch.zeros(3, 4).scatter_add(0, torch.from_numpy(index), values)
        numpy.testing.assert_array_equal(added.numpy(), expected)
        rows = torch.zeros(3, 4).index_add(0, torch.from_numpy(index[:, 0].copy()), values)
        numpy.testing.assert_array_equal(rows.numpy()[:, 0], expected[:, 0])


@pytest.mark.parametrize("repeated", [1, 4, 20, 500], ids="each row {} times".format)
def test_rows_are_added_in_their_order_however_often_they_repeat(repeated: int) -> None:
    order = numpy.random.RandomState(2).permutation(500)
    index = (numpy.arange(500) // repeated)[order]
    values = _numbers(500, 3)
    expected = numpy.ones((500, 3), numpy.float32)
    for row, value in zip(index, values, strict=True):
        expected[row] += value
    added = torch.ones(500, 3).index_add(0, torch.from_numpy(index), torch.from_numpy(values))
    if repeated <= 20:
        numpy.testing.assert_array_equal(added.numpy(), expected)
    numpy.testing.assert_allclose(added.numpy(), expected, rtol=1e-5, atol=1e-5)


def test_gradients_of_joined_pieces_are_right_every_time() -> None:
    array = _numbers(6, 8)
    for _ in range(50):
        x = torch.from_numpy(array.copy()).requires_grad_()
        pieces = x.split([1, 4, 3], 1)
        joined = torch.cat([pieces[2], pieces[0], pieces[1]], 1)
        (joined * torch.arange(48.0).view(6, 8)).sum().backward()
        weights = numpy.arange(48.0, dtype=numpy.float32).reshape(6, 8)
        expected = numpy.concatenate([weights[:, 3:4], weights[:, 4:], weights[:, :3]], 1)
        numpy.testing.assert_array_equal(x.grad.numpy(), expected)


def test_a_compiled_operator_between_others_is_read_after_it_was_written() -> None:
    array, scale = _numbers(64, 32), torch.ones(32)
    root = numpy.sqrt((array.astype(numpy.float64) ** 2).mean(1, keepdims=True) + 1e-6)
    for _ in range(100):
        x = torch.from_numpy(array.copy()).requires_grad_()
        y = torch.nn.functional.rms_norm(x * 1, (32,), scale, 1e-6) * 2
        y.sum().backward()
        numpy.testing.assert_allclose(y.detach().numpy(), 2 * array / root, rtol=1e-5, atol=1e-6)
        expected = 2 / root - 2 * array * array.sum(1, keepdims=True) / (32 * root**3)
        numpy.testing.assert_allclose(x.grad.numpy(), expected, rtol=2e-4, atol=2e-5)


def _assign(x, y):
    x[...] = y


# Each with what NumPy makes of the two values.
_IN_PLACE = {
    "add_": (lambda x, y: x.add_(y), numpy.add),
    "sub_": (lambda x, y: x.sub_(y), numpy.subtract),
    "mul_": (lambda x, y: x.mul_(y), numpy.multiply),
    "div_": (lambda x, y: x.div_(y), numpy.divide),
    "exp_": (lambda x, y: x.exp_(), lambda x, y: numpy.exp(x)),
    "+=": (operator.iadd, numpy.add),
    "-=": (operator.isub, numpy.subtract),
    "*=": (operator.imul, numpy.multiply),
    "/=": (operator.itruediv, numpy.divide),
    "copy_": (lambda x, y: x.copy_(y), lambda x, y: y),
    "fill_": (lambda x, y: x.fill_(3), lambda x, y: numpy.full_like(x, 3)),
    "assignment": (_assign, lambda x, y: y),
    "out=": (lambda x, y: torch.add(x, y, out=x), numpy.add),
}
_VIEWS = {
    "the whole": lambda x: x,
    "a row": lambda x: x[1],
    "a column": lambda x: x[:, 2],
    "a part": lambda x: x[1:, ::2],
    "a transposed part": lambda x: x[:, 1:4].t(),
    "another shape": lambda x: x.view(-1)[3:15].view(3, 4),
    "the data": lambda x: x.data,
}
_DIFFERENTIABLE_VIEWS = {name: view for name, view in _VIEWS.items() if name != "the data"}


def _places(view) -> numpy.ndarray:
    """Where the elements of a view of 4 x 5 numbers lie."""
    return view(torch.arange(20).view(4, 5)).numpy().copy()


@pytest.mark.parametrize("view", _VIEWS.values(), ids=_VIEWS.keys())
@pytest.mark.parametrize("change, meaning", _IN_PLACE.values(), ids=_IN_PLACE.keys())
def test_an_in_place_change_is_there_and_only_there(change, meaning, view) -> None:
    array = _numbers(4, 5)
    x = torch.from_numpy(array.copy())
    part = view(x)
    other = _numbers(*part.shape, seed=1) + 4
    expected = array.reshape(-1).copy()
    there = _places(view)
    expected[there] = meaning(expected[there], other)
    change(part, torch.from_numpy(other))
    numpy.testing.assert_allclose(x.numpy().reshape(-1), expected, rtol=2e-7)
    numpy.testing.assert_array_equal(part.numpy(), x.numpy().reshape(-1)[there])


@pytest.mark.parametrize("view", _DIFFERENTIABLE_VIEWS.values(), ids=_DIFFERENTIABLE_VIEWS.keys())
def test_gradients_of_changes_through_a_view_are_right(view) -> None:
    # Where the view lies, x is multiplied with f: d(sum of c * x)/dx becomes c * f, d/df is c * x.
    array, weights = _numbers(4, 5), _numbers(4, 5, seed=1)
    c = torch.from_numpy(weights)
    x = torch.from_numpy(array.copy()).requires_grad_()
    changed = x * 1
    part = view(changed)
    factors = torch.from_numpy(_numbers(*part.shape, seed=2)).requires_grad_()
    part.mul_(factors)
    (changed * c).sum().backward()
    there = _places(view)
    expected = weights.copy().reshape(-1)
    expected[there] *= factors.detach().numpy()
    numpy.testing.assert_allclose(x.grad.numpy().reshape(-1), expected, rtol=1e-6)
    of_factors = weights.reshape(-1)[there] * array.reshape(-1)[there]
    numpy.testing.assert_allclose(factors.grad.numpy(), of_factors, rtol=1e-6)


def test_softmax_is_as_exact_as_its_differences() -> None:
    array = _numbers(64, 100) * 8
    wide = array.astype(numpy.float64)
    exponentials = numpy.exp(wide - wide.max(1, keepdims=True))
    expected = exponentials / exponentials.sum(1, keepdims=True)
    found = torch.softmax(torch.from_numpy(array), 1).numpy()
    # Differences of up to 16 are rounded to a unit in the last place of 16.
    numpy.testing.assert_allclose(found, expected, rtol=numpy.spacing(numpy.float32(16)))


@pytest.mark.parametrize("name", ["exp", "sigmoid", "silu", "tanh", "log", "sin", "rsqrt"])
def test_float32_functions_are_within_two_units_in_the_last_place(name: str) -> None:
    function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    array = numpy.abs(_numbers(1000)) * 8 + 0.01
    ours = function(torch.from_numpy(array)).numpy()
    wide = function(torch.from_numpy(array.astype(numpy.float64))).numpy()
    assert (
        numpy.abs(ours - wide).max()
        <= (2 * numpy.spacing(numpy.abs(wide).astype(numpy.float32))).max()
    )
    numpy.testing.assert_allclose(ours, wide, rtol=3e-7)


def test_results_that_cannot_be_differentiated_do_not_break_backward() -> None:
    x = torch.from_numpy(_numbers(4, 5)).requires_grad_()
    values, indices = torch.topk(x, 2, dim=1)
    gate = (x > 0).float() + torch.zeros_like(x) + torch.ones_like(x)
    loss = values.sum() + x.gather(1, indices).sum() + (x * gate).sum()
    loss.backward()
    assert not indices.requires_grad
    assert not gate.requires_grad
    largest = torch.max(x, 1)
    for plain in (x > 0, x.int(), x.argmax(), largest.indices, x.isnan(), torch.ones_like(x)):
        assert not plain.requires_grad
    assert largest.values.requires_grad
    assert x.grad.isfinite().all()


def test_recording_goes_on_after_an_operator_failed() -> None:
    x = torch.ones(3, requires_grad=True)
    for failing in (lambda: x @ torch.ones(5), lambda: x.view(7), lambda: x[9], lambda: x.foo):
        with pytest.raises((RuntimeError, IndexError, AttributeError)):
            failing()
        y = (x * 2).sum()
        assert y.requires_grad
        x.grad = None
        y.backward()
        assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_what_a_leaf_was_given_is_not_changed_through_another_leaf() -> None:
    w, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    for _ in range(3):
        (w + b).sum().backward()
    torch.nn.utils.clip_grad_norm_([w], 0.1)
    assert b.grad.tolist() == [3.0, 3.0, 3.0]


def test_a_recorded_step_goes_away_with_its_result() -> None:
    class Watched(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.probe = _Probe()
            probes.append(weakref.ref(ctx.probe))
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    probes: list = []
    x = torch.ones(3, requires_grad=True)
    y = Watched.apply(x).exp()
    del y
    Watched.apply(x).exp().sum().backward()
    gc.collect()
    assert [p() for p in probes] == [None, None]


class _Probe:
    """Something that can be watched."""


def test_memory_does_not_grow_with_steps() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.SiLU(), torch.nn.RMSNorm(8))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    x = torch.from_numpy(_numbers(4, 8))

    def steps(count: int) -> int:
        for _ in range(count):
            optimizer.zero_grad()
            a, b = net(x).split(4, 1)
            (torch.softmax(a, 1) * b.t().contiguous().t()).sum().backward()
            optimizer.step()
        gc.collect()
        return sys.getallocatedblocks()

    # Blocks, not objects: what MindSpore forgets to free are tuples that the collector ignores, one
    # for each of the ten and more operators of a step.
    before = steps(600)
    assert steps(600) - before < 600


def test_memory_that_was_freed_is_used_again_without_asking_the_system() -> None:
    x = torch.from_numpy(_numbers(512, 1024))
    pages = x.numel() * x.element_size() // resource.getpagesize()

    def pages_asked_for(count: int) -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(count):
            (x + x) * x
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    pages_asked_for(4)
    # Given back and fetched again, it would be all pages of both results every time.
    assert pages_asked_for(50) < 10 * pages
