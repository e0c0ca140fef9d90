# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""megatron-core's index builders, compiled ahead of time, against their definition."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from megatron.core.datasets import helpers_cpp

BUILDERS = {
    np.int32: helpers_cpp.build_sample_idx_int32,
    np.int64: helpers_cpp.build_sample_idx_int64,
}


def sample_index(
    sizes: np.ndarray, documents: np.ndarray, length: int, drop_last: bool, extra: int
) -> np.ndarray:
    """Where each sample begins: [position in documents, token in that document].

    The documents lie one after the other. Sample i covers `length` tokens from token i * length,
    and `extra` more that it shares with the next one. A place that falls between two documents
    belongs to the one that holds the last token covered before it.
    """
    ends = np.cumsum(sizes[documents])
    tokens = int(ends[-1])
    samples = (tokens - extra) // length
    if not drop_last and samples * length < tokens - extra:
        samples += 1
    begins = np.minimum(np.arange(samples + 1) * length, tokens - extra)
    document = np.searchsorted(ends, begins + extra - 1, side="right")
    document[0] = 0
    return np.stack([document, begins - (ends - sizes[documents])[document]], axis=1)


@pytest.mark.parametrize("dtype", BUILDERS)
@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    length=st.integers(2, 40),
    epochs=st.integers(1, 3),
    drop_last=st.booleans(),
    extra=st.integers(0, 1),
    seed=st.integers(0, 1000),
)
def test_sample_indices_follow_their_definition(
    dtype, sizes, length, epochs, drop_last, extra, seed
):
    sizes = np.array(sizes, np.int32)
    documents = np.tile(np.arange(sizes.size, dtype=np.int32), epochs)
    np.random.default_rng(seed).shuffle(documents)
    tokens = int(sizes.sum())
    assume(tokens * epochs > extra + length)
    built = BUILDERS[dtype](sizes, documents, length, epochs, tokens, drop_last, extra)
    assert built.dtype == dtype
    np.testing.assert_array_equal(built, sample_index(sizes, documents, length, drop_last, extra))


def test_blending_keeps_every_data_set_within_one_sample_of_its_weight():
    weights = np.array([0.5, 0.3, 0.2])
    chosen, within = np.zeros(1000, np.int16), np.zeros(1000, np.int64)
    helpers_cpp.build_blending_indices(chosen, within, weights, 3, 1000, False)
    for data_set, weight in enumerate(weights):
        taken = np.cumsum(chosen == data_set)
        assert np.max(np.abs(taken - weight * np.arange(1, 1001))) <= 1
        np.testing.assert_array_equal(within[chosen == data_set], np.arange(taken[-1]))
