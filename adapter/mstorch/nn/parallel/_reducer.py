# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The averages of gradients over a process group, made while a backward pass runs."""

import dataclasses
import weakref

from mstorch import autograd
from mstorch import distributed as dist
from mstorch._ops import creation
from mstorch._tensor import Tensor


class Reducer:
    """Averages the gradients of parameters over a group.

    `named` are pairs of names and parameters. A gradient is on its way as soon as it and all
    before it are there: reductions start in the reverse order of the parameters on every member,
    in whatever order the gradients come. The end of the backward pass puts the averages into
    `.grad`.

    With `find_unused`, a forward pass looks for the parameters that its outputs do not depend on:
    they take part with the gradient they have, or zeros, and keep what they have where no member
    used them.
    """

    def __init__(self, named, group, find_unused):
        self._names, self._parameters = zip(*reversed(named), strict=True)
        self._group = group
        self._find_unused = find_unused
        # The engine's accumulating steps, in which gradients arrive; the hooks live as long.
        self._leaves = [parameter._grad_node for parameter in self._parameters]
        for number, leaf in enumerate(self._leaves):
            leaf.register_hook(_hook(weakref.ref(self), number))
        self._expecting = False
        self._used = [False] * len(self._parameters)
        self._start_over()

    def _start_over(self):
        self._ready = [False] * len(self._parameters)
        self._unused = ()
        self._averages = []

    def expect(self, outputs):
        """Get ready for a backward pass of these outputs.

        RuntimeError where the pass before did not bring all gradients.
        """
        if any(self._ready):
            pairs = zip(self._names, self._ready, strict=True)
            absent = ", ".join(name for name, ready in pairs if not ready)
            raise RuntimeError(
                "Expected to have finished reduction in the prior iteration before starting a new "
                "one: the loss did not depend on all parameters, or the pass ended in an error. "
                "Pass find_unused_parameters=True to "
                "torch.nn.parallel.DistributedDataParallel where parameters go unused. Those that "
                f"did not receive a gradient: {absent or 'none'}"
            )
        self._start_over()
        self._expecting = True
        if self._find_unused:
            reached = _leaves_behind(outputs)
            self._unused = [
                number
                for number, leaf in enumerate(self._leaves)
                if leaf._unique_id() not in reached
            ]

    def gradient_is_there(self, number):
        """A parameter's gradient has been added to its `.grad`."""
        self._used[number] = True
        if not self._expecting:
            return
        if not any(self._ready):
            for unused in self._unused:
                self._ready[unused] = True
        if self._ready[number]:
            raise RuntimeError(
                "Expected to mark a variable ready only once: the gradient of "
                f"{self._names[number]} comes a second time in one backward pass, or comes though "
                "the outputs of the forward pass did not show it: a parameter in several "
                "re-entrant checkpoints, or in one with find_unused_parameters=True. Use "
                "checkpoint(use_reentrant=False)"
            )
        self._ready[number] = True
        with autograd.no_grad():
            self._start_reductions()

    def _start_reductions(self):
        while len(self._averages) < len(self._ready) and self._ready[len(self._averages)]:
            parameter = self._parameters[len(self._averages)]
            if parameter.grad is None:
                average = creation.zeros_like(parameter)
            else:
                average = parameter.grad * (1.0 / self._group.size())
            self._averages.append((average, self._reduce(average)))
        if len(self._averages) == len(self._ready):
            autograd.Variable._execution_engine.queue_callback(self._finish)

    def _reduce(self, tensor):
        return dist.all_reduce(tensor, group=self._group, async_op=True)

    def _finish(self):
        self._expecting = False
        used = self._used_by_any()
        with autograd.no_grad():
            for number, (average, work) in enumerate(self._averages):
                work.wait()
                parameter = self._parameters[number]
                if not used[number]:
                    continue
                if parameter.grad is None:
                    parameter.grad = average
                else:
                    parameter.grad.copy_(average)
        self._used = [False] * len(self._parameters)
        self._start_over()

    def _used_by_any(self):
        """For each parameter, whether a member had a gradient for it."""
        if not self._find_unused:
            return self._used
        counts = creation.tensor([int(used) for used in self._used])
        self._reduce(counts).wait()
        return counts.tolist()


def _hook(reference, number):
    def hook(inputs, outputs):
        reducer = reference()
        if reducer is not None:
            reducer.gradient_is_there(number)

    return hook


def _tensors_in(value):
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors_in(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _tensors_in(each)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from _tensors_in([getattr(value, field.name) for field in dataclasses.fields(value)])


def _leaves_behind(outputs):
    """The engine's numbers of the accumulating steps that gradients of the outputs reach."""
    found, seen = set(), set()
    steps = [tensor._recorded_step() for tensor in _tensors_in(outputs) if tensor.requires_grad]
    while steps:
        step = steps.pop()
        number = None if step is None else step._unique_id()
        if number is None or number in seen:
            continue
        seen.add(number)
        if step.is_leaf():
            found.add(number)
        else:
            steps.extend(following for following, _ in step.next_functions)
    return found
