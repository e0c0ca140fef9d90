# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The line that every benchmark of this repository prints: one JSON object with the same fields."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Record:
    """One measurement. What was not measured is None.

    Attributes:
        name: what was measured, as `benchmark/case`.
        params: what it was measured with, and figures that no other field is for.
        seconds: median of our runs.
        runs: how many there were.
        peer: what it is compared with.
        peer_seconds: median of the peer's runs, which alternated with ours.
        ratio: peer_seconds / seconds; above 1 we are faster.
        bound: the physical limit that was measured, in words.
        fraction_of_bound: how much of it we reach, 1 being all.
        peak_mb: peak resident memory in MB of 10^6 bytes.
    """

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    runs: int = 0
    peer: str | None = None
    peer_seconds: float | None = None
    ratio: float | None = None
    bound: str | None = None
    fraction_of_bound: float | None = None
    peak_mb: float | None = None

    def line(self) -> str:
        """Returns the JSON object, numbers rounded to what a measurement can bear."""
        return json.dumps({key: _rounded(value) for key, value in asdict(self).items()})


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def measured(
    name: str,
    seconds: Sequence[float],
    params: Mapping[str, Any] | None = None,
    peer: str | None = None,
    peer_seconds: Sequence[float] = (),
    **rest: Any,
) -> Record:
    """Makes a record of the medians of runs in seconds, ours and the peer's.

    Raises:
        ValueError: there is no run, or there are runs of a peer without its name.
    """
    if not seconds:
        raise ValueError(f"{name}: no run was measured")
    if bool(peer) != bool(peer_seconds):
        raise ValueError(f"{name}: a peer's name and its runs go together")
    ours = statistics.median(seconds)
    theirs = statistics.median(peer_seconds) if peer_seconds else None
    return Record(
        name=name,
        params=dict(params or {}),
        seconds=ours,
        runs=len(seconds),
        peer=peer,
        peer_seconds=theirs,
        ratio=theirs / ours if theirs is not None else None,
        **rest,
    )
