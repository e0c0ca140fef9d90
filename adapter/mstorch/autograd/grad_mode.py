# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Switching recording on and off, as context managers and decorators."""

import functools
import inspect
import threading

from mstorch import _engine


class _GradMode:
    """A context in which recording is on or off; also a decorator of functions and generators."""

    _value = False

    def __enter__(self):
        self._before = _engine.is_recording()
        _engine.set_recording(self._value)
        return self

    def __exit__(self, *error):
        _engine.set_recording(self._before)

    def __call__(self, function):
        if inspect.isclass(function):
            raise TypeError(
                f"{type(self).__name__} decorates functions, not classes: decorate the methods"
            )
        if inspect.isgeneratorfunction(function):
            return self._generator(function)

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with self._clone():
                return function(*args, **kwargs)

        return wrapper

    def _generator(self, function):
        """The mode holds while the generator runs, not while its consumer does."""

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            iterator = function(*args, **kwargs)
            sent = None
            while True:
                try:
                    with self._clone():
                        value = iterator.send(sent)
                except StopIteration as stop:
                    return stop.value
                sent = yield value

        return wrapper

    def _clone(self):
        return type(self)()


class no_grad(_GradMode):
    """Nothing is recorded."""

    def __new__(cls, function=None):
        mode = super().__new__(cls)
        return mode if function is None else mode(function)

    def __init__(self, function=None):
        """A function makes this a decorator without parentheses."""


class enable_grad(_GradMode):
    """What involves a tensor that requires grad is recorded."""

    _value = True

    def __new__(cls, function=None):
        mode = super().__new__(cls)
        return mode if function is None else mode(function)

    def __init__(self, function=None):
        """A function makes this a decorator without parentheses."""


class _Inference(threading.local):
    """The inference modes that a thread is in, the innermost last."""

    def __init__(self):
        self.modes = [False]


_inference = _Inference()


def is_inference_mode_enabled():
    """Whether the innermost inference mode is on."""
    return _inference.modes[-1]


class inference_mode(_GradMode):
    """Nothing is recorded; unlike in torch, the tensors made inside can be used in recorded
    computations later.
    """

    def __init__(self, mode=True):
        self._function = mode if callable(mode) else None
        self._mode = True if callable(mode) else mode

    @property
    def _value(self):
        return _engine.is_recording() if not self._mode else False

    def __enter__(self):
        super().__enter__()
        _inference.modes.append(bool(self._mode))
        return self

    def __exit__(self, *error):
        _inference.modes.pop()
        super().__exit__(*error)

    def _clone(self):
        return inference_mode(self._mode)

    def __call__(self, *args, **kwargs):
        if self._function is not None:
            with inference_mode():
                return self._function(*args, **kwargs)
        return super().__call__(*args, **kwargs)


class set_grad_enabled(_GradMode):
    """Switch at once, until the end of the with-block where there is one."""

    def __init__(self, mode):
        self._before = _engine.is_recording()
        self._value = bool(mode)
        _engine.set_recording(self._value)

    def __enter__(self):
        _engine.set_recording(self._value)
        return self

    def __call__(self, function):
        _engine.set_recording(self._before)
        return super().__call__(function)

    def _clone(self):
        return set_grad_enabled(self._value)


def is_grad_enabled():
    """Whether recording is on."""
    return _engine.is_recording()
