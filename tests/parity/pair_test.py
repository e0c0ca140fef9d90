# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The comparison itself: what it measures, when it says no, and a worker that dies."""

import dataclasses
import sys

import pytest

import dispatch
import step
from pair import (
    GRAD_NORM_BOUND,
    LOSS_BOUND,
    Deviation,
    Job,
    Worker,
    deviation,
    mindspore_side,
)


def records(*values: tuple[float, float, float]) -> list[dict]:
    keys = ("loss", "mtp_loss", "grad_norm")
    return [dict(zip(keys, value, strict=True)) for value in values]


def test_the_largest_difference_of_each_figure_is_found() -> None:
    left = records((5.0, 6.0, 2.0), (4.0, 5.0, 4.0))
    right = records((5.5, 6.0, 2.0), (4.0, 4.75, 3.0))
    assert deviation(left, right) == Deviation(loss=0.5, mtp_loss=0.25, grad_norm=0.25)


def test_equal_runs_do_not_deviate() -> None:
    run = records((5.0, 6.0, 2.0))
    assert deviation(run, run) == Deviation(0.0, 0.0, 0.0)
    assert deviation(run, run).within_bounds()


def test_runs_of_unequal_length_are_not_compared() -> None:
    with pytest.raises(ValueError):
        deviation(records((5.0, 6.0, 2.0)), [])


@pytest.mark.parametrize("field", ["loss", "mtp_loss", "grad_norm"])
def test_one_figure_out_of_bounds_is_enough(field: str) -> None:
    at_bounds = Deviation(LOSS_BOUND, LOSS_BOUND, GRAD_NORM_BOUND)
    assert at_bounds.within_bounds()
    beyond = {field: getattr(at_bounds, field) * 1.01}
    assert not dataclasses.replace(at_bounds, **beyond).within_bounds()


def test_a_worker_that_cannot_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="worker ended with status 1"):
        Worker(mindspore_side(), Job("huge"))


def test_the_step_benchmark_measures_both_sides_in_turn() -> None:
    found, *parts = step.measure("tiny", 2, mindspore_side(), mindspore_side())
    assert found.name == "step/tiny"
    assert [part.name for part in parts] == [
        "step/tiny/forward",
        "step/tiny/backward",
        "step/tiny/update",
    ]
    for record in (found, *parts):
        assert record.runs == 2
        assert record.seconds and record.peer_seconds
        assert record.ratio == pytest.approx(record.peer_seconds / record.seconds)
        assert record.params["cpu_seconds"] and record.params["peer_cpu_seconds"]
    assert found.params["weights"] == 218_384
    assert found.peak_mb and found.peak_mb > 100
    assert found.params["peer_peak_mb"] > 100


def test_the_dispatch_benchmark_measures_every_operator_on_both_sides() -> None:
    with dispatch.side(sys.executable, "mstorch") as ours:
        found = dispatch.measure(ours, ours, 1)
    *cases, total = found
    assert {one.name for one in cases} >= {"dispatch/add/plain", "dispatch/median of backward"}
    assert total.name == "dispatch/median of all"
    assert total.params["operators"] == sum("median" not in one.name for one in cases)
    assert all(one.seconds and one.peer_seconds for one in found)
