# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets, samplers and loaders, with and without workers: the same batches in the same order."""

import collections
import os
import random

import numpy

from cases.collection import Cases

CASES = Cases()
case = CASES.case


def tolerance(name):
    """Everything is equal."""
    return {}


def _squares(torch, count=11):
    class Squares(torch.utils.data.Dataset):
        def __len__(self):
            return count

        def __getitem__(self, index):
            return torch.tensor([index, index * index]), index

    return Squares()


def _drawing(torch, count=8):
    """Items that draw from every random stream of the process that makes them."""

    class Drawing(torch.utils.data.Dataset):
        def __len__(self):
            return count

        def __getitem__(self, index):
            info = torch.utils.data.get_worker_info()
            drawn = random.random(), float(numpy.random.rand()), torch.rand(2)
            return *drawn, -1 if info is None else info.id

    return Drawing()


def _counting(torch, count=10):
    class Counting(torch.utils.data.IterableDataset):
        def __iter__(self):
            info = torch.utils.data.get_worker_info()
            start, step = (0, 1) if info is None else (info.id, info.num_workers)
            return iter(range(start, count, step))

    return Counting()


def _pass(torch, name, make, seed=5, passes=2):
    def program(torch):
        torch.manual_seed(seed)
        loader = make(torch, torch.utils.data)
        found = [list(loader) for _ in range(passes)]
        return found, torch.rand(2)

    CASES[name] = program


for _workers in (0, 2, 3):

    def _add(name, make, workers=_workers):
        _pass(None, f"{name}_by_{workers}_workers", lambda t, d: make(t, d, workers))

    _add("in_order", lambda t, d, w: d.DataLoader(_squares(t), 4, num_workers=w))
    _add("shuffled", lambda t, d, w: d.DataLoader(_squares(t), 4, True, num_workers=w))
    _add(
        "shuffled_by_a_generator",
        lambda t, d, w: d.DataLoader(
            _squares(t), 3, True, num_workers=w, generator=t.Generator().manual_seed(9)
        ),
    )
    _add(
        "whole_batches_only",
        lambda t, d, w: d.DataLoader(_squares(t), 4, drop_last=True, num_workers=w),
    )
    _add("without_batches", lambda t, d, w: d.DataLoader(_squares(t, 5), None, num_workers=w))
    _add("a_sequence", lambda t, d, w: d.DataLoader(_counting(t), 3, num_workers=w))
    _add(
        "a_sequence_in_whole_batches",
        lambda t, d, w: d.DataLoader(_counting(t), 4, drop_last=True, num_workers=w),
    )
    _add("a_sequence_item_by_item", lambda t, d, w: d.DataLoader(_counting(t), None, num_workers=w))
    if _workers:
        _add("workers_draw", lambda t, d, w: d.DataLoader(_drawing(t), 2, num_workers=w))
        _add(
            "lasting_workers",
            lambda t, d, w: d.DataLoader(
                _squares(t), 2, True, num_workers=w, persistent_workers=True
            ),
        )
        _add(
            "lasting_workers_of_a_sequence",
            lambda t, d, w: d.DataLoader(
                _counting(t), 2, num_workers=w, persistent_workers=True, prefetch_factor=3
            ),
        )


@case
def samplers(torch):
    data, items = torch.utils.data, range(10)
    torch.manual_seed(3)
    fixed = torch.Generator().manual_seed(1)
    made = [
        data.SequentialSampler(items),
        data.RandomSampler(items),
        data.RandomSampler(items, num_samples=23),
        data.RandomSampler(items, replacement=True, num_samples=40),
        data.RandomSampler(items, generator=fixed),
        data.SubsetRandomSampler([3, 5, 7, 9]),
        data.WeightedRandomSampler([0.1, 0.5, 2.0, 0.0], 12),
        data.WeightedRandomSampler([0.1, 0.5, 2.0], 2, replacement=False),
        data.BatchSampler(data.SequentialSampler(items), 4, False),
        data.BatchSampler(data.RandomSampler(items), 4, True),
    ]
    return [[list(sampler), list(sampler), len(sampler)] for sampler in made]


@case
def distributed_samplers(torch):
    found = []
    for rank in range(3):
        for drop_last in (False, True):
            sampler = torch.utils.data.distributed.DistributedSampler(
                range(10), 3, rank, seed=4, drop_last=drop_last
            )
            first = list(sampler)
            sampler.set_epoch(1)
            found.append([first, list(sampler), len(sampler)])
    return found


@case
def sets_of_sets(torch):
    data = torch.utils.data
    one, two = _squares(torch, 3), _squares(torch, 4)
    tensors = data.TensorDataset(torch.arange(6).view(3, 2), torch.ones(3))
    return [
        list(data.ConcatDataset([one, two])[i] for i in (0, 3, 6, -1)),
        len(one + two),
        list(data.Subset(two, [3, 1])),
        tensors[1],
        len(tensors),
        data.StackDataset(one, one)[2],
        list(data.ChainDataset([_counting(torch, 2), _counting(torch, 3)])),
    ]


@case
def splitting_at_random(torch):
    data = torch.utils.data
    torch.manual_seed(8)
    found = [[s.indices for s in data.random_split(range(10), [3, 7])]]
    fixed = torch.Generator().manual_seed(2)
    found.append([s.indices for s in data.random_split(range(10), [0.5, 0.25, 0.25], fixed)])
    return found


_Point = collections.namedtuple("_Point", ("x", "y"))


@case
def collating(torch):
    join = torch.utils.data.default_collate
    return [
        join([1, 2]),
        join([1.5, 2.5]),
        join([True, False]),
        join(["a", "b"]),
        join([torch.ones(2), torch.zeros(2)]),
        join([numpy.ones(2), numpy.zeros(2)]),
        join([numpy.float32(1), numpy.float32(2)]),
        join([{"a": 1, "b": [1, 2]}, {"a": 2, "b": [3, 4]}]),
        join([_Point(1, 2.0), _Point(3, 4.0)]),
        join([(1, "x"), (2, "y")]),
        torch.utils.data.default_convert([numpy.ones(2), 3, {"a": numpy.int64(2)}]),
    ]


@case
def collating_uneven_items(torch):
    return torch.utils.data.default_collate([[1, 2], [3]])


@case
def collating_what_cannot_be(torch):
    return torch.utils.data.default_collate([object(), object()])


@case
def shuffling_a_sequence(torch):
    return torch.utils.data.DataLoader(_counting(torch), shuffle=True)


@case
def sampling_and_shuffling(torch):
    return torch.utils.data.DataLoader(_squares(torch), shuffle=True, sampler=range(3))


def _failing(torch, error):
    class Failing(torch.utils.data.Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            if index == 3:
                raise error
            return index

    return Failing()


@case
def an_exception_of_a_worker_comes_with_its_traceback(torch):
    found = []
    for error in (ValueError("bad item"), KeyError("missing")):
        loader = torch.utils.data.DataLoader(_failing(torch, error), 2, num_workers=2)
        batches = []
        try:
            for batch in loader:
                batches.append(batch)
        except (ValueError, KeyError) as caught:
            text = str(caught)
            parts = ["in DataLoader worker process", "Original Traceback", "__getitem__"]
            found.append([type(caught).__name__, [part in text for part in parts], batches])
    return found


@case
def a_failing_start_of_a_worker(torch):
    def fail(number):
        raise OSError("no start")

    loader = torch.utils.data.DataLoader(_squares(torch), num_workers=1, worker_init_fn=fail)
    try:
        return list(loader)
    except OSError as caught:
        return "no start" in str(caught)


@case
def a_worker_that_is_killed_is_an_error(torch):
    class Deadly(torch.utils.data.Dataset):
        def __len__(self):
            return 8

        def __getitem__(self, index):
            if index == 5:
                os._exit(3)
            return index

    try:
        return list(torch.utils.data.DataLoader(Deadly(), 2, num_workers=2))
    except RuntimeError as caught:
        return "DataLoader worker (pid(s)" in str(caught), "exited unexpectedly" in str(caught)


@case
def leaving_early(torch):
    loader = torch.utils.data.DataLoader(_squares(torch), 1, num_workers=2)
    iterator = iter(loader)
    return next(iterator), next(iterator)


@case
def sizes(torch):
    data = torch.utils.data
    return [
        len(data.DataLoader(_squares(torch), 4)),
        len(data.DataLoader(_squares(torch), 4, drop_last=True)),
        len(data.DataLoader(_squares(torch), None)),
        len(data.DataLoader(_squares(torch), batch_sampler=[[0], [1, 2]])),
        list(data.DataLoader(_squares(torch), batch_sampler=[[0], [1, 2]])),
    ]


@case
def filling_without_bounds(torch):
    torch.manual_seed(6)
    kinds = ("int64", "int32", "int16", "int8", "uint8", "bool", "float32", "float64")
    return [torch.empty(5, dtype=getattr(torch, kind)).random_() for kind in kinds]
