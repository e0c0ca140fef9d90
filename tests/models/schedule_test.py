# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The learning rate follows its closed form."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mstrain.config import load_preset, with_settings
from mstrain.schedule import learning_rate


def schedule(warmup: int, decay: int):
    keys = {"lr": 1.0, "min_lr": 0.1, "warmup_steps": warmup, "decay_steps": decay}
    settings = {f"train.{key}": value for key, value in keys.items()}
    return with_settings("test", load_preset("tiny"), settings).train


@given(st.integers(0, 50), st.integers(1, 100), st.integers(1, 300))
def test_it_is_a_line_then_half_a_cosine_then_a_floor(warmup, more, step) -> None:
    train = schedule(warmup, warmup + more)
    if step <= warmup:
        expected = step / warmup
    else:
        way = min(1.0, (step - warmup) / more)
        expected = 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * way))
    assert learning_rate(train, step) == pytest.approx(expected, rel=1e-12)


def test_its_corners() -> None:
    train = schedule(10, 110)
    assert learning_rate(train, 1) == pytest.approx(0.1)
    assert learning_rate(train, 10) == 1.0
    assert learning_rate(train, 60) == pytest.approx(0.55)
    assert learning_rate(train, 110) == pytest.approx(0.1)
    assert learning_rate(train, 10_000) == 0.1


def test_without_warm_up_the_first_step_is_on_the_cosine() -> None:
    assert 0.9 < learning_rate(schedule(0, 100), 1) < 1.0


@given(st.integers(1, 40), st.integers(1, 400))
def test_it_rises_then_falls(warmup, step) -> None:
    train = schedule(warmup, 300)
    here, there = learning_rate(train, step), learning_rate(train, step + 1)
    assert here <= there if step < warmup else here >= there
