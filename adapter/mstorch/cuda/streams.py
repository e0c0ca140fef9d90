# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cuda.streams: everything is done when it is asked for, so a stream orders nothing."""

import time

from mstorch._errors import module_getattr


class Stream:
    """The one stream that there is: the order in which the program runs."""

    cuda_stream = 0

    def __init__(self, device=None, priority=0, **kwargs):
        pass

    def query(self):
        """True: what was asked for is done."""
        return True

    def synchronize(self):
        """Nothing to wait for."""

    def wait_event(self, event):
        """Nothing to wait for."""

    def wait_stream(self, stream):
        """Nothing to wait for."""

    def record_event(self, event=None):
        """The event, which happens now; a new one unless given."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def __eq__(self, other):
        return isinstance(other, Stream)

    def __hash__(self):
        return hash(Stream)


class Event:
    """A moment of the program."""

    def __init__(self, enable_timing=False, blocking=False, interprocess=False, external=False):
        self._timed = enable_timing
        self._at = None

    def record(self, stream=None):
        """This is the moment."""
        self._at = time.perf_counter()

    def query(self):
        """True: what came before is done."""
        return True

    def synchronize(self):
        """Nothing to wait for."""

    def wait(self, stream=None):
        """Nothing to wait for."""

    def elapsed_time(self, end_event):
        """Milliseconds from this moment to another."""
        if not (self._timed and end_event._timed):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if self._at is None or end_event._at is None:
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        return (end_event._at - self._at) * 1000


__getattr__ = module_getattr("torch.cuda.streams")
