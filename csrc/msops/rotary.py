# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Rotary position embedding and its tables."""

from __future__ import annotations

import math
from typing import NamedTuple

import mindspore
import numpy as np

from msops._native import native
from msops.arguments import check_integer, check_number, check_tensor

ROTARY_LAYOUTS = ("half", "interleaved", "interleaved_half")


def rotary_position_embedding(
    x: mindspore.Tensor,
    cos: mindspore.Tensor,
    sin: mindspore.Tensor,
    layout: str = "half",
    start: int = 0,
) -> mindspore.Tensor:
    """Rotary position embedding of a part of each row, in one pass.

        a' = a * cos_a - b * sin_a        b' = b * cos_b + a * sin_b

    for the pairs (a, b) of the columns from `start` on, as many as `cos` has; the other columns are
    copied. Source: J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding",
    2021, equation 34, with tables for both numbers of a pair. Differentiable in `x`, `cos` and
    `sin`, once.

    Layouts, for a rotated part of n columns:

    - `half`: column j goes with column j + n / 2, as in GPT-NeoX and Llama.
    - `interleaved`: column 2 j goes with column 2 j + 1, as in GPT-J.
    - `interleaved_half`: pairs are side by side in `x` and in two halves in the result, as in the
      multi-head latent attention (MLA) of DeepSeek-V2 and V3.

    The part of an MLA query or key that is rotated can be given in two ways, neither of which
    copies it first: as a view, `x[..., 128:]`, which gives that part alone, or as `x` with
    `start=128`, which gives the whole query without splitting and joining it.

    Args:
        x: at least one dimension, the last one's steps being 1 (other views are copied first);
            float16, bfloat16 or float32, on the CPU also float64.
        cos: 1 or the size of `x` in each dimension but the last, whose size is even. Its columns
            are laid out as those of the result. The dtype of `x`, or float32 where `x` is float16
            or bfloat16. See `rotary_tables`.
        sin: the shape and dtype of `cos`.
        layout: one of the above.
        start: the first column that is rotated.

    Returns:
        A new tensor with the shape and dtype of `x`. Half types are computed in float32 and rounded
        once. On the CPU, on one machine, equal inputs give equal bits, gradients included, with any
        number of threads.

    Raises:
        TypeError: an argument is no tensor, string or integer, or has another dtype.
        ValueError: the shapes do not fit, or there is no such layout.
    """
    check_tensor("rotary_position_embedding", "x", x)
    check_tensor("rotary_position_embedding", "cos", cos)
    check_tensor("rotary_position_embedding", "sin", sin)
    check_integer("rotary_position_embedding", "start", start)
    if not isinstance(layout, str):
        raise TypeError("msops.rotary_position_embedding: layout must be a string")
    return native().rotary_position_embedding(x, cos, sin, layout, start)


class Yarn(NamedTuple):
    """How YaRN stretches a rotary embedding; the names are those of published configurations.

    Attributes:
        factor: how many times longer sequences may be than those of the first training.
        original_length: how long those were (`original_max_position_embeddings`).
        beta_fast: pairs that turn more often than this over the original length stay as they are.
        beta_slow: pairs that turn less often are slowed down by `factor`; in between, both are
            blended along a straight line.
        mscale: how much cos and sin grow with `factor`; see `rotary_tables`.
        mscale_all_dim: how much of that growth is taken away again, because the model scales its
            scores by it.
    """

    factor: float
    original_length: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    mscale: float = 1.0
    mscale_all_dim: float = 0.0


def rotary_tables(
    length: int,
    size: int,
    base: float = 10000.0,
    layout: str = "half",
    offset: int = 0,
    dtype: mindspore.dtype | None = None,
    yarn: Yarn | None = None,
) -> tuple[mindspore.Tensor, mindspore.Tensor]:
    """The tables of `rotary_position_embedding` for positions offset to offset + length - 1.

        cos(position * frequency_j) * m      sin(position * frequency_j) * m
        frequency_j = base ** (-2 j / size)

    and m = 1. With YaRN,

        frequency_j = base ** (-2 j / size) * ((1 - ramp_j) + ramp_j / factor)
        ramp_j      = (j - low) / (high - low), kept between 0 and 1
        low, high   = floor(d(beta_fast)), ceil(d(beta_slow)), kept between 0 and size - 1
        d(turns)    = size * log(original_length / (2 pi turns)) / (2 log(base))
        m           = g(mscale) / g(mscale_all_dim)
        g(s)        = 0.1 * s * log(factor) + 1, and 1 for a factor of at most 1

    Source: B. Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models",
    2023, sections 3.2 and 3.4, with the rounding of low and high and the quotient of scales that
    DeepSeek-V3's published model code has. Angles are computed in float64, so these tables are
    nearer to the formula than those that are computed in float32 throughout.

    Args:
        length: the number of positions.
        size: the number of columns that are rotated, even.
        base: of the frequencies.
        layout: see `rotary_position_embedding`.
        offset: the first position.
        dtype: of the tables; float32 where it is None.
        yarn: None for plain frequencies.

    Returns:
        cos and sin, of shape (length, size).

    Raises:
        TypeError: an argument is no number.
        ValueError: an argument is out of range.
    """
    for name, value in (("length", length), ("size", size), ("offset", offset)):
        check_integer("rotary_tables", name, value)
    check_number("rotary_tables", "base", base)
    if length < 0 or size < 0 or size % 2:
        raise ValueError(
            f"msops.rotary_tables: length must not be negative and size must be even, got "
            f"{length} and {size}"
        )
    if not base > 1:
        raise ValueError(f"msops.rotary_tables: base must be above 1, got {base}")
    if layout not in ROTARY_LAYOUTS:
        raise ValueError(
            f"msops.rotary_tables: layout must be one of {ROTARY_LAYOUTS}, got {layout!r}"
        )
    frequencies = base ** (-np.arange(0, size, 2) / max(size, 1))
    scale = 1.0
    if yarn is not None:
        frequencies = frequencies * _slowed_down(yarn, size, base)
        scale = _growth(yarn.factor, yarn.mscale) / _growth(yarn.factor, yarn.mscale_all_dim)
    angles = np.outer(np.arange(offset, offset + length, dtype=np.float64), frequencies)
    if layout == "interleaved":
        angles = np.repeat(angles, 2, axis=-1)
    else:
        angles = np.concatenate([angles, angles], axis=-1)
    cos, sin = (
        mindspore.Tensor(np.ascontiguousarray(function(angles) * scale)).astype(
            dtype or mindspore.float32
        )
        for function in (np.cos, np.sin)
    )
    return cos, sin


def _slowed_down(yarn: Yarn, size: int, base: float) -> np.ndarray:
    """What YaRN multiplies each frequency by."""
    if not (yarn.factor > 0 and yarn.original_length > 0):
        raise ValueError(
            "msops.rotary_tables: yarn must have a factor and an original_length above 0, got "
            f"{yarn.factor} and {yarn.original_length}"
        )
    if not yarn.beta_fast >= yarn.beta_slow > 0:
        raise ValueError(
            "msops.rotary_tables: yarn must have beta_fast >= beta_slow > 0, got "
            f"{yarn.beta_fast} and {yarn.beta_slow}"
        )

    def column(turns: float) -> float:
        return size * math.log(yarn.original_length / (2 * math.pi * turns)) / (2 * math.log(base))

    low = max(math.floor(column(yarn.beta_fast)), 0)
    high = min(math.ceil(column(yarn.beta_slow)), size - 1)
    width = high - low if high != low else 0.001
    ramp = np.clip((np.arange(size // 2) - low) / width, 0.0, 1.0)
    return (1 - ramp) + ramp / yarn.factor


def _growth(factor: float, scale: float) -> float:
    return 0.1 * scale * math.log(factor) + 1.0 if factor > 1 else 1.0
