# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Samples depend on their number and the seed alone, and an epoch shows everything once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mstrain.errors import UserError
from mstrain.sampling import Sampler

SHAPES = st.tuples(st.integers(2, 400), st.integers(1, 20)).filter(lambda s: s[0] > s[1])
SEEDS = st.integers(0, 2**31 - 1)


def sampler(shape: tuple[int, int], seed: int) -> Sampler:
    length, seq_len = shape
    return Sampler(np.arange(length, dtype=np.uint16), seq_len, seed)


@given(SHAPES, SEEDS, st.integers(0, 3))
def test_an_epoch_visits_every_window_once(shape, seed, epoch) -> None:
    drawn = sampler(shape, seed)
    numbers = range(epoch * drawn.windows, (epoch + 1) * drawn.windows)
    starts = sorted(int(drawn.sample(number)[0]) for number in numbers)
    assert starts == [window * shape[1] for window in range(drawn.windows)]


@given(SHAPES, SEEDS, st.lists(st.integers(0, 1000), min_size=1, max_size=20))
def test_the_history_of_a_sampler_does_not_matter(shape, seed, numbers) -> None:
    used = sampler(shape, seed)
    for number in numbers:
        fresh = sampler(shape, seed)
        assert used.sample(number).tolist() == fresh.sample(number).tolist()


@given(SHAPES, SEEDS)
def test_a_sample_is_a_run_of_the_text(shape, seed) -> None:
    sample = sampler(shape, seed).sample(0)
    assert sample.dtype == np.int64
    assert sample.tolist() == list(range(int(sample[0]), int(sample[0]) + shape[1] + 1))


def test_a_batch_holds_consecutive_samples() -> None:
    drawn = sampler((100, 7), 3)
    batch = drawn.batch(5, 4)
    assert batch.shape == (4, 8)
    assert batch.tolist() == [drawn.sample(n).tolist() for n in (5, 6, 7, 8)]


def test_another_seed_gives_another_order_and_another_epoch_too() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        drawn = sampler((1000, 9), seed)
        first = epoch * drawn.windows
        return [int(drawn.sample(first + i)[0]) for i in range(drawn.windows)]

    assert order(1, 0) != order(2, 0)
    assert order(1, 0) != order(1, 1)


def test_the_order_is_the_same_on_every_machine_and_with_every_numpy() -> None:
    drawn = sampler((100, 10), 1234)
    assert [int(drawn.sample(n)[0]) // 10 for n in range(9)] == [8, 7, 3, 0, 1, 4, 2, 5, 6]


def test_a_text_too_short_for_one_sample_is_refused() -> None:
    with pytest.raises(UserError, match=r"has 10 tokens and one sample takes 11; .*--seq-len"):
        Sampler(np.zeros(10, dtype=np.uint16), 10, 0)


def test_the_fingerprint_tells_texts_apart() -> None:
    ones, twos = (Sampler(np.full(50, k, dtype=np.uint16), 10, 0) for k in (1, 2))
    assert ones.fingerprint() != twos.fingerprint()
    assert ones.fingerprint() == Sampler(np.full(50, 1, dtype=np.uint16), 7, 9).fingerprint()
