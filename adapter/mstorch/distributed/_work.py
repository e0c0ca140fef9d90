# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The handle of a collective or a transfer."""

import datetime
import threading
import time

from mstorch.distributed._errors import DistBackendError, DistError
from mstorch.futures import Future


class Work:
    """A collective or a transfer under way; `wait` ends when its results are in the tensors.

    `steps` is the generator that carries it out, and returns what the operation returns; `peers`
    are the other members' ranks, and `timeout` is in seconds.
    """

    def __init__(self, name, steps, peers, timeout, tensors=()):
        self.name = name
        self.steps = steps
        self.peers = peers
        self.timeout = timeout
        self.deadline = time.monotonic() + timeout
        self.value = None
        self._tensors = list(tensors)
        self._error = None
        self._end = threading.Event()
        self._future = Future()

    def run_here(self):
        """Carry out at once what waits for nobody; errors are raised at the caller's line."""
        try:
            next(self.steps)
        except StopIteration as end:
            self.finish(end.value)

    def finish(self, value):
        """Note that everything happened."""
        self.value = value
        self._end.set()
        self._future.set_result(self._tensors)

    def fail(self, error):
        """Note what went wrong."""
        if isinstance(error, DistError):
            error.args = (f"{self.name}: {error}",)
        self._error = error
        self._end.set()
        self._future.set_exception(error)

    def wait(self, timeout=None):
        """True once it has happened; raises what went wrong, here or at a peer.

        `timeout` is a timedelta; without one, the group's ends it.
        """
        seconds = timeout.total_seconds() if isinstance(timeout, datetime.timedelta) else None
        if not self._end.wait(seconds):
            raise DistBackendError(f"{self.name}: timed out waiting {seconds:g} s for it to end")
        if self._error is not None:
            raise self._error
        return True

    def is_completed(self):
        """Whether it has ended, well or not."""
        return self._end.is_set()

    def is_success(self):
        """Whether it has ended well."""
        return self._end.is_set() and self._error is None

    def exception(self):
        """What went wrong, None so far."""
        return self._error

    def result(self):
        """The tensors with the results, once they are there."""
        self.wait()
        return self._tensors

    def get_future(self):
        """The future of the list of tensors with the results."""
        return self._future

    def source_rank(self):
        """The rank that a finished receive got its message from."""
        self.wait()
        return self.value
