# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.utils.data.dataloader: batches of a data set, in the order that PyTorch draws for a seed.

Workers are processes of their own. They send batches by value, and the batches come out in the
order in which they were asked for; an exception of a worker is raised where the batch is read, and
a worker that dies is an error there.
"""

import functools
import itertools
import multiprocessing
import os
import queue
import warnings

from mstorch._errors import module_getattr
from mstorch.utils.data._utils import collate, worker
from mstorch.utils.data._utils.worker import get_worker_info
from mstorch.utils.data.dataset import IterableDataset
from mstorch.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    drawn_seed,
)

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

default_collate, default_convert = collate.default_collate, collate.default_convert

# How long the loader waits for a batch before it looks whether its workers are alive.
_PATIENCE = 1.0


class _InfiniteSampler(Sampler):
    """The indices of an iterable data set, which are not looked at."""

    def __iter__(self):
        return itertools.repeat(None)


class DataLoader:
    """Iterates over batches of a data set."""

    def __init__(
        self,
        dataset,
        batch_size=1,
        shuffle=None,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        pin_memory=False,
        drop_last=False,
        timeout=0,
        worker_init_fn=None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor=None,
        persistent_workers=False,
        pin_memory_device="",
        in_order=True,
    ):
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        if pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device "
                "pinned memory won't be used.",
                stacklevel=2,
            )
        self.dataset, self.num_workers, self.timeout = dataset, num_workers, timeout
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.generator, self.in_order = worker_init_fn, generator, in_order
        self.persistent_workers = persistent_workers
        self.multiprocessing_context = multiprocessing_context
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            _check_iterable(shuffle, sampler, batch_sampler)
            sampler = _InfiniteSampler()
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, "
                    "sampler, and drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last"
            )
        if sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else None
            sampler = SequentialSampler(dataset) if sampler is None else sampler
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn
        self._workers = None

    @property
    def _indices(self):
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self):
        if not self.num_workers:
            return _InProcess(self)
        if not self.persistent_workers:
            return _InWorkers(self)
        if self._workers is None:
            self._workers = _InWorkers(self)
        else:
            self._workers.begin_again()
        return self._workers

    def __len__(self):
        if not self._iterable:
            return len(self._indices)
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def make_fetcher(self):
        """What turns indices into a batch, in the process that calls it."""
        if self._iterable:
            items = iter(self.dataset)
            return functools.partial(
                _fetch_next, items, self.batch_sampler is not None, self.drop_last, self.collate_fn
            )
        return functools.partial(
            _fetch, self.dataset, self.batch_sampler is not None, self.collate_fn
        )


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers):
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable "
            "multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if prefetch_factor is not None and not num_workers:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing. let num_workers "
            "> 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and not num_workers:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_iterable(shuffle, sampler, batch_sampler):
    for name, value in (
        ("shuffle", shuffle),
        ("sampler", sampler),
        ("batch_sampler", batch_sampler),
    ):
        if value not in (None, False):
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                f"{name}={value}"
            )


def _fetch(dataset, batched, collate_fn, indices):
    if not batched:
        return collate_fn(dataset[indices])
    together = getattr(dataset, "__getitems__", None)
    items = together(indices) if callable(together) else [dataset[i] for i in indices]
    return collate_fn(items)


def _fetch_next(items, batched, drop_last, collate_fn, indices):
    if not batched:
        return collate_fn(next(items))
    batch = list(itertools.islice(items, len(indices)))
    if not batch or (drop_last and len(batch) < len(indices)):
        raise StopIteration
    return collate_fn(batch)


class _InProcess:
    """Batches fetched in this process."""

    def __init__(self, loader):
        self._base_seed = drawn_seed(loader.generator)
        self._loader = loader
        self._indices = iter(loader._indices)
        self._fetch = loader.make_fetcher()

    def __iter__(self):
        return self

    def __next__(self):
        return self._fetch(next(self._indices))

    def __len__(self):
        return len(self._loader._indices)


class _InWorkers:
    """Batches fetched by worker processes, handed out in order."""

    def __init__(self, loader):
        # Not the loader itself: it keeps lasting workers, which then would keep each other.
        self._source, self._timeout = loader._indices, loader.timeout
        self._prefetch, self._in_order = loader.prefetch_factor, loader.in_order
        self._lasting = loader.persistent_workers
        context = loader.multiprocessing_context
        if context is None or isinstance(context, str):
            context = multiprocessing.get_context(context)
        self._owner = os.getpid()
        self._base_seed = drawn_seed(loader.generator)
        self._results = context.Queue()
        self._orders, self._processes = [], []
        for number in range(loader.num_workers):
            orders = context.Queue()
            orders.cancel_join_thread()
            process = context.Process(
                target=worker.work,
                args=(
                    loader.make_fetcher,
                    orders,
                    self._results,
                    worker.WorkerInfo(
                        number, loader.num_workers, self._base_seed + number, loader.dataset
                    ),
                    loader.worker_init_fn,
                    self._base_seed,
                    self._owner,
                ),
                daemon=True,
            )
            process.start()
            self._orders.append(orders)
            self._processes.append(process)
        self._begin()

    def _begin(self):
        self._indices = iter(self._source)
        self._next_asked = self._next_given = 0
        self._arrived, self._asked_of = {}, {}
        self._active = set(range(len(self._processes)))
        self._turn = itertools.cycle(range(len(self._processes)))
        for _ in range(self._prefetch * len(self._processes)):
            self._ask()

    def begin_again(self):
        """Another pass with the same workers."""
        while self._asked_of.keys() - self._arrived.keys():
            self._receive()
        for orders in self._orders:
            orders.put((None, worker.ANEW))
        self._begin()

    def _ask(self):
        """Give the next indices to the next worker that has not come to its end."""
        if not self._active:
            return
        try:
            indices = next(self._indices)
        except StopIteration:
            return
        number = next(turn for turn in self._turn if turn in self._active)
        self._orders[number].put((self._next_asked, indices))
        self._asked_of[self._next_asked] = number
        self._next_asked += 1

    def __iter__(self):
        return self

    def __len__(self):
        return len(self._source)

    def __next__(self):
        while self._next_given < self._next_asked:
            number = self._choose()
            while number not in self._arrived:
                self._receive()
                number = self._choose()
            batch = self._arrived.pop(number)
            del self._asked_of[number]
            if number == self._next_given:
                self._next_given += 1
                while self._next_given < self._next_asked and (
                    self._next_given not in self._asked_of
                ):
                    self._next_given += 1
            if isinstance(batch, worker.Exhausted):
                self._active.discard(batch.worker)
                self._ask()
                continue
            self._ask()
            if isinstance(batch, worker.Failure):
                batch.reraise()
            return batch
        if not self._lasting:
            self._stop()
        raise StopIteration

    def _choose(self):
        """The number of the batch to give out next; out of order whichever has arrived."""
        if self._in_order or not self._arrived:
            return self._next_given
        return next(iter(self._arrived))

    def _receive(self):
        """Wait for one result; RuntimeError where that takes too long or a worker has died."""
        waited = 0.0
        limit = self._timeout
        while True:
            patience = min(_PATIENCE, limit - waited) if limit else _PATIENCE
            try:
                number, batch = self._results.get(timeout=patience)
            except queue.Empty:
                self._check_alive()
                waited += patience
                if limit and waited >= limit:
                    self._stop()
                    raise RuntimeError(f"DataLoader timed out after {limit} seconds") from None
                continue
            self._arrived[number] = batch
            return

    def _check_alive(self):
        dead = [process for process in self._processes if not process.is_alive()]
        if dead:
            pids = ", ".join(str(process.pid) for process in dead)
            codes = ", ".join(str(process.exitcode) for process in dead)
            self._stop()
            raise RuntimeError(
                f"DataLoader worker (pid(s) {pids}) exited unexpectedly, exit code(s) {codes}"
            )

    def _stop(self):
        """End the workers; those that do not end by themselves are terminated."""
        for orders in self._orders:
            orders.put(None)
        for process in self._processes:
            process.join(_PATIENCE)
            if process.is_alive():
                process.terminate()
                process.join()
        for pipe in (*self._orders, self._results):
            pipe.close()
        self._orders, self._processes = [], []

    def __del__(self):
        # A process that was forked meanwhile has a copy of this object, and none of its workers.
        if getattr(self, "_processes", None) and self._owner == os.getpid():
            self._stop()


__getattr__ = module_getattr("torch.utils.data.dataloader")
