# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts wrong gradients of chains of a custom operator and MindSpore's own operators.

    python chained_gradients.py MODULE ROUNDS [--until-wrong]

Dispatch is MindSpore's default, asynchronous one, and nothing is read in between: an operator that
runs before its input is written shows up as a wrong gradient. Prints `WRONG of DONE`.
"""

import importlib
import sys

import mindspore
import numpy as np

import imperative
import rms_norm_reference as reference

EPS = 1e-6

# A MindSpore operator that reads rms_norm's output, and its derivative.
FOLLOWERS = [
    (mindspore.mint.exp, np.exp),
    (mindspore.mint.tanh, lambda y: 1 - np.tanh(y) ** 2),
    (mindspore.mint.sin, np.cos),
    (lambda y: y * 3.0, lambda y: np.full_like(y, 3.0)),
]


def is_right(rms_norm, generator: np.random.Generator, follower, derivative) -> bool:
    """Whether one chain, x * 1 -> rms_norm -> follower -> sum, has the right gradients."""
    x0 = generator.random((64, 64), dtype=np.float32)
    weight0 = generator.random(64, dtype=np.float32) + np.float32(0.5)
    x, weight = imperative.leaf(x0), imperative.leaf(weight0)
    with imperative.recording():
        total = follower(rms_norm(x * 1.0, weight, EPS)).sum()
        imperative.backward(total, mindspore.Tensor(np.float32(1)))
    dy = derivative(reference.forward(x0, weight0, EPS))
    return all(
        np.allclose(leaf._grad.asnumpy(), expected, rtol=1e-3, atol=1e-3)
        for leaf, expected in zip(
            (x, weight), reference.gradients(x0, weight0, dy, EPS), strict=True
        )
    )


def main(module: str, rounds: str, *options: str) -> None:
    rms_norm = importlib.import_module(module).rms_norm
    generator = np.random.default_rng(0)
    wrong = done = 0
    while done < int(rounds) and not (wrong and "--until-wrong" in options):
        wrong += not is_right(rms_norm, generator, *FOLLOWERS[done % len(FOLLOWERS)])
        done += 1
    print(f"{wrong} of {done}")


if __name__ == "__main__":
    main(*sys.argv[1:])
