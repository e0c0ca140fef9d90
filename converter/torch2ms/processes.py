# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One function over many items, in this process and in copies of it.

The copies are forked where the work begins, so they know all that this process knows, and only what
they find is sent back. Who is free takes the next item: this process works like the others.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, TypeVar

from torch2ms.errors import UsageError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_TICKET = 4


def each(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    jobs: int,
    progress: Callable[[int], None],
) -> list[_Result]:
    """The results of `function` for all items, in their order, by up to `jobs` processes.

    `progress` is told the number of items that were taken so far. An exception ends the work: that
    of the first item that raises one, however many processes there are.
    """
    if jobs <= 1 or len(items) <= 1:
        done = []
        for item in items:
            done.append(function(item))
            progress(len(done))
        return done
    with tempfile.TemporaryFile(buffering=0) as tickets:
        tickets.write(b"".join(index.to_bytes(_TICKET, "big") for index in range(len(items))))
        tickets.seek(0)
        copies = _Copies()
        try:
            for _ in range(min(jobs, len(items)) - 1):
                copies.start(lambda: _work(function, items, tickets))
            found = _work(function, items, tickets, lambda: progress(tickets.tell() // _TICKET))
            found += copies.found()
            progress(len(items))
        finally:
            copies.stop()
    found.sort(key=lambda one: one[0])
    for _, _, error in found:
        if error is not None:
            raise error
    return [result for _, result, _ in found]  # type: ignore[misc]


_Found = list[tuple[int, _Result | None, Exception | None]]


def _work(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    tickets: IO[bytes],
    progress: Callable[[], None] = lambda: None,
) -> _Found[_Result]:
    """Take items until there are no more, or one raises an exception."""
    found: _Found[_Result] = []
    # Forked processes share the position of the file: each ticket is read once.
    while ticket := tickets.read(_TICKET):
        index = int.from_bytes(ticket, "big")
        try:
            found.append((index, function(items[index]), None))
        except Exception as error:
            found.append((index, None, error))
            break
        progress()
    return found


class _Copies:
    """Copies of this process that work, and the pipes through which they tell what they found."""

    def __init__(self) -> None:
        self._running: dict[int, IO[bytes]] = {}

    def start(self, work: Callable[[], _Found[Any]]) -> None:
        """Fork a process that sends back what `work` returns."""
        import pickle

        receive, send = os.pipe()
        process = os.fork()
        if process:
            os.close(send)
            self._running[process] = os.fdopen(receive, "rb")
            return
        status = 1
        try:
            # Interrupts are the parent's: it stops its copies and clears the output away.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            with open(send, "wb") as pipe:
                pickle.dump(_noted(work()), pipe, pickle.HIGHEST_PROTOCOL)
            status = 0
        finally:
            # What the parent has to do when it ends is not to be done here.
            os._exit(status)

    def found(self) -> Iterator[tuple[int, Any, Exception | None]]:
        """What all of them found, once they have ended."""
        import pickle

        for process, pipe in list(self._running.items()):
            with pipe:
                data = pipe.read()
            del self._running[process]
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            if status:
                raise UsageError(
                    f"a process of --jobs ended with {status}; with --jobs 1 there is but one"
                )
            yield from pickle.loads(data)

    def stop(self) -> None:
        """End those that still run."""
        for process, pipe in self._running.items():
            pipe.close()
            os.kill(process, signal.SIGTERM)
            os.waitpid(process, 0)


def _noted(found: _Found[_Result]) -> _Found[_Result]:
    """The same; errors say where they were raised, which a process cannot send otherwise."""
    for _, _, error in found:
        if error is not None:
            import traceback

            error.add_note("".join(traceback.format_exception(error)))
    return found
