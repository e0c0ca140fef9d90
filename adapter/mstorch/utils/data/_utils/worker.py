# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A loader's worker process: fetches what it is told to, and sends it back by value."""

import dataclasses
import os
import queue
import random
import traceback
from typing import Any

import numpy

from mstorch import _random
from mstorch._errors import module_getattr

# How long a worker waits for orders before it looks whether the loader's process is still there.
_PATIENCE = 5.0


@dataclasses.dataclass
class WorkerInfo:
    """What `get_worker_info` tells inside a worker."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


@dataclasses.dataclass
class Failure:
    """An exception of a worker, in a form that can be sent and raised again with its traceback."""

    kind: type
    where: str
    trace: str

    @classmethod
    def of(cls, error, where):
        """The exception that is being handled."""
        return cls(type(error), where, traceback.format_exc())

    def reraise(self):
        """Raise the exception in this process; its message holds the worker's traceback."""
        message = f"Caught {self.kind.__name__} {self.where}.\nOriginal {self.trace}"
        if self.kind is KeyError:
            message = _Verbatim(message)
        try:
            error = self.kind(message)
        except Exception:
            raise RuntimeError(message) from None
        raise error


class _Verbatim(str):
    """A message whose line breaks KeyError shows as such."""

    def __repr__(self):
        return str(self)


@dataclasses.dataclass
class Exhausted:
    """A worker's part of an iterable data set has ended."""

    worker: int


_info: WorkerInfo | None = None


def get_worker_info():
    """Number, count, seed and data set of the worker that this process is; None elsewhere."""
    return _info


def numpy_seed(base_seed, worker):
    """A seed for NumPy's global stream in each worker."""
    words = [worker, base_seed & 0xFFFF_FFFF, base_seed >> 32, 0]
    return numpy.random.SeedSequence(words).generate_state(4)


def work(make_fetcher, orders, results, info, init_fn, base_seed, parent):
    """Serve orders (number, indices) until None comes or the loader's process is gone."""
    global _info
    _info = info
    random.seed(info.seed)
    _random.default_generator.manual_seed(info.seed)
    numpy.random.seed(numpy_seed(base_seed, info.id))
    where = f"in DataLoader worker process {info.id}"
    fetch = None
    try:
        if init_fn is not None:
            init_fn(info.id)
    except Exception as error:
        fetch = Failure.of(error, where)
    while os.getppid() == parent:
        try:
            order = orders.get(timeout=_PATIENCE)
        except queue.Empty:
            continue
        if order is None:
            break
        number, indices = order
        if isinstance(fetch, Failure):
            results.put((number, fetch))
            continue
        try:
            if indices is ANEW or fetch is None:
                fetch = make_fetcher()
            if indices is not ANEW:
                results.put((number, fetch(indices)))
        except StopIteration:
            results.put((number, Exhausted(info.id)))
        except Exception as error:
            results.put((number, Failure.of(error, where)))
    # What was put and not read any more need not be sent.
    results.cancel_join_thread()


class _Anew:
    """The order to begin another pass over the data set."""

    def __reduce__(self):
        return "ANEW"


ANEW = _Anew()

__getattr__ = module_getattr("torch.utils.data._utils.worker")
