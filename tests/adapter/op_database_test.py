# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Operators agree with PyTorch on the samples of PyTorch's own operator database."""

import collections
import operator

import pytest

import against_torch
import op_database

_FLOOR = op_database.floor()
_totals: collections.Counter = collections.Counter()


@pytest.mark.parametrize("entry", _FLOOR)
def test_an_operator_agrees_on_the_samples_of_the_database(
    reference: against_torch.Reference, entry: str
) -> None:
    outcome = op_database.compare(reference, entry)
    op_database.compare_refusals(reference, entry, outcome)
    op_database.compare_kept(reference, entry, outcome)
    _totals.update(outcome.counts)
    assert not outcome.failures, "\n".join(outcome.failures[:5])
    counts = [outcome.counts[what] for what in op_database.COUNTED]
    assert all(map(operator.ge, counts, _FLOOR[entry])), f"{entry}: {dict(outcome.counts)}"


def test_every_entry_that_mstorch_has_is_compared(reference: against_torch.Reference) -> None:
    there = op_database.entries(reference)
    assert sorted(set(there) - set(_FLOOR)) == [], "raise the floor: run op_database.py"
    assert sorted(set(_FLOOR) - set(there)) == []


def test_every_exception_names_entries_of_the_floor_and_a_reason() -> None:
    for exception in op_database.known():
        assert exception["reason"]
        assert set(exception["entries"]) <= set(_FLOOR)


def test_the_count_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\noperator database: {dict(_totals)}")
    assert _totals["wrong"] == 0
