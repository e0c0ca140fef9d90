# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.autograd.Function: operations with a derivative of their own."""

import functools

from mindspore import Tensor as MindSporeTensor
from mindspore import _Function as MindSporeFunction

from mstorch import _engine, _recompute
from mstorch._autograd import check_version, own_gradients, share_needs
from mstorch._errors import module_getattr
from mstorch._tensor import Tensor, storage_of

_saved_tensors = MindSporeFunction.saved_tensors


class Function(MindSporeFunction):
    """Subclass with static `forward(ctx, ...)` and `backward(ctx, *gradients)`; call `apply`."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        backward = cls.__dict__.get("backward")
        if isinstance(backward, staticmethod):
            cls.backward = staticmethod(_adopting(backward.__func__))
        forward = cls.__dict__.get("forward")
        if isinstance(forward, staticmethod) and "setup_context" not in cls.__dict__:
            cls.forward = staticmethod(_sharing_needs(forward.__func__))

    @classmethod
    def apply(cls, *args, **kwargs):
        """Run forward and record the step where an input requires grad."""
        _engine.set_grad_flag(True)
        return _adopt_outputs(super().apply(*args, **kwargs))

    @property
    def saved_tensors(self):
        """What save_for_backward kept; an error if one of them was changed in place since."""
        if "_frame" in self.__dict__:
            frame, number = self.__dict__.pop("_frame")
            self._restored, self._versions = frame.content(number)
        for storage, version in self.__dict__.get("_versions", ()):
            check_version(self.name(), storage.version, version)
        kept = self.__dict__.get("_restored")
        return (
            tuple(_adopt_outputs(t) for t in _saved_tensors.__get__(self)) if kept is None else kept
        )

    @saved_tensors.setter
    def saved_tensors(self, tensors):
        _saved_tensors.__set__(self, tensors)

    def save_for_backward(self, *tensors):
        """Keep tensors for backward; None is allowed."""
        storages = [storage_of(t) for t in tensors if t is not None]
        versions = [(storage, storage.version) for storage in storages]
        if _recompute.current is not None:
            _recompute.current.keep(self, (tensors, versions))
            return
        self._versions = versions
        _saved_tensors.__set__(self, tensors)

    def name(self):
        return f"{type(self).__name__}Backward"


def _adopt_outputs(value):
    if isinstance(value, tuple):
        return tuple(_adopt_outputs(v) for v in value)
    if isinstance(value, MindSporeTensor) and not isinstance(value, Tensor):
        value.__class__ = Tensor
    return value


def _sharing_needs(forward):
    """forward, after the step was given the shared tuple of what it needs."""

    @functools.wraps(forward)
    def shared(ctx, *args, **kwargs):
        share_needs(ctx)
        return forward(ctx, *args, **kwargs)

    return shared


def _adopting(backward):
    """Gradients come in as Tensors of ours and go out in a form that the engine may keep."""

    @functools.wraps(backward)
    def adopted(ctx, *gradients):
        gradients = [_adopt_outputs(g) for g in gradients]
        result = backward(ctx, *gradients)
        several = result if isinstance(result, tuple) else (result,)
        several = own_gradients(ctx, several, gradients)
        return tuple(several) if isinstance(result, tuple) else several[0]

    return adopted


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
