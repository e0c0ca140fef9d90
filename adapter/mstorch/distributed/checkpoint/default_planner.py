# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The planners that are used where none is given."""

import dataclasses
import io
import itertools
import math
from collections import ChainMap, defaultdict

from mstorch import serialization
from mstorch._errors import missing, module_getattr
from mstorch._ops import creation
from mstorch.distributed.checkpoint._nested_dict import flatten_state_dict
from mstorch.distributed.checkpoint._traverse import set_element
from mstorch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    Metadata,
    TensorStorageMetadata,
)
from mstorch.distributed.checkpoint.planner import (
    LoadPlan,
    LoadPlanner,
    SavePlan,
    SavePlanner,
    WriteItemType,
)
from mstorch.distributed.checkpoint.planner_helpers import (
    _create_read_items,
    _create_write_items,
    narrow_by_index,
)
from mstorch.distributed.checkpoint.resharding import _check_shard_metadata_pair_overlap
from mstorch.distributed.checkpoint.utils import find_state_dict_object


class DefaultSavePlanner(SavePlanner):
    """Writes every entry once: of equal entries on several processes one is chosen, so that all
    write about as much (or, with `dedup_save_to_lowest_rank`, the first).

    `flatten_sharded_tensors` changes nothing: the shards of a sharded tensor are tensors here.
    `dedup_replicated_tensors` has no effect in torch either.
    """

    def __init__(
        self,
        flatten_state_dict=True,
        flatten_sharded_tensors=True,
        dedup_replicated_tensors=None,
        dedup_save_to_lowest_rank=False,
        enable_plan_caching=False,
    ):
        if enable_plan_caching:
            raise missing("torch.distributed.checkpoint.DefaultSavePlanner(enable_plan_caching=)")
        self.flatten_state_dict = flatten_state_dict
        self.flatten_sharded_tensors = flatten_sharded_tensors
        self.dedup_save_to_lowest_rank = dedup_save_to_lowest_rank
        self.mappings = {}

    def set_up_planner(self, state_dict, storage_meta=None, is_coordinator=False):
        """Take the state to save."""
        if self.flatten_state_dict:
            state_dict, self.mappings = flatten_state_dict(state_dict)
        self.state_dict = state_dict
        self.is_coordinator = is_coordinator

    def create_local_plan(self):
        """Everything in the state."""
        plan = create_default_local_save_plan(self.state_dict, self.is_coordinator)
        if self.flatten_state_dict:
            plan = dataclasses.replace(plan, planner_data=self.mappings)
        self.plan = plan
        return plan

    def create_global_plan(self, all_plans):
        """The plans without duplicates, and the Metadata; ValueError where parts of a tensor
        overlap or lie outside of it, or do not fill it.
        """
        plans = _without_duplicates(all_plans, self.dedup_save_to_lowest_rank)
        plans, metadata = create_default_global_save_plan(plans)
        if self.flatten_state_dict:
            paths = dict(ChainMap(*(plan.planner_data for plan in plans)))
            metadata = dataclasses.replace(metadata, planner_data=paths)
        faults = [
            fault
            for name, entry in metadata.state_dict_metadata.items()
            for fault in _faults(name, entry, len(plans) > 1)
        ]
        if faults:
            raise ValueError("Failed to validate global plan: " + "; ".join(faults))
        self.global_plan, self.metadata = plans, metadata
        return plans, metadata

    def finish_plan(self, new_plan):
        """The plan as it is."""
        self.plan = new_plan
        return new_plan

    def resolve_data(self, write_item):
        """The tensor of an item, or the bytes that torch.save makes of anything else."""
        return self.transform_object(write_item, self.lookup_object(write_item.index))

    def lookup_object(self, index):
        """The entry of an index, or the part of it."""
        return find_state_dict_object(self.state_dict, index)

    def transform_object(self, write_item, object):
        """What is written of an entry."""
        if write_item.type is not WriteItemType.BYTE_IO:
            return object
        stream = io.BytesIO()
        serialization.save(object, stream)
        return stream


class DefaultLoadPlanner(LoadPlanner):
    """Reads into every entry of the state; one that the checkpoint lacks is a RuntimeError unless
    `allow_partial_load` is set.
    """

    def __init__(
        self, flatten_state_dict=True, flatten_sharded_tensors=True, allow_partial_load=False
    ):
        self.flatten_state_dict = flatten_state_dict
        self.flatten_sharded_tensors = flatten_sharded_tensors
        self.allow_partial_load = allow_partial_load
        self.original_state_dict = {}
        self.mappings = {}

    def set_up_planner(self, state_dict, metadata=None, is_coordinator=False):
        """Take the state to load into."""
        self.original_state_dict = state_dict
        if self.flatten_state_dict:
            state_dict, self.mappings = flatten_state_dict(state_dict)
        self.state_dict = state_dict
        self.metadata = metadata
        self.is_coordinator = is_coordinator

    def create_local_plan(self):
        """All regions that entries of the state need."""
        return create_default_local_load_plan(
            self.state_dict, self.metadata, not self.allow_partial_load
        )

    def create_global_plan(self, global_plan):
        """The plans as they are."""
        return create_default_global_load_plan(global_plan)

    def finish_plan(self, new_plan):
        """The plan as it is."""
        return new_plan

    def load_bytes(self, read_item, value):
        """Set an entry that is no tensor. As in torch this can run code that the checkpoint names:
        load only what you trust.
        """
        name, loaded = read_item.dest_index.fqn, serialization.load(value, weights_only=False)
        if self.flatten_state_dict:
            set_element(self.original_state_dict, self.mappings[name], loaded)
        else:
            self.state_dict[name] = loaded

    def resolve_tensor(self, read_item):
        """The view to read an item into."""
        return self.transform_tensor(read_item, self.lookup_tensor(read_item.dest_index))

    def commit_tensor(self, read_item, tensor):
        """Nothing more to do: it was read in place."""

    def lookup_tensor(self, index):
        """The tensor of an index, or the part of it."""
        return find_state_dict_object(self.state_dict, index)

    def transform_tensor(self, read_item, tensor):
        """The region of the tensor that an item fills."""
        return narrow_by_index(tensor, read_item.dest_offsets, read_item.lengths)


class _EmptyStateDictLoadPlanner(DefaultLoadPlanner):
    """Fills an empty state with all that the checkpoint has, or with the entries `keys` and what
    lies below them.
    """

    def __init__(self, keys=None, *args, **kwargs):
        self.keys = keys
        super().__init__(*args, **kwargs)

    def set_up_planner(self, state_dict, metadata=None, is_coordinator=False):
        """Make the entries to load into."""
        if state_dict:
            raise AssertionError("the state to load into must be empty")
        paths = metadata.planner_data or {}
        for name, entry in metadata.state_dict_metadata.items():
            path = paths.get(name, (name,))
            if not self._is_wanted(name, path):
                continue
            if isinstance(entry, TensorStorageMetadata):
                entry = creation.empty(entry.size, dtype=entry.properties.dtype)
            set_element(state_dict, path, entry)
        super().set_up_planner(state_dict, metadata, is_coordinator)

    def _is_wanted(self, name, path):
        if self.keys is None or name in self.keys:
            return True
        above = itertools.accumulate(map(str, path), lambda a, b: f"{a}.{b}")
        return any(part in self.keys for part in above)


def create_default_local_load_plan(state_dict, metadata, strict=True):
    """The plan to read all entries of a state."""
    items = []
    for name, value in state_dict.items():
        entry = metadata.state_dict_metadata.get(name)
        if entry is None:
            if strict:
                raise RuntimeError(f"Missing key in checkpoint state_dict: {name}.")
            continue
        size = getattr(value, "size", None)
        if isinstance(entry, TensorStorageMetadata) and size is not None and size() != entry.size:
            raise ValueError(
                f"Size mismatch between saved {entry.size} and current: {size()} for {name}"
            )
        items += _create_read_items(name, entry, value)
    return LoadPlan(items)


def create_default_global_load_plan(all_plans):
    """The plans as they are."""
    return all_plans


def create_default_local_save_plan(state_dict, is_coordinator):
    """The plan to write all entries of a state."""
    return SavePlan(
        [item for name, value in state_dict.items() for item in _create_write_items(name, value)]
    )


def create_default_global_save_plan(all_plans, rewrite_index_hints=True):
    """The plans with the number of each part noted, and the Metadata of all that they write."""
    entries, plans = {}, []
    for plan in all_plans:
        items = []
        for item in plan.items:
            if item.type is not WriteItemType.SHARD and item.index.fqn in entries:
                raise AssertionError(f"{item.index.fqn} is written twice")
            if item.type is WriteItemType.BYTE_IO:
                entries[item.index.fqn] = BytesStorageMetadata()
            else:
                item = _noted(item, entries, rewrite_index_hints)
            items.append(item)
        plans.append(dataclasses.replace(plan, items=items))
    return plans, Metadata(entries)


def _noted(item, entries, rewrite_index_hints):
    """Add the part that an item writes to its entry; the item, with the number of the part."""
    data = item.tensor_data
    entry = entries.setdefault(
        item.index.fqn, TensorStorageMetadata(data.properties, data.size, [])
    )
    if rewrite_index_hints:
        index = dataclasses.replace(item.index, index=len(entry.chunks))
        item = dataclasses.replace(item, index=index)
    entry.chunks.append(data.chunk)
    return item


def _without_duplicates(plans, to_lowest_rank):
    """The plans with each item in one of them: in the one that has least to write so far."""
    owners = defaultdict(set)
    sizes = {}
    for number, plan in enumerate(plans):
        for item in plan.items:
            owners[item.index].add(number)
            sizes[item.index] = item.tensor_storage_size() or 1
    load = [0] * len(plans)
    chosen = {}
    for index, numbers in owners.items():
        number = min(numbers) if to_lowest_rank else min(numbers, key=lambda n: (load[n], n))
        load[number] += sizes[index]
        chosen[index] = number
    return [
        dataclasses.replace(plan, items=[i for i in plan.items if chosen[i.index] == number])
        for number, plan in enumerate(plans)
    ]


def _faults(name, entry, must_fill):
    """What is wrong with the parts of an entry."""
    if isinstance(entry, BytesStorageMetadata) or not entry.size:
        return
    for chunk in entry.chunks:
        places = zip(chunk.offsets, chunk.sizes, entry.size, strict=True)
        if any(start < 0 or size < 0 or start + size > whole for start, size, whole in places):
            yield f"key:{name} has out of bounds chunk: tensor-size:{entry.size} chunk: {chunk}"
    for first, second in itertools.combinations(entry.chunks, 2):
        if _check_shard_metadata_pair_overlap(first, second):
            yield f"key:{name} has overlapping chunks: {first} {second}"
    volume = sum(math.prod(chunk.sizes) for chunk in entry.chunks)
    if must_fill and volume != math.prod(entry.size):
        yield (
            f"key:{name} invalid fill tensor-volume: {math.prod(entry.size)} chunks-volume: "
            f"{volume}"
        )


__getattr__ = module_getattr("torch.distributed.checkpoint.default_planner")
