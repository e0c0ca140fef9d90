# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.autograd.Function: operations with a derivative of their own."""

import functools
import inspect
import threading

from mindspore import Tensor as MindSporeTensor
from mindspore import _Function as MindSporeFunction

from mstorch import _accumulation, _engine, _recompute
from mstorch._autograd import (
    arrived,
    check_version,
    kinds_of,
    note_leaves,
    own_gradients,
    share_needs,
)
from mstorch._errors import module_getattr
from mstorch._ops import inplace
from mstorch._tensor import Tensor, storage_of

_saved_tensors = MindSporeFunction.saved_tensors
_data_ptr = Tensor._data_ptr


class Function(MindSporeFunction):
    """Subclass with static `forward(ctx, ...)` and `backward(ctx, *gradients)`; call `apply`."""

    def __call__(self, *args, **kwargs):
        raise RuntimeError(
            f"{type(self).__name__} is not to be called: define static methods forward and "
            "backward, and call apply."
        )

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "vjp" in cls.__dict__:
            if "backward" in cls.__dict__:
                raise RuntimeError(
                    "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. "
                    "You should only implement one of them."
                )
            cls.backward = cls.__dict__["vjp"]
        backward = cls.__dict__.get("backward")
        if isinstance(backward, staticmethod):
            cls.backward = staticmethod(_adopting(backward.__func__))
        separate = cls.__dict__.get("setup_context")
        forward = cls.__dict__.get("forward")
        if isinstance(separate, staticmethod):
            cls.setup_context = staticmethod(_noting_results_after(separate.__func__))
        if isinstance(forward, staticmethod) and cls.setup_context is Function.setup_context:
            cls.forward = staticmethod(_noting_results(forward.__func__))

    @classmethod
    def apply(cls, *args, **kwargs):
        """Run forward and record the step where an input requires grad."""
        _engine.set_grad_flag(True)
        if cls.setup_context is not Function.setup_context:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args = bound.args
        elif kwargs:
            args = _by_position(cls.forward, args, kwargs)
        results = super().apply(*args)
        several = _take_over(results if isinstance(results, tuple) else (results,))
        return several if isinstance(results, tuple) else several[0]

    @property
    def saved_tensors(self):
        """What save_for_backward kept; an error if one of them was changed in place since."""
        if "_frame" in self.__dict__:
            frame, number = self.__dict__.pop("_frame")
            self._restored, self._versions = frame.content(number)
        for storage, version in self.__dict__.get("_versions", ()):
            check_version(self.name(), storage.version, version)
        kept = self.__dict__.get("_restored", ())
        if kept is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved "
                "tensors after they have already been freed). Specify retain_graph=True."
            )
        return kept or tuple(map(_adopted, _saved_tensors.__get__(self)))

    @saved_tensors.setter
    def saved_tensors(self, tensors):
        _saved_tensors.__set__(self, tensors)

    def save_for_backward(self, *tensors):
        """Keep tensors for backward; None is allowed."""
        for position, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, MindSporeTensor):
                raise TypeError(
                    "save_for_backward can only save variables, but argument "
                    f"{position} is of type {type(tensor).__name__}"
                )
        storages = [storage_of(t) for t in tensors if t is not None]
        versions = [(storage, storage.version) for storage in storages]
        if _recompute.current is not None:
            _recompute.current.keep(self, (tensors, versions))
            return
        self._versions = versions
        self._restored = tensors

    def mark_dirty(self, *tensors):
        """Say which arguments forward changes in place; it returns them."""
        self._dirty = tensors

    def set_materialize_grads(self, value):
        """Whether unused results have gradients of zeros rather than None."""
        self._materialize = value

    def name(self):
        return f"{type(self).__name__}Backward"


def _by_position(forward, args, kwargs):
    """The arguments of `forward(ctx, ...)` by position, without defaults."""
    bound = inspect.signature(forward).bind(None, *args, **kwargs)
    if bound.kwargs:
        raise TypeError(
            f"forward() got an unexpected keyword argument '{next(iter(bound.kwargs))}'"
        )
    return bound.args[1:]


def _adopted(value):
    if isinstance(value, MindSporeTensor) and not isinstance(value, Tensor):
        value.__class__ = Tensor
    return value


class _Latest(threading.local):
    """The results of the forward that returned last in a thread."""

    results = ()
    dirty = ()


_latest = _Latest()


def _note_results(ctx, inputs, results):
    """Look at what forward returned before the engine makes other objects of it."""
    several = results if isinstance(results, tuple) else (results,)
    kept = ctx.__dict__.get("_restored", ())
    if any(tensor is result for tensor in kept for result in several if result is not None):
        # A step that holds its own result would never be freed: the engine knows how to.
        _saved_tensors.__set__(ctx, ctx.__dict__.pop("_restored"))
    if len(several) > 1:
        ctx._results = kinds_of(several)
        ctx.materialize_grads = False
    _latest.results = [_state_of(result, inputs) for result in several]
    _latest.dirty = dirty = ctx.__dict__.pop("_dirty", ())
    if any(tensor._requires_grad and tensor._is_leaf for tensor in dirty):
        raise RuntimeError(
            "a leaf Variable that requires grad has been used in an in-place operation."
        )


def _state_of(result, inputs):
    """What a result is known by: its address; memory and version, and for a new tensor all else."""
    if not isinstance(result, Tensor):
        return None
    storage_of(result)
    state = result.__dict__
    passed_on = any(result is given for given in inputs)
    if passed_on:
        state = {key: state[key] for key in ("_a", "_m", "_s") if key in state}
    if passed_on or result._base is not None:
        # Changed in place, it would lose this step: the change belongs to the tensor it is part of.
        state = {**state, "_of_function": True}
    return _data_ptr(result), state


def _noting_results(forward):
    """forward with a step that shares the tuple of what it needs; its results are noted."""

    @functools.wraps(forward)
    def noted(ctx, *args):
        share_needs(ctx)
        note_leaves(ctx, args)
        results = forward(ctx, *args)
        _note_results(ctx, args, results)
        return results

    return noted


def _noting_results_after(setup_context):
    """setup_context of a Function whose forward does not see the step."""

    @functools.wraps(setup_context)
    def noted(ctx, inputs, output):
        setup_context(ctx, inputs, output)
        note_leaves(ctx, inputs)
        _note_results(ctx, inputs, output)

    return noted


def _take_over(results):
    """Give the engine's results what is known of those that forward returned: their memory, its
    version, and what code has set on them. An argument that forward has changed is itself the
    result.
    """
    made, _latest.results = _latest.results, ()
    dirty, _latest.dirty = _latest.dirty, ()
    taken = list(results)
    for i, result in enumerate(results):
        if not isinstance(result, MindSporeTensor) or isinstance(result, Tensor):
            continue
        result.__class__ = Tensor
        known = made[i] if i < len(made) else None
        if known is not None and known[0] == _data_ptr(result):
            result.__dict__.update(known[1])
        for argument in dirty:
            if _data_ptr(argument) == _data_ptr(result) and argument._a.shape == result._a.shape:
                taken[i] = inplace.become(argument, result)
    return tuple(taken)


def _adopting(backward):
    """Gradients come in as Tensors of ours and go out in a form that the engine may keep."""

    @functools.wraps(backward)
    def adopted(ctx, *gradients):
        gradients = arrived(ctx, gradients, ctx.__dict__.get("_materialize", True))
        result = backward(ctx, *gradients)
        several = result if isinstance(result, tuple) else (result,)
        several = own_gradients(ctx, _one_each(ctx, several), gradients)
        run = _accumulation.state.run
        if run is not None and not run.keeps_graph and "_restored" in ctx.__dict__:
            ctx._restored = None
        return tuple(several)

    return adopted


def _one_each(ctx, gradients):
    """A gradient for each argument of forward; more may be None."""
    count = len(ctx.needs_input_grad)
    if len(gradients) < count or any(gradient is not None for gradient in gradients[count:]):
        raise RuntimeError(
            f"function {ctx.name()} returned an incorrect number of gradients (expected {count}, "
            f"got {len(gradients)})"
        )
    return gradients[:count]


def once_differentiable(function):
    """A backward that cannot be differentiated itself: nothing in it is recorded."""

    @functools.wraps(function)
    def wrapper(ctx, *args):
        recording = _engine.is_recording()
        _engine.set_recording(False)
        try:
            return function(ctx, *args)
        finally:
            _engine.set_recording(recording)

    return wrapper


__getattr__ = module_getattr("torch.autograd.function")
