# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.autograd: backward passes, functions with their own derivative, and grad modes."""

import contextlib
import threading

from mstorch import _accumulation, _engine
from mstorch._errors import module_getattr
from mstorch._tensor import Tensor, adopt, forget_sent
from mstorch.autograd import anomaly_mode, variable
from mstorch.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from mstorch.autograd.function import Function
from mstorch.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
)
from mstorch.autograd.variable import Variable

__all__ = [
    "Function",
    "Variable",
    "anomaly_mode",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "variable",
]


def _several(value):
    return (value,) if isinstance(value, Tensor) or value is None else tuple(value)


def initial_gradients(outputs, gradients):
    """Ones for scalar outputs without a gradient; the shapes of the others are checked."""
    gradients = (None,) * len(outputs) if gradients is None else _several(gradients)
    if len(gradients) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(gradients)} gradients")
    made = []
    for output, gradient in zip(outputs, gradients, strict=False):
        if gradient is None:
            if output._a.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if output._a.dtype.kind == "c":
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got "
                    f"{output.dtype}"
                )
            gradient = output.new_ones(output._a.shape)
        elif gradient._a.shape != output._a.shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output has a shape of {gradient.shape} and output has a "
                f"shape of {output.shape}."
            )
        made.append(gradient.contiguous())
    return tuple(made)


def _check_outputs(outputs):
    for i, output in enumerate(outputs):
        if not output._requires_grad:
            raise RuntimeError(
                f"element {i} of tensors does not require grad and does not have a grad_fn"
            )


def run(outputs, gradients, keep_graph, create_graph, inputs, accumulate):
    """The gradients of `inputs`; the grad mode is restored, also after an error.

    MindSpore's engine does not go beyond an inner result that is asked for. So where others are
    asked for too, each inner result has a run of its own.
    """
    leaves = [i for i, tensor in enumerate(inputs) if tensor._is_leaf]
    groups = [leaves, *([i] for i, tensor in enumerate(inputs) if not tensor._is_leaf)]
    groups = [group for group in groups if group] or [[]]
    found = [None] * len(inputs)
    with _accumulation.running_together():
        for group in groups:
            keeps = keep_graph or group is not groups[-1]
            part = tuple(inputs[i] for i in group)
            adds = accumulate and not any(tensor.retains_grad for tensor in part)
            results = _run_once(outputs, gradients, keeps, create_graph, part, adds)
            for i, result in zip(group, results or (), strict=False):
                found[i] = result
    return found


def _run_once(outputs, gradients, keep_graph, create_graph, inputs, accumulate):
    _engine.set_grad_flag(True)
    recording = _engine.is_recording()
    # Where a step gives no gradient, the engine takes that edge out of the graph for good.
    adds_up = not (keep_graph or create_graph) and all(tensor._is_leaf for tensor in inputs)
    try:
        with _accumulation.running(keep_graph, adds_up):
            return _engine.run_backward(
                outputs,
                gradients,
                keep_graph,
                create_graph,
                inputs,
                True,
                accumulate_grad=accumulate,
            )
    finally:
        _engine.set_recording(recording)
        forget_sent()


def backward(
    tensors,
    grad_tensors=None,
    retain_graph=None,
    create_graph=False,
    grad_variables=None,
    inputs=None,
):
    """Add the gradients of the outputs into the `.grad` of the leaves, or of `inputs` alone."""
    outputs = _several(tensors)
    _check_outputs(outputs)
    if inputs is not None and len(inputs := _several(inputs)) == 0:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    gradients = initial_gradients(outputs, grad_tensors)
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        run(outputs, gradients, keep, create_graph, (), True)
        return
    # The engine adds up for leaves alone, with a kernel that the CPU lacks for inner results.
    with _without_reentrant_checkpoints():
        inner = [tensor for tensor in inputs if not tensor._is_leaf and not tensor.retains_grad]
        found = run(outputs, gradients, keep, create_graph, inputs, not inner)
    for tensor, gradient in zip(inputs, found if inner else (), strict=False):
        if gradient is not None and not tensor.retains_grad:
            gradient = adopt(gradient)
            tensor.grad = gradient if tensor.grad is None else tensor.grad + gradient


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    only_inputs=True,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """The gradients of the outputs with respect to `inputs`; nothing is accumulated."""
    if allow_unused is False and materialize_grads:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    if is_grads_batched:
        return _batched_grad(
            outputs,
            inputs,
            grad_outputs,
            retain_graph=retain_graph,
            create_graph=create_graph,
            allow_unused=allow_unused,
            materialize_grads=materialize_grads,
        )
    outputs, inputs = _several(outputs), _several(inputs)
    _check_outputs(outputs)
    for tensor in inputs:
        if not tensor._requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    gradients = initial_gradients(outputs, grad_outputs)
    keep = create_graph if retain_graph is None else retain_graph
    with _without_reentrant_checkpoints():
        found = run(outputs, gradients, keep, create_graph, inputs, False)
    return tuple(
        _result(g, t, allow_unused, materialize_grads) for g, t in zip(found, inputs, strict=False)
    )


def _batched_grad(outputs, inputs, grad_outputs, *, retain_graph, **options):
    """One pass for each entry of the first dimension of the gradients, the results stacked."""
    from mstorch._ops.views import stack

    batches = list(zip(*(given.unbind(0) for given in _several(grad_outputs)), strict=True))
    found = [
        grad(
            outputs,
            inputs,
            gradients,
            retain_graph=retain_graph or number + 1 < len(batches) or options["create_graph"],
            **options,
        )
        for number, gradients in enumerate(batches)
    ]
    return tuple(
        None if all(one is None for one in several) else stack(several)
        for several in zip(*found, strict=True)
    )


def _result(gradient, tensor, allow_unused, materialize):
    if gradient is not None:
        return adopt(gradient)
    if materialize:
        return tensor.new_zeros(tensor._a.shape)
    if not allow_unused:
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. Set "
            "allow_unused=True if this is "
            "the desired behavior."
        )
    return None


class _Passes(threading.local):
    """Whether the backward pass of a thread accumulates into all leaves."""

    to_all_leaves = True


_passes = _Passes()


@contextlib.contextmanager
def _without_reentrant_checkpoints():
    """The passes inside are for some tensors only."""
    before, _passes.to_all_leaves = _passes.to_all_leaves, False
    try:
        yield
    finally:
        _passes.to_all_leaves = before


def _is_checkpoint_valid():
    """Whether a backward pass accumulates into leaves, which re-entrant checkpoints need."""
    return _passes.to_all_leaves


def tensor_backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    """Tensor.backward."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


from mstorch.autograd import graph  # noqa: E402  it makes use of the above

__getattr__ = module_getattr("torch.autograd")
