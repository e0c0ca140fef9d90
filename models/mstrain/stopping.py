# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and termination: finish the step, then stop."""

import signal
from types import FrameType


class StopRequest:
    """Listens for SIGINT and SIGTERM while it is entered.

    The first signal sets `signum` and is otherwise ignored; a second SIGINT raises
    KeyboardInterrupt, for those who do not want to wait.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> "StopRequest":
        for signum in (signal.SIGINT, signal.SIGTERM):
            self._before[signum] = signal.signal(signum, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.signum is not None and signum == signal.SIGINT:
            raise KeyboardInterrupt
        self.signum = signum
