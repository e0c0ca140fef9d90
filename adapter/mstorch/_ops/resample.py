# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Images in other sizes and at other places: interpolate and grid_sample, pooling to a size, and
pixels as channels.

The first two read a few neighbours of each place and weigh them. All are written with operators, so
that gradients need no formulas of their own. The half types are computed in float32.
"""

import itertools
import math

import numpy

from mstorch import _dtypes
from mstorch._autograd import attach, derivative, owned, wants_grad
from mstorch._errors import missing
from mstorch._ops import indexing, pointwise, reduction, views
from mstorch._registry import operator
from mstorch._tensor import wrap

_DIMENSIONS = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "trilinear": (3,),
    "bicubic": (2,),
}


def _step(size, wanted, factor, align_corners, real):
    """Input elements to one output element, in the type that torch computes it in."""
    if align_corners:
        return real(size - 1) / real(wanted - 1) if wanted > 1 else real(0)
    if factor is not None and factor > 0:
        return real(1.0 / factor)
    return real(size) / real(wanted)


def _nearest(size, wanted, step, align_corners, exact=False):
    offset = step.dtype.type(0.5 if exact else 0)
    places = numpy.floor((numpy.arange(wanted, dtype=step.dtype) + offset) * step)
    return [(numpy.minimum(places.astype(numpy.int64), size - 1), None)]


def _nearest_exact(size, wanted, step, align_corners):
    return _nearest(size, wanted, step, align_corners, True)


def _source(wanted, step, align_corners):
    places = numpy.arange(wanted, dtype=step.dtype)
    half = step.dtype.type(0.5)
    return places * step if align_corners else (places + half) * step - half


def _linear(size, wanted, step, align_corners):
    source = numpy.maximum(_source(wanted, step, align_corners), step.dtype.type(0))
    low = numpy.minimum(source.astype(numpy.int64), size - 1)
    high = numpy.minimum(low + 1, size - 1)
    share = numpy.clip(source - low, 0, 1).astype(step.dtype)
    return [(low, 1 - share), (high, share)]


_BEND = -0.75


def _cubic_weights(t):
    """Weights of the four neighbours of a place `t` behind the second (R. Keys, 1981)."""
    a = _BEND

    def near(x):
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x):
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _cubic(size, wanted, step, align_corners):
    source = _source(wanted, step, align_corners)
    low = numpy.floor(source)
    weights = _cubic_weights((source - low).astype(numpy.float64))
    places = [numpy.clip(low.astype(numpy.int64) + i, 0, size - 1) for i in (-1, 0, 1, 2)]
    return list(zip(places, weights, strict=True))


_TAPS = {
    "nearest": _nearest,
    "nearest-exact": _nearest_exact,
    "linear": _linear,
    "bilinear": _linear,
    "trilinear": _linear,
    "bicubic": _cubic,
}


def _sizes(input, size, scale_factor, recompute):
    """Output sizes and the factors to use for each dimension."""
    count = input._a.ndim - 2
    shape = input._a.shape[2:]
    if (size is None) == (scale_factor is None):
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        sizes = (size,) * count if isinstance(size, int) else tuple(int(s) for s in size)
        if len(sizes) != count:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {list(shape)} and output size of {size}."
            )
        return sizes, (None,) * count
    factors = scale_factor if isinstance(scale_factor, (list, tuple)) else (scale_factor,) * count
    if len(factors) != count:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got "
            f"input with spatial dimensions of {list(shape)} and scale_factor of {scale_factor}."
        )
    sizes = tuple(math.floor(float(n) * f) for n, f in zip(shape, factors, strict=True))
    return sizes, (None,) * count if recompute else tuple(factors)


@operator("torch.nn.functional.interpolate")
def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """(N, C, ...) in other sizes: nearest, nearest-exact, linear, bilinear, trilinear, bicubic."""
    if mode == "area" or antialias:
        raise missing(f"torch.nn.functional.interpolate(mode={mode!r}, antialias={antialias})")
    if mode in ("nearest", "nearest-exact") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear "
            "| bicubic | trilinear"
        )
    if input._a.ndim - 2 not in _DIMENSIONS.get(mode, ()):
        raise NotImplementedError(
            f"Input Error: {input._a.ndim}D input is not interpolated in the mode {mode!r}"
        )
    sizes, factors = _sizes(input, size, scale_factor, recompute_scale_factor)
    result = _wide(input)
    nearest = mode in ("nearest", "nearest-exact")
    real = numpy.float64 if input._a.dtype == numpy.float64 and not nearest else numpy.float32
    for dim, (wanted, factor) in enumerate(zip(sizes, factors, strict=True), 2):
        own = input._a.shape[dim]
        step = _step(own, wanted, factor, bool(align_corners), real)
        result = _blend(result, dim, _TAPS[mode](own, wanted, step, bool(align_corners)))
    return views.cast(result, input.dtype)


def _wide(tensor):
    narrow = tensor._a.dtype in _dtypes.REDUCED
    return views.cast(tensor, _dtypes.float32) if narrow else tensor


def _blend(input, dim, taps):
    total = None
    for places, weight in taps:
        part = indexing.index_select(input, dim, wrap(places))
        if weight is not None:
            shape = [-1 if d == dim else 1 for d in range(input._a.ndim)]
            weight = wrap(weight.reshape(shape).astype(input._a.dtype))
            part = pointwise.mul(part, weight)
        total = part if total is None else pointwise.add(total, part)
    return total


# grid_sample


def _unnormal(place, size, align_corners):
    """A coordinate in [-1, 1] as one in elements."""
    if align_corners:
        return (place + 1) * ((size - 1) / 2)
    return ((place + 1) * size - 1) * 0.5


def _reflected(place, low, high):
    """A coordinate thrown back at both ends; the ends are given doubled."""
    if low == high:
        return place * 0
    start, span = low / 2, (high - low) / 2
    distance = pointwise.abs(place - start)
    flips = pointwise.floor(distance.detach() / span)
    extra = distance - flips * span
    even = pointwise.remainder(flips, 2).eq(0)
    return pointwise.where(even, extra + start, span - extra + start)


def _inside(place, size, padding_mode, align_corners):
    if padding_mode == "zeros":
        return place
    if padding_mode == "reflection":
        ends = (0, 2 * (size - 1)) if align_corners else (-1, 2 * size - 1)
        place = _reflected(place, *ends)
    return pointwise.clamp(place, 0, size - 1)


def _corner(input, places, sizes):
    """The elements of (N, C, ...) at whole coordinates (N, ...) a dimension, 0 outside."""
    batch, channels = input._a.shape[:2]
    shape = places[0].shape[1:]
    seen = numpy.ones(places[0].shape, bool)
    flat = numpy.zeros(places[0].shape, numpy.int64)
    for place, size in zip(places, sizes, strict=True):
        seen &= (place >= 0) & (place < size)
        flat = flat * size + numpy.clip(place, 0, size - 1)
    rows = views.reshape(input, (batch, channels, math.prod(sizes)))
    index = wrap(numpy.repeat(flat.reshape(batch, 1, -1), channels, 1))
    found = views.reshape(indexing.gather(rows, 2, index), (batch, channels, *shape))
    return pointwise.mul(found, wrap(seen[:, None].astype(found._a.dtype)))


def _whole(place):
    """Whole numbers of an array of coordinates; what is not finite or far away lies outside."""
    return numpy.clip(numpy.nan_to_num(place, nan=-100.0), -100, 2**31).astype(numpy.int64)


def _check(input, grid, mode, padding_mode):
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if mode == "bicubic":
        raise missing("torch.nn.functional.grid_sample(mode='bicubic')")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    count = input._a.ndim - 2
    if count not in (2, 3) or grid._a.ndim != input._a.ndim or grid._a.shape[-1] != count:
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but "
            f"got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if input._a.shape[0] != grid._a.shape[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with "
            f"sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )


@derivative("GridSamplerNearestBackward0")
def _regardless_backward(ctx, grad):
    return grad, wrap(numpy.zeros_like(ctx.context))


def _regardless_of(grid, result):
    """The result, with gradients of zero for the grid: whole places do not move with it."""
    if not wants_grad(grid):
        return result
    inputs = (result, grid)
    return attach(_regardless_backward, wrap(result._a.copy()), inputs, (), grid._a)


@operator("torch.nn.functional.grid_sample")
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """(N, C, H, W) at the places (N, h, w, 2) of a grid, in [-1, 1], x first; or one dimension
    more.
    """
    _check(input, grid, mode, padding_mode)
    kind, input, grid = input.dtype, _wide(input), _wide(grid)
    sizes = input._a.shape[2:]
    places = []
    for axis, size in enumerate(sizes):
        place = views.select(grid, -1, len(sizes) - 1 - axis)
        place = _unnormal(place, size, bool(align_corners))
        places.append(_inside(place, size, padding_mode, bool(align_corners)))
    if mode == "nearest":
        whole = [_whole(numpy.rint(place._a)) for place in places]
        return views.cast(_regardless_of(grid, _corner(input, whole, sizes)), kind)
    total = None
    lows = [numpy.floor(place._a) for place in places]
    for corner in itertools.product((0, 1), repeat=len(sizes)):
        weight = None
        for place, low, side in zip(places, lows, corner, strict=True):
            share = place - wrap(low) if side else wrap(low + 1) - place
            weight = share if weight is None else pointwise.mul(weight, share)
        whole = [_whole(low + side) for low, side in zip(lows, corner, strict=True)]
        part = pointwise.mul(_corner(input, whole, sizes), views.unsqueeze(weight, 1))
        total = part if total is None else pointwise.add(total, part)
    return views.cast(total, kind)


@operator("torch.nn.functional.pixel_shuffle", "torch.pixel_shuffle")
def pixel_shuffle(input, upscale_factor):
    """(..., C * r * r, H, W) to (..., C, H * r, W * r)."""
    r = upscale_factor
    *front, channels, height, width = input._a.shape
    if r <= 0 or channels % (r * r):
        raise RuntimeError(
            f"pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(front)
    split = views.reshape(input, (*front, channels // (r * r), r, r, height, width))
    split = views.permute(split, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    shape = (*front, channels // (r * r), height * r, width * r)
    return owned(views.reshape(views.contiguous_clone(split), shape))


@operator("torch.nn.functional.pixel_unshuffle", "torch.pixel_unshuffle")
def pixel_unshuffle(input, downscale_factor):
    """(..., C, H * r, W * r) to (..., C * r * r, H, W)."""
    r = downscale_factor
    *front, channels, height, width = input._a.shape
    if r <= 0 or height % r or width % r:
        raise RuntimeError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but "
            f"{height} x {width} is not divisible by {r}"
        )
    n = len(front)
    split = views.reshape(input, (*front, channels, height // r, r, width // r, r))
    split = views.permute(split, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    shape = (*front, channels * r * r, height // r, width // r)
    return owned(views.reshape(views.contiguous_clone(split), shape))


def _pooled(input, dim, count):
    """The means of `count` equal or nearly equal parts of a dimension."""
    size = input._a.shape[dim]
    if not size % count:
        shape = (*input._a.shape[:dim], count, size // count, *input._a.shape[dim + 1 :])
        return reduction.mean(views.reshape(input, shape), dim + 1)
    edges = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
    parts = [views.narrow(input, dim, start, end - start) for start, end in edges]
    return views.stack([reduction.mean(part, dim) for part in parts], dim)


def _adaptive(count):
    name = f"adaptive_avg_pool{count}d"

    def function(input, output_size):
        sizes = (output_size,) * count if isinstance(output_size, int) else tuple(output_size)
        if len(sizes) != count:
            raise RuntimeError(f"{name}: output_size must have {count} sizes, got {len(sizes)}")
        if input._a.ndim <= count and count > 1:
            raise ValueError(f"Input dimension should be at least {count + 1}")
        if input._a.ndim not in (count + 1, count + 2):
            raise RuntimeError(
                f"{name}(): Expected {count + 1}D or {count + 2}D tensor, but got "
                f"{list(input.shape)}"
            )
        kind, result = input.dtype, _wide(input)
        for dim, size in enumerate(sizes, input._a.ndim - count):
            result = result if size is None else _pooled(result, dim, size)
        result = views.cast(result, kind)
        return views.contiguous_clone(result) if result is input else views.contiguous(result)

    function.__name__ = name
    function.__doc__ = f"Means of parts of {count} dimensions, as many as wanted; None keeps one."
    return operator(f"torch.nn.functional.{name}")(function)


adaptive_avg_pool1d = _adaptive(1)
adaptive_avg_pool2d = _adaptive(2)
adaptive_avg_pool3d = _adaptive(3)
