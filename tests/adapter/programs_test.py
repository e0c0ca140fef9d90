# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Any program of views, in-place changes and backward passes means what it means in PyTorch."""

import functools
import json

import hypothesis
from hypothesis import strategies

import against_torch
import mstorch
from cases import plain, programs

_TOLERANCE = {"torch.float64": (1e-9, 1e-11)}
_NUMBER = strategies.integers(0, 11)
_STEP = strategies.tuples(strategies.sampled_from(programs.OPERATIONS), _NUMBER, _NUMBER, _NUMBER)
PROGRAMS = strategies.lists(_STEP, min_size=3, max_size=12)


def check(reference: against_torch.Reference, steps: list) -> None:
    """Fail unless a program gives the same in mstorch and PyTorch."""
    text = json.dumps(steps)
    ours = plain.run(mstorch, functools.partial(programs.program, text=text))
    theirs = reference.result("programs", "program", text)
    against_torch.check(ours, theirs, text, _TOLERANCE)


@hypothesis.settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(PROGRAMS)
def test_a_program_gives_pytorchs_values_gradients_versions_and_errors(
    reference: against_torch.Reference, steps: list
) -> None:
    check(reference, steps)
