# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cond: a branch that graphs can hold."""


def cond(pred, true_fn, false_fn, operands=()):
    """What one of two functions makes of the operands: the first where the predicate is true.

    Nothing is compiled here, so only that one is called.
    """
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    return (true_fn if bool(pred) else false_fn)(*operands)
