# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Gradients that meet at one result of a recorded step, added up by mstorch.

MindSpore's engine would add them with one of its kernels, which costs ten times as much as NumPy's
sum and wakes a thread that then spins for a tenth of a second. So the first gradient of a result
goes through the engine, and those that follow wait here until the step takes all of them; what
follows the first gradient of a leaf is added into that at once, since nothing else uses its memory.

What looks at gradients on their way sees the engine's part alone. So nothing waits for a step with
hooks, nor in a run that keeps the graph, records the gradients themselves or asks for those of
inner results; the engine adds up there.
"""

import contextlib
import threading
import weakref

import numpy
from mindspore import _Function as MindSporeFunction

from mstorch._dtypes import REDUCED
from mstorch._quiet import quiet

checks_for_nan = False
"""Whether a derivative that is not a number is an error."""


def check_for_nan(step, gradients) -> None:
    """RuntimeError, worded as torch words it, for a gradient with a nan."""
    for number, gradient in enumerate(gradients):
        if gradient is not None and (gradient._a != gradient._a).any():
            raise RuntimeError(
                f"Function '{step.name()}' returned nan values in its {number}th output."
            )


class Run:
    """One run of the engine: which results have a gradient, and what waits for which step."""

    __slots__ = ("keeps_graph", "leaves", "reached", "waiting")

    def __init__(self, keeps_graph, adds_up):
        self.keeps_graph = keeps_graph
        self.reached = set() if adds_up else None
        self.waiting = {}
        self.leaves = {}

    def holds_back(self, target, leaf, grad) -> bool:
        """Whether a gradient for `target`, a step and the number of its result, waits here or was
        added to that of the leaf which it is for.
        """
        step, number = target
        if self.reached is None:
            return False
        if leaf is not None:
            return self._added_to_leaf(leaf, grad._a)
        if not isinstance(step, MindSporeFunction) or "_hooked" in step.__dict__:
            return False
        key = id(step), number
        if key not in self.reached:
            self.reached.add(key)
            return False
        self.waiting.setdefault(id(step), []).append((number, grad))
        return True

    def gives_leaf(self, leaf, grad) -> None:
        """Note the first gradient of a leaf, whose memory is its own.

        Where the leaf has a gradient from before, the engine makes a new one at once.
        """
        if self.reached is not None and id(leaf) not in self.leaves:
            reference = weakref.ref(grad._a) if leaf._grad is None else None
            self.leaves[id(leaf)] = leaf, reference

    def _added_to_leaf(self, leaf, array):
        _, reference = self.leaves.get(id(leaf), (None, None))
        first = None if reference is None else reference()
        # The engine has let go of it where it has added to it itself.
        if first is None or first.shape != array.shape or first.dtype != array.dtype:
            return False
        with quiet():
            if first.dtype in REDUCED:
                first[...] = first.astype(numpy.float32) + array.astype(numpy.float32)
            else:
                numpy.add(first, array, out=first)
        return True

    def taken(self, step, grads):
        """The gradients that a step is given, with those added that wait for it."""
        waiting = self.waiting.pop(id(step), None)
        if waiting is None:
            return grads
        from mstorch._ops.pointwise import add

        grads = list(grads)
        for number, grad in waiting:
            grads[number] = add(grads[number], grad)
        return tuple(grads)


class _State(threading.local):
    """The innermost run of a thread, None outside."""

    run = None
    seen = None


state = _State()


@contextlib.contextmanager
def running(keeps_graph, adds_up):
    """What happens inside belongs to a run of the engine."""
    outer, state.run = state.run, Run(keeps_graph, adds_up)
    try:
        yield
    finally:
        state.run = outer


@contextlib.contextmanager
def running_together():
    """The runs inside are one backward pass to whoever keeps gradients."""
    outer, state.seen = state.seen, set()
    try:
        yield
    finally:
        state.seen = outer


def is_first_time(tensor) -> bool:
    """Whether this is the first run of a backward pass that comes by a tensor."""
    if state.seen is None:
        return True
    if id(tensor) in state.seen:
        return False
    state.seen.add(id(tensor))
    return True


def mark_hooked(step) -> None:
    """Note that hooks look at the gradients of a recorded step."""
    if isinstance(step, MindSporeFunction):
        step._hooked = True
