# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.autograd.Variable, kept for code that reaches the engine through it."""

from mstorch import _engine
from mstorch._errors import module_getattr
from mstorch._tensor import Tensor


class _ExecutionEngine:
    """The engine's own surface, as Variable._execution_engine offers it."""

    @staticmethod
    def run_backward(
        tensors,
        grad_tensors,
        keep_graph,
        create_graph,
        inputs=(),
        allow_unreachable=False,
        accumulate_grad=False,
    ):
        """One run of the engine with everything spelled out."""
        from mstorch import autograd

        outputs = tuple(tensors)
        gradients = autograd.initial_gradients(outputs, grad_tensors)
        return autograd.run(
            outputs,
            gradients,
            keep_graph,
            create_graph,
            tuple(inputs),
            allow_unreachable,
            accumulate_grad,
        )

    @staticmethod
    def queue_callback(callback):
        """Call back once when the running backward pass has ended."""
        _engine.queue_final_callback(callback)


class _VariableMeta(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """A tensor: the distinction went away in torch 0.4."""

    _execution_engine = _ExecutionEngine()

    def __new__(cls, data, requires_grad=False, volatile=None):
        return data.detach().requires_grad_(requires_grad)


__getattr__ = module_getattr("torch.autograd.variable")
