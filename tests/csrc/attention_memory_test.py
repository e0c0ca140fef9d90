# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Attention never holds the scores: its memory grows with the tokens, not with their square."""

import itertools
import os
import subprocess
import sys

import attention_peak


def peak_bytes(tokens: int) -> int:
    """What attention over some tokens, with its gradients, takes in a process of its own."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), OMP_NUM_THREADS="2")
    result = subprocess.run(
        [sys.executable, "-P", attention_peak.__file__, str(tokens)],
        capture_output=True,
        check=True,
        env=environment,
        text=True,
    )
    return int(result.stdout.splitlines()[-1])


def test_memory_doubles_with_the_tokens():
    peaks = [peak_bytes(tokens) for tokens in (2048, 4096, 8192)]
    for shorter, longer in itertools.pairwise(peaks):
        assert 1.5 < longer / shorter < 2.5
    scores = 8192 * 8192 * 4
    assert peaks[-1] < scores / 2
