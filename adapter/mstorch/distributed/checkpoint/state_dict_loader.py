# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Loading a state that is spread over processes."""

import warnings

from mstorch import distributed
from mstorch._errors import module_getattr
from mstorch.distributed.checkpoint.default_planner import (
    DefaultLoadPlanner,
    _EmptyStateDictLoadPlanner,
)
from mstorch.distributed.checkpoint.filesystem import FileSystemReader
from mstorch.distributed.checkpoint.stateful import Stateful
from mstorch.distributed.checkpoint.utils import _DistWrapper


def load(
    state_dict,
    *,
    checkpoint_id=None,
    storage_reader=None,
    planner=None,
    process_group=None,
    no_dist=False,
):
    """Read the folder `checkpoint_id` into a state, in place: tensors keep their memory and may be
    cut otherwise than when they were saved; other entries are replaced.

    Entries that have a state of their own get it by load_state_dict. As in torch, entries that are
    no tensors can run code that the checkpoint names: load only what you trust.
    """
    alone = no_dist or not distributed.is_initialized()
    if alone:
        warnings.warn(
            "torch.distributed is disabled, unavailable or uninitialized, assuming the intent is "
            "to load in a single process.",
            stacklevel=2,
        )
    reader = _reader(storage_reader, checkpoint_id)
    reader.reset(checkpoint_id)
    states = {
        name: state_dict[name].state_dict()
        if isinstance(state_dict[name], Stateful)
        else state_dict[name]
        for name in sorted(state_dict)
    }
    _load_state_dict(states, reader, process_group, 0, alone, planner)
    for name, state in states.items():
        if isinstance(state_dict[name], Stateful):
            state_dict[name].load_state_dict(state)
        else:
            state_dict[name] = state


def load_state_dict(
    state_dict, storage_reader, process_group=None, coordinator_rank=0, no_dist=False, planner=None
):
    """The old name of `load`, in which the state is taken as it is."""
    storage_reader.reset()
    _load_state_dict(state_dict, storage_reader, process_group, coordinator_rank, no_dist, planner)


def _reader(storage_reader, checkpoint_id):
    if storage_reader is not None:
        return storage_reader
    if checkpoint_id is None:
        raise RuntimeError("`checkpoint_id` must be specified if storage_reader is None.")
    return FileSystemReader(checkpoint_id)


def _load_state_dict(
    state_dict, storage_reader, process_group=None, coordinator_rank=0, no_dist=False, planner=None
):
    wrapper = _DistWrapper(process_group, not no_dist, coordinator_rank)
    planner = DefaultLoadPlanner() if planner is None else planner

    def local_step():
        metadata = storage_reader.read_metadata()
        planner.set_up_planner(state_dict, metadata, wrapper.is_coordinator)
        storage_reader.set_up_storage_reader(metadata, wrapper.is_coordinator)
        return storage_reader.prepare_local_plan(planner.create_local_plan())

    def global_step(plans):
        return storage_reader.prepare_global_plan(planner.create_global_plan(plans))

    def read():
        storage_reader.read_data(planner.finish_plan(plan), planner).wait()

    plan = wrapper.reduce_scatter("plan", local_step, global_step)
    wrapper.all_gather("read", read)


def _load_state_dict_from_keys(
    keys=None, *, checkpoint_id=None, storage_reader=None, process_group=None
):
    """The entries of a checkpoint, or those named and what lies below them, as a new state."""
    state = {}
    _load_state_dict(
        state,
        _reader(storage_reader, checkpoint_id),
        process_group,
        no_dist=not distributed.is_initialized(),
        planner=_EmptyStateDictLoadPlanner({keys} if isinstance(keys, str) else keys),
    )
    return state


__getattr__ = module_getattr("torch.distributed.checkpoint.state_dict_loader")
