# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Dropout. Masks come from the generator's stream, as torch draws them on the CPU."""

from mstorch import _random
from mstorch._ops import inplace as in_place
from mstorch._ops import pointwise
from mstorch._registry import operator
from mstorch._tensor import laid_out_like, wrap_laid_out


@operator("torch.nn.functional.dropout", "torch.dropout")
def dropout(input, p=0.5, training=True, inplace=False, train=None):
    """Elements set to zero with probability p, the others divided by 1 - p."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if train is not None:
        training = train
    if not training or p == 0 or not input._a.size:
        return input
    if p == 1:
        result = pointwise.mul(input, 0)
    else:
        drawn = _random.bernoulli((input._a.size,), 1 - p).astype(input._a.dtype)
        noise = laid_out_like(input._a, drawn)
        noise /= noise.dtype.type(1 - p)
        result = pointwise.mul(input, wrap_laid_out(noise))
    if not inplace:
        return result
    in_place.check_writable(input)
    return in_place.write(input, result)
