# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What recorded steps keep, given up and computed again when a backward pass asks for it.

While a Frame is open, the steps that are recorded leave what they would keep with the frame, which
drops it and counts. When the first of them is asked for its derivative, the frame runs its function
again, and the steps recorded then hand what they would keep to their counterparts, in order.
"""


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function recorded other steps than the first."""


class Frame:
    """One checkpointed call; `rerun()` runs it again under the conditions of the first time."""

    def __init__(self, rerun):
        self._rerun = rerun
        self._names = []
        self._contents = None
        self._outer = None

    def __enter__(self):
        global current
        self._outer, current = current, self
        return self

    def __exit__(self, *error):
        global current
        current = self._outer

    def keep(self, step, content):
        """Take over what a step would keep."""
        step._frame = (self, len(self._names))
        self._names.append(type(step).__name__)

    def content(self, number):
        """What step `number` would have kept."""
        if self._contents is None or self._contents[number] is None:
            self._run_again()
        content, self._contents[number] = self._contents[number], None
        return content

    def _run_again(self):
        again = _Collector()
        with again:
            self._rerun()
        if again.names != self._names:
            raise CheckpointError(
                "torch.utils.checkpoint: the function recorded "
                f"{len(again.names)} steps when it was run again, and {len(self._names)} before; "
                "it must do the same both times"
            )
        self._contents = again.contents


class _Collector(Frame):
    """The second run: steps keep what they would keep, and the collector a reference."""

    def __init__(self):
        super().__init__(None)
        self.names, self.contents = [], []

    def keep(self, step, content):
        step._frame = (self, len(self.names))
        self.names.append(type(step).__name__)
        self.contents.append(content)


current: Frame | None = None
