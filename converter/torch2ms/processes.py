# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""One function over many items, in this process and in copies of it.

The copies are forked where the work begins, so they know all that this process knows, and only what
they find is sent back. Who is free takes the next item: this process works like the others.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, Generic, NamedTuple, TypeVar

from torch2ms.errors import UsageError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# A ticket is the number of a group of items; all tickets together fit into any pipe.
_TICKET = 4
_TICKETS = 2048


class _Found(NamedTuple, Generic[_Result]):
    """What one process found: results by the numbers of their items, and what ended its work."""

    results: list[tuple[int, _Result]]
    failure: tuple[int, Exception] | None


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
    tickets = _tickets(len(items))
    copies = _Copies()
    try:
        for _ in range(min(jobs, len(items)) - 1):
            copies.start(lambda: _work(function, items, tickets))
        found = [_work(function, items, tickets, progress), *copies.found()]
        progress(len(items))
    finally:
        os.close(tickets)
        copies.stop()
    failures = [one.failure for one in found if one.failure is not None]
    if failures:
        raise min(failures, key=lambda failure: failure[0])[1]
    results = itertools.chain.from_iterable(one.results for one in found)
    return [result for _, result in sorted(results, key=lambda one: one[0])]


def _tickets(count: int) -> int:
    """A pipe from which whoever is free reads the number of the next group of items."""
    receive, send = os.pipe()
    with open(send, "wb") as pipe:
        for group in range(-(-count // _group_size(count))):
            pipe.write(group.to_bytes(_TICKET, "big"))
    return receive


def _group_size(count: int) -> int:
    return -(-count // _TICKETS)


def _work(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    tickets: int,
    progress: Callable[[int], None] = lambda taken: None,
) -> _Found[_Result]:
    """Take items until there are no more, or one raises an exception."""
    results: list[tuple[int, _Result]] = []
    size = _group_size(len(items))
    while ticket := os.read(tickets, _TICKET):
        first = int.from_bytes(ticket, "big") * size
        for index in range(first, min(first + size, len(items))):
            try:
                results.append((index, function(items[index])))
            except Exception as error:
                return _Found(results, (index, error))
        # Tickets are read in order.
        progress(min(first + size, len(items)))
    return _Found(results, None)


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

    def found(self) -> Iterator[_Found[Any]]:
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
            yield pickle.loads(data)

    def stop(self) -> None:
        """End those that still run."""
        for process, pipe in self._running.items():
            pipe.close()
            os.kill(process, signal.SIGTERM)
            os.waitpid(process, 0)


def _noted(found: _Found[_Result]) -> _Found[_Result]:
    """The same; an error says where it was raised, which a process cannot send otherwise."""
    if found.failure is not None:
        import traceback

        error = found.failure[1]
        error.add_note("".join(traceback.format_exception(error)))
    return found
