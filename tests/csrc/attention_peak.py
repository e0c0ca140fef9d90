# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how many bytes causal attention, its gradients and its inputs took at most.

    python attention_peak.py TOKENS

One head of 192 and 128 columns, as MLA has them, in float32.
"""

import sys
from pathlib import Path

import mindspore
import numpy as np

import imperative
import msops


def kilobytes(field: str) -> int:
    """A number from what Linux says of this process's memory."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def attend(tokens: int) -> None:
    generator = np.random.default_rng(tokens)

    def made(size: int) -> mindspore.Tensor:
        return imperative.leaf(generator.standard_normal((1, 1, tokens, size), np.float32))

    query, key, value = made(192), made(192), made(128)
    with imperative.recording():
        output = msops.fusion_attention(query, key, value, causal=True)
        imperative.backward(output, made(128))
    assert np.isfinite(query._grad.asnumpy()).all()


def main() -> None:
    mindspore.runtime.launch_blocking()
    attend(64)  # threads, libraries and what they keep
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = kilobytes("VmRSS")
    attend(int(sys.argv[1]))
    print((kilobytes("VmHWM") - before) * 1024)


if __name__ == "__main__":
    main()
