# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.futures: results that are still to come."""

import threading
import types

from mstorch._errors import module_getattr


class Future:
    """A result that somebody sets once and anybody waits for."""

    __class_getitem__ = classmethod(types.GenericAlias)

    def __init__(self, *, devices=None):
        self._condition = threading.Condition()
        self._done = False
        self._result = None
        self._error = None
        self._callbacks = []

    def done(self):
        """Whether there is a result, or an error in its place."""
        return self._done

    def wait(self):
        """The result, once it is there; raises the error that was set in its place."""
        with self._condition:
            self._condition.wait_for(self.done)
        if self._error is not None:
            raise self._error
        return self._result

    def value(self):
        """The result; RuntimeError where there is none yet."""
        if not self._done:
            raise RuntimeError("the future has no value yet: call wait()")
        return self.wait()

    def set_result(self, result):
        """Set the result; only once."""
        self._finish(result, None)

    def set_exception(self, result):
        """Set an error in place of the result."""
        if not isinstance(result, Exception):
            raise TypeError(f"{result} is of type {type(result)}, not an Exception.")
        self._finish(None, result)

    def add_done_callback(self, callback):
        """Call `callback(future)` once there is a result; now, if there is one."""
        with self._condition:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)

    def then(self, callback):
        """The future of `callback(this future)`."""
        following = Future()

        def call(future):
            try:
                following.set_result(callback(future))
            except Exception as error:
                following.set_exception(error)

        self.add_done_callback(call)
        return following

    def _finish(self, result, error):
        with self._condition:
            if self._done:
                raise RuntimeError("the future was completed before")
            self._result, self._error, self._done = result, error, True
            callbacks, self._callbacks = self._callbacks, []
            self._condition.notify_all()
        for callback in callbacks:
            callback(self)


def wait_all(futures):
    """The results of all futures."""
    return [future.wait() for future in futures]


__getattr__ = module_getattr("torch.futures")
