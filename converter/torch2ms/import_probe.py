# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Which modules of a converted tree import? A program for an interpreter that has the adapter.

    PYTHON import_probe.py < JSON

JSON holds `paths` (for sys.path), `modules` (a list of [name, directory of its own or null]),
`timeout` (seconds for each module) and `jobs`. The adapter is imported once; each module then in a
process forked from there, so that nothing one module does reaches another. Prints a JSON object a
line, in order: {"error": text} if the adapter does not import, else {"module": name, "reason":
null or what the exception says, "missing": null or the package that is not installed}.

It runs in whatever environment the adapter needs, so it imports nothing of torch2ms.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Iterator

Module = tuple[str, str | None]
Result = dict[str, str | None]

_MOST_TEXT = 500


def main() -> int:
    """Probe what the JSON on stdin says; the exit status is 1 if there is no adapter."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != here]
    work = json.load(sys.stdin)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    out = os.fdopen(os.dup(1), "w")
    _silence()
    try:
        importlib.import_module("mstorch")
    except Exception as error:
        print(json.dumps({"error": _said(error)}), file=out, flush=True)
        return 1
    sys.path[:0] = work["paths"]
    importlib.invalidate_caches()
    for result in _results(work["modules"], work["timeout"], work["jobs"]):
        print(json.dumps(result), file=out, flush=True)
    return 0


def _silence() -> None:
    """What modules print is not ours to show, and nobody answers what they ask."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


class _Child:
    """A process that imports one module and writes what came of it into a pipe."""

    def __init__(self, number: int, name: str, directory: str | None, timeout: float) -> None:
        self.number = number
        self.name = name
        self._timeout = timeout
        self._end = time.monotonic() + timeout
        self.pipe, write = os.pipe()
        self._text = b""
        self.process = os.fork()
        if not self.process:
            os.close(self.pipe)
            _import(name, directory, write)
        os.close(write)

    @property
    def left(self) -> float:
        """Seconds until the module has had its time."""
        return max(0.0, self._end - time.monotonic())

    def read(self) -> bool:
        """Take what has been written; whether that was all."""
        piece = os.read(self.pipe, 1 << 16)
        self._text += piece
        return not piece

    def kill(self) -> int:
        """End the process and all that it started; returns its exit status as Python gives it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def result(self, in_time: bool) -> Result:
        """The outcome, once the process is over or has had its time."""
        status = self.kill()
        found: Result = {"module": self.name, "reason": None, "missing": None}
        if self._text:
            found.update(json.loads(self._text))
        elif not in_time:
            found["reason"] = f"not imported within {self._timeout:g} s"
        elif status < 0:
            found["reason"] = f"the process was killed by {signal.Signals(-status).name}"
        else:
            found["reason"] = f"the process ended with status {status} before the import was over"
        return found


def _results(modules: list[Module], timeout: float, jobs: int) -> Iterator[Result]:
    """The outcome of each module in order, with `jobs` processes at a time."""
    waiting = list(enumerate(modules))[::-1]
    running: dict[int, _Child] = {}
    done: dict[int, Result] = {}
    following = 0
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, (name, directory) = waiting.pop()
                child = _Child(number, name, directory, timeout)
                running[child.pipe] = child
            first = min(child.left for child in running.values())
            ready = select.select(list(running), [], [], first)[0]
            for pipe, child in list(running.items()):
                over = pipe in ready and child.read()
                if over or not child.left:
                    del running[pipe]
                    done[child.number] = child.result(over)
            while following in done:
                yield done.pop(following)
                following += 1
    finally:
        for child in running.values():
            child.kill()


def _import(name: str, directory: str | None, write: int) -> None:
    """Import one module and end this process."""
    os.setsid()
    if directory is not None:
        sys.path.append(directory)
    sys.argv = [name]
    found: Result = {}
    try:
        importlib.import_module(name)
    except BaseException as error:
        found = {"reason": _said(error), "missing": _missing(error)}
    os.write(write, json.dumps(found).encode())
    os._exit(0)


def _said(error: BaseException) -> str:
    """The exception and all that it says, in one line."""
    lines = traceback.format_exception_only(error)
    # A syntax error begins with the place, and the message is its last line.
    text = lines[-1] if isinstance(error, SyntaxError) else "".join(lines)
    return " ".join(text.split())[:_MOST_TEXT]


def _missing(error: BaseException) -> str | None:
    """The top-level module that could not be found, when that is why the import failed."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            return cause.name.partition(".")[0]
        cause = cause.__cause__
    return None


if __name__ == "__main__":
    sys.exit(main())
