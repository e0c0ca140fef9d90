# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Inputs of operator cases: the same numbers in both frameworks, hard ones among them."""

import numpy


def numbers(shape, seed, low=-2.0, high=2.0, dtype="float32"):
    """Numbers in [low, high), whatever the framework."""
    spread = numpy.random.RandomState(seed).uniform(low, high, shape)
    return spread.astype(dtype)


def leaf(torch, array):
    """A tensor that requires grad, of a copy of the array."""
    return torch.from_numpy(numpy.array(array)).requires_grad_()


def with_gradients(torch, function, *arrays):
    """The function's results, and the gradients of a weighted sum of them for floating inputs."""
    inputs = [
        leaf(torch, a) if a.dtype.kind == "f" else torch.from_numpy(numpy.array(a)) for a in arrays
    ]
    result = function(torch, *inputs)
    several = result if isinstance(result, (list, tuple)) else [result]
    recorded = [r for r in several if isinstance(r, torch.Tensor) and r.requires_grad]
    if not recorded:
        return list(several)
    weights = [
        torch.from_numpy(numbers(r.shape, 99 + i)).to(r.dtype) for i, r in enumerate(recorded)
    ]
    sum((r * w).sum() for r, w in zip(recorded, weights, strict=True)).backward()
    return [r.detach() for r in several], [i.grad for i in inputs]
