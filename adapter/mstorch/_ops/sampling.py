# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Random tensors."""

import numpy

from mstorch import _dtypes, _random
from mstorch._autograd import attach, derivative, wants_grad
from mstorch._ops import inplace
from mstorch._ops._operands import sizes_of, up, write_out
from mstorch._ops.creation import finish, made, made_like, sized, sized_like, where_it_is
from mstorch._quiet import quiet
from mstorch._registry import operator
from mstorch._tensor import Tensor, laid_out_like, wrap, wrap_laid_out


def _drawn(draw):
    """`draw(count, kind, generator=)` as the maker of an array of sizes."""

    def make(sizes, kind, generator=None):
        if kind not in _FLOATING:
            raise RuntimeError(f'"check_uniform_bounds" not implemented for {kind}')
        count = int(numpy.prod(sizes, dtype=numpy.int64))
        return draw(count, kind, generator=generator).reshape(sizes)

    return make


_FLOATING = frozenset(t.numpy for t in _dtypes.ALL.values() if t.is_floating_point and t.numpy)
rand = sized("rand", _drawn(_random.uniform))
rand_like = sized_like("rand_like", _drawn(_random.uniform))
randn = sized("randn", _drawn(_random.normal))
randn_like = sized_like(
    "randn_like",
    _drawn(_random.normal),
    make_permuted=_drawn(_random.normal_one_by_one),
)


@operator("torch.randint")
def randint(
    low,
    high=None,
    size=None,
    *,
    generator=None,
    dtype=None,
    device=None,
    requires_grad=False,
    layout=None,
    pin_memory=False,
):
    """Integers in [low, high): `randint(high, size)` or `randint(low, high, size)`."""
    if size is None and not isinstance(high, (int, type(None))):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    sizes = sizes_of((size,))
    kind = _dtypes.numpy_of(_dtypes.int64 if dtype is None else dtype)

    def draw(sizes, kind):
        count = int(numpy.prod(sizes, dtype=numpy.int64))
        array = _random.integers(low, high, count, generator)
        return array.reshape(sizes).astype(kind, copy=False)

    return finish(made(draw, sizes, kind, device), device, requires_grad, pin_memory)


@operator("torch.randint_like")
def randint_like(input, low, high=None, *, dtype=None, device=None, requires_grad=False):
    """randint in the shape and type of a tensor."""

    def draw(sizes, kind):
        return randint(low, high, sizes, dtype=_dtypes.BY_NUMPY[kind])._a

    kind = _dtypes.numpy_of(dtype or input.dtype)
    device = where_it_is(input, device)
    return finish(made_like(input, (draw, draw), kind, device), device, requires_grad)


@operator("torch.randperm")
def randperm(
    n,
    *,
    generator=None,
    dtype=None,
    device=None,
    requires_grad=False,
    layout=None,
    pin_memory=False,
):
    """The numbers below n in random order."""
    kind = _dtypes.numpy_of(_dtypes.int64 if dtype is None else dtype)
    return finish(
        _random.permutation(n, generator).astype(kind, copy=False),
        device,
        requires_grad,
        pin_memory,
    )


@operator("torch.normal")
def normal(
    mean,
    std=1.0,
    size=None,
    *,
    generator=None,
    dtype=None,
    device=None,
    requires_grad=False,
    layout=None,
    pin_memory=False,
):
    """Normally distributed numbers; mean and standard deviation are numbers, with a size, or
    tensors.
    """
    if size is not None:
        if isinstance(mean, Tensor) or isinstance(std, Tensor):
            raise TypeError("normal(): a size is only for a mean and a std that are numbers")
        sizes = sizes_of((size,))
        kind = _dtypes.numpy_of(_dtypes.get_default_dtype() if dtype is None else dtype)

        def draw(sizes, kind):
            count = int(numpy.prod(sizes, dtype=numpy.int64))
            return _random.normal(count, kind, mean, std, generator).reshape(sizes)

        return finish(made(draw, sizes, kind, device), device, requires_grad)
    tensors = [t for t in (mean, std) if isinstance(t, Tensor)]
    shape = numpy.broadcast_shapes(*(t._a.shape for t in tensors))
    count = int(numpy.prod(shape, dtype=numpy.int64))
    kind = tensors[0]._a.dtype
    if isinstance(std, Tensor):
        middle = mean._a if isinstance(mean, Tensor) else mean
        drawn = _random.normal(count, kind, generator=generator).reshape(shape)
        array = (up(drawn) * up(std._a)).astype(kind) + numpy.asarray(middle, kind)
    else:
        array = _random.normal(count, kind, 0.0, std, generator).reshape(shape) + mean._a
    result = wrap(array.astype(kind, copy=False))
    return (
        attach(_constant_backward, result, tensors, (), tensors) if wants_grad(*tensors) else result
    )


@derivative("NormalBackward3")
def _constant_backward(ctx, grad):
    """Drawn numbers do not depend on what they were drawn with, as torch has it."""
    return tuple(
        wrap(numpy.zeros_like(t._a)) if needed else None
        for t, needed in zip(ctx.context, ctx.needs, strict=False)
    )


@operator("torch.bernoulli", "Tensor.bernoulli")
def bernoulli(input, p=None, *, generator=None):
    """Ones with the probability that each element gives, or with probability p."""
    chances = up(input._a) if p is None else p
    if p is None and input._a.size and not ((chances >= 0) & (chances <= 1)).all():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    drawn = _random.bernoulli(input._a.shape, chances, generator).astype(input._a.dtype)
    result = wrap(drawn)
    if wants_grad(input):
        result = attach(_constant_backward, result, (input,), (), (input,))
    return result


def _fill(name, draw, draw_permuted=None):
    """Register an in-place filler; draw(count, kind, *args) gives the numbers, and those of a
    tensor that is not contiguous draw_permuted where it is given.
    """
    draw_permuted = draw_permuted or draw

    def function(self, *args, generator=None, **named):
        inplace.check_writable(self)
        for position, value in enumerate(args, 1):
            if isinstance(value, Tensor) and value._requires_grad:
                raise TypeError(
                    f"{name}(): argument (position {position}) must be float, not Tensor"
                )
        make = draw if self._a.flags.c_contiguous else draw_permuted
        numbers = make(self._a.size, self._a.dtype, *args, generator=generator, **named)
        return inplace.write(self, wrap_laid_out(laid_out_like(self._a, numbers)))

    function.__name__ = name
    return operator(f"Tensor.{name}")(function)


def _uniform(count, kind, low=0.0, high=1.0, *, generator=None, **named):
    return _random.uniform(count, kind, named.get("from", low), named.get("to", high), generator)


def _bernoulli(count, kind, p=0.5, *, generator=None):
    return _random.bernoulli((count,), p, generator).astype(kind)


normal_ = _fill("normal_", _random.normal, _random.normal_one_by_one)
uniform_ = _fill("uniform_", _uniform)
bernoulli_ = _fill("bernoulli_", _bernoulli)


exponential_ = _fill("exponential_", _random.exponential)


@operator("torch.multinomial", "Tensor.multinomial")
def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """Numbers of categories drawn by their weights, a row of samples for each row of weights."""
    weights = input._a
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if weights.dtype not in _FLOATING:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {input.dtype}"
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    wide = up(weights)
    if not (numpy.isfinite(wide) & (wide >= 0)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (wide.sum(-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if replacement and num_samples > 1:
        found = _with_replacement(wide, num_samples, generator)
    else:
        found = _by_race(weights, num_samples, generator)
    return write_out(out, wrap(found), exact=True)


def _by_race(weights, count, generator):
    """The categories whose exponential clocks, running at their weights, ring first."""
    clocks = _random.exponential(weights.size, weights.dtype, generator=generator)
    with quiet():
        speed = up(weights) / up(laid_out_like(weights, clocks))
    speed = up(speed.astype(weights.dtype))
    return numpy.argsort(-speed, -1, kind="stable")[..., :count].astype(numpy.int64)


def _with_replacement(weights, count, generator):
    """Inversion of the running sum of the weights."""
    rows = weights.reshape(-1, weights.shape[-1])
    running = numpy.cumsum(rows, -1, rows.dtype)
    running /= running[:, -1:]
    draws = _random.uniform(len(rows) * count, numpy.dtype(numpy.float64), generator=generator)
    found = numpy.array(
        [
            numpy.searchsorted(line[:-1].astype(numpy.float64), row, "left")
            for line, row in zip(running, draws.reshape(len(rows), count), strict=True)
        ]
    )
    return found.reshape(*weights.shape[:-1], count).astype(numpy.int64)


# Bits of the whole numbers that random_ without bounds draws, by type.
_BITS = {"bool": 1, "uint8": 8, "int8": 7, "int16": 15, "int32": 31, "int64": 63}
_EXACT = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def _unbounded(count, kind, generator):
    name = _dtypes.BY_NUMPY[kind].name
    if name in _BITS:
        return _random.whole_integers(count, _BITS[name], generator).astype(kind)
    limit = (1 << _EXACT[name]) + 1
    words = 64 if kind == numpy.float64 else 32
    draws = _random.whole_integers(count, 63 if words == 64 else 32, generator)
    return (draws % limit).astype(kind)


@operator("Tensor.random_")
def random_(self, low=0, high=None, *, generator=None):
    """Integers in [low, high): `random_(high)` or `random_(low, high)`; without bounds any that the
    type holds exactly, from 0 on.
    """
    inplace.check_writable(self)
    if high is None and not low:
        numbers = _unbounded(self._a.size, self._a.dtype, generator)
        return inplace.write(self, wrap_laid_out(laid_out_like(self._a, numbers)))
    if high is None:
        low, high = 0, low
    numbers = _random.integers(low, high, self._a.size, generator)
    return inplace.write(self, wrap_laid_out(laid_out_like(self._a, numbers)))
