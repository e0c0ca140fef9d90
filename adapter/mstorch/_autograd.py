# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Recording on MindSpore's engine: steps with derivative formulas, and views.

An operator computes its result first; where something is to be recorded it attaches a node:

    @derivative("MulBackward0")
    def mul_backward(ctx, grad):
        a, b = ctx.saved
        ...
    return attach(mul_backward, wrap(result), (a, b), saved=(a, b))

Formulas are written with mstorch's own operators, so a second derivative is recorded like any other
computation.
"""

import numpy
from mindspore import _Function as MindSporeFunction
from mindspore._c_expression import FunctionBase

from mstorch import _accumulation, _engine, _recompute
from mstorch._accumulation import state as _passes
from mstorch._tensor import (
    Storage,
    Tensor,
    adopt,
    alias,
    send,
    storage_of,
    version_of,
    wrap,
    wrap_laid_out,
)

_set_grad_flag = _engine.set_grad_flag
_next_functions = MindSporeFunction.next_functions
_apply = FunctionBase.__dict__["apply"]


# MindSpore never frees the tuple `needs_input_grad` of a step. Steps get one of these instead,
# so that there is one tuple for each combination and memory does not grow.
_needs: dict[tuple, tuple] = {}


def share_needs(ctx) -> None:
    """Let a step share its `needs_input_grad` with all steps that have an equal one."""
    own = ctx.needs_input_grad
    ctx.needs_input_grad = _needs.setdefault(own, own)


def note_leaves(ctx, inputs) -> None:
    """Let a step know which of its inputs are leaves that want gradients, by position."""
    for position, tensor in enumerate(inputs):
        if isinstance(tensor, Tensor) and tensor._requires_grad and tensor._is_leaf:
            ctx.__dict__.setdefault("_leaves", {})[position] = tensor


def check_version(step: str, version: int, expected: int) -> None:
    """RuntimeError, worded as torch words it, for a saved tensor that was changed."""
    if version != expected:
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace "
            f"operation: a tensor saved for {step} is at version {version}; expected version "
            f"{expected} instead."
        )


class Node(MindSporeFunction):
    """One recorded step. Subclasses are made by `derivative`, one a formula."""

    own_inputs = 1
    """How many inputs are no operands: the last one carries what the step keeps."""

    @staticmethod
    def forward(ctx, *arguments):
        outputs, context, saved = arguments[-1]
        if _recompute.current is None:
            ctx.context, ctx._saved = context, saved
        else:
            _recompute.current.keep(ctx, (context, saved))
        share_needs(ctx)
        note_leaves(ctx, arguments)
        if type(outputs) is tuple:
            ctx._results = kinds_of(outputs)
            ctx.materialize_grads = False
        return outputs

    def __getattr__(self, name):
        """What the step keeps, where a checkpoint has given it up."""
        if name not in ("context", "_saved") or "_frame" not in self.__dict__:
            raise AttributeError(name)
        frame, number = self._frame
        self.context, self._saved = frame.content(number)
        return self.__dict__[name]

    @property
    def needs(self):
        """For each input, whether its gradient is wanted."""
        return self.needs_input_grad[:-1]

    @property
    def next_functions(self):
        """Where the gradients of the inputs go."""
        return _next_functions.__get__(self)[:-1]

    @property
    def saved(self):
        """The tensors kept for this formula; an error if one was changed in place since."""
        self.check_saved()
        return [tensor for tensor, _ in self._saved]

    def check_saved(self):
        """An error if a tensor that is kept for this formula was changed in place since."""
        for tensor, version in self._saved:
            check_version(self.name(), version_of(tensor), version)

    def one_saved(self, position):
        """One of the tensors kept for this formula; an error if it was changed in place since."""
        tensor, version = self._saved[position]
        check_version(self.name(), version_of(tensor), version)
        return tensor

    def name(self):
        return type(self).__name__


def derivative(name: str):
    """Turn `formula(ctx, *gradients) -> gradients of the inputs` into a Node class called `name`.

    There is one gradient for each output of the step; where an output was not used it is zeros.
    """

    def make(formula):
        def backward(ctx, *grads):
            grads = arrived(ctx, grads)
            result = formula(ctx, *grads)
            if type(result) is not tuple:
                result = (result,)
            return (*own_gradients(ctx, result, grads), None)

        members = {"backward": staticmethod(backward), "__doc__": formula.__doc__}
        node = type(name, (Node,), members)
        # The engine's own apply: MindSpore's Python face looks at signatures on every call.
        node.apply = _apply.__get__(None, node)
        return node

    return make


def kinds_of(outputs):
    """The shape and NumPy type of each of several results; None for what is no tensor."""
    return [(o._a.shape, o._a.dtype) if isinstance(o, Tensor) else None for o in outputs]


def arrived(ctx, grads, materialize=True):
    """The gradients that a step is given: all that meet in each, and zeros for unused results."""
    for grad in grads:
        if grad is not None:
            grad.__class__ = Tensor
    run = _passes.run
    if run is not None and run.waiting:
        grads = run.taken(ctx, grads)
    if materialize and "_results" in ctx.__dict__:
        return tuple(
            wrap(numpy.zeros(*kind)) if grad is None and kind is not None else grad
            for grad, kind in zip(grads, ctx._results, strict=True)
        )
    return grads


def own_gradients(ctx, gradients, incoming):
    """Gradients that the engine may keep: contiguous, and never memory that another gradient uses
    too; None for those that wait to be added up.

    A leaf keeps the tensor it is given as its `.grad`, and that may be changed in place later. So
    what goes to a leaf must not be one of the `incoming` gradients, a part of other memory, or
    given twice.
    """
    if _accumulation.checks_for_nan:
        _accumulation.check_for_nan(ctx, gradients)
    used = [grad._a for grad in incoming if grad is not None]
    run = _passes.run
    targets = ctx.next_functions
    leaves = ctx.__dict__.get("_leaves", {})
    may_wait = run is not None and "_hooked" not in ctx.__dict__
    checked = []
    for position, grad in enumerate(gradients):
        if grad is not None:
            array = grad._a
            if may_wait and run.holds_back(targets[position], leaves.get(position), grad):
                checked.append(None)
                continue
            shared = array.base is not None or any(array is other for other in used)
            leaf = leaves.get(position)
            if not array.flags.c_contiguous or (shared and leaf is not None):
                grad = contiguous_copy(grad)
            if leaf is not None and run is not None:
                run.gives_leaf(leaf, grad)
            used.append(grad._a)
            send(grad)
        checked.append(grad)
    return checked


def contiguous_copy(grad):
    from mstorch._ops import views

    return views.contiguous_clone(grad)


def wants_grad(*tensors) -> bool:
    """Whether an operator on these tensors is to be recorded."""
    for tensor in tensors:
        if tensor._requires_grad:
            return _engine.is_recording()
    return False


def attach(node, output, inputs, saved=(), context=None):
    """`output` as the recorded result of `node` on `inputs`; `saved` tensors are version-checked at
    backward.
    """
    _set_grad_flag(True)
    kept = [(tensor, version_of(tensor)) for tensor in saved]
    result = node.apply(*inputs, (output, context, kept))
    result.__class__ = Tensor
    result.__dict__.update(output.__dict__)
    return result


def attach_all(node, outputs, inputs, saved=(), context=None):
    """`attach` for a step with several results: tuples of outputs and of recorded results."""
    _set_grad_flag(True)
    kept = [(tensor, version_of(tensor)) for tensor in saved]
    results = node.apply(*inputs, (outputs, context, kept))
    for result, output in zip(results, outputs, strict=True):
        result.__class__ = Tensor
        result.__dict__.update(output.__dict__)
    return results


def unrecorded(operator, *arguments):
    """The result of an operator of msops, which would else record itself: it knows nothing of
    versions, checkpoints and second derivatives.
    """
    _set_grad_flag(False)
    return adopt(operator(*arguments))


def unrecorded_all(operator, *arguments, **options):
    """`unrecorded` for an operator with several results, of which some may be None."""
    _set_grad_flag(False)
    results = operator(*arguments, **options)
    return tuple(None if result is None else adopt(result) for result in results)


def remember(output):
    """A tensor to save in place of the operator's own output, which would keep its node alive for
    ever.
    """
    twin = wrap_laid_out(output._a)
    twin._s = output._s = Storage()
    return twin


def _as_view(result, source, array):
    """Note that a tensor is a view of another."""
    storage = storage_of(source)
    result._a = array
    result._m = source._a if source._m is None else source._m
    result._s = storage
    result._base = source if source._base is None else source._base
    if "_of_function" in source.__dict__:
        result._of_function = True
    storage.add_view(result)
    return result


def owned(result):
    """A view of the whole of a memory that nothing else refers to, as a tensor in its own right."""
    result.__dict__.pop("_base", None)
    result.__dict__.pop("_m", None)
    return result


def view(node, source, array, context=None):
    """A view of `source` whose memory is `array`, with `node` as its derivative."""
    result = alias(array)
    if source._requires_grad and _engine.is_recording():
        _set_grad_flag(True)
        result = node.apply(source, (result, context, ()))
        result.__class__ = Tensor
    return _as_view(result, source, array)


def views_of(node, source, arrays, context=None):
    """Several views of `source` made by one step, so that their gradients meet in one formula."""
    results = tuple(alias(array) for array in arrays)
    if source._requires_grad and _engine.is_recording():
        _set_grad_flag(True)
        results = node.apply(source, (results, context, ()))
        for result in results:
            result.__class__ = Tensor
    return tuple(_as_view(r, source, a) for r, a in zip(results, arrays, strict=True))
