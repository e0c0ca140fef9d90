# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Gradients of weights, added in place to those before. torch has no such operator: fused parts of
other packages ask.
"""

import msops
from mstorch._ops.inplace import bump
from mstorch._tensor import dense


def accumulate(x, dy, main_grad):
    """`main_grad += dy' @ x` over all rows, in place and not recorded: msops.matmul_accumulate."""
    operands = (dense(x.detach()), dense(dy.detach()))
    msops.matmul_accumulate(*operands, main_grad.detach())
    bump(main_grad)


def accumulate_groups(x, dy, ends, main_grad):
    """`main_grad[e] += x[rows]' @ dy[rows]` with the rows of each group e, up to ends[e]."""
    first = 0
    for group, end in enumerate(ends):
        if end > first:
            accumulate(dy[first:end], x[first:end], main_grad[group])
        first = end
