# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The line that benchmarks print."""

from __future__ import annotations

import json

import pytest

import record

FIELDS = {
    "name",
    "params",
    "seconds",
    "runs",
    "peer",
    "peer_seconds",
    "ratio",
    "bound",
    "fraction_of_bound",
    "peak_mb",
}


def test_a_line_is_one_json_object_with_every_field_whatever_was_measured() -> None:
    for line in (
        record.Record("x").line(),
        record.measured("x", [1.0], {"a": 1}, "y", [2.0], bound="memory", peak_mb=3.0).line(),
    ):
        assert "\n" not in line
        assert set(json.loads(line)) == FIELDS


def test_seconds_are_medians_and_the_ratio_is_above_one_when_we_are_faster() -> None:
    made = record.measured("x", [9.0, 1.0, 2.0], peer="y", peer_seconds=[4.0, 5.0, 90.0])
    assert (made.seconds, made.runs, made.peer_seconds, made.ratio) == (2.0, 3, 5.0, 2.5)


def test_a_measurement_without_runs_or_with_half_a_peer_is_refused() -> None:
    with pytest.raises(ValueError, match="no run was measured"):
        record.measured("x", [])
    with pytest.raises(ValueError, match="go together"):
        record.measured("x", [1.0], peer="y")
    with pytest.raises(ValueError, match="go together"):
        record.measured("x", [1.0], peer_seconds=[1.0])
