# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Saving a state that is spread over processes."""

import warnings

from mstorch import distributed
from mstorch._errors import absent_function, missing, module_getattr
from mstorch.distributed.checkpoint.default_planner import DefaultSavePlanner
from mstorch.distributed.checkpoint.filesystem import FileSystemWriter
from mstorch.distributed.checkpoint.stateful import Stateful
from mstorch.distributed.checkpoint.utils import _DistWrapper


def save(
    state_dict,
    *,
    checkpoint_id=None,
    storage_writer=None,
    planner=None,
    process_group=None,
    no_dist=False,
    use_collectives=True,
):
    """Save a state into the folder `checkpoint_id`; gives the Metadata on the coordinator.

    Entries that have a state of their own are saved as that. Without process groups this process
    saves alone.
    """
    if not use_collectives:
        raise missing("torch.distributed.checkpoint.save(use_collectives=False)")
    alone = no_dist or not distributed.is_initialized()
    if alone:
        warnings.warn(
            "torch.distributed is disabled, unavailable or uninitialized, assuming the intent is "
            "to save in a single process.",
            stacklevel=2,
        )
    if storage_writer is None:
        if checkpoint_id is None:
            raise RuntimeError("`checkpoint_id` must be specified if storage_writer is None.")
        storage_writer = FileSystemWriter(checkpoint_id)
    storage_writer.reset(checkpoint_id)
    states = {
        name: value.state_dict() if isinstance(value, Stateful) else value
        for name, value in state_dict.items()
    }
    return _save_state_dict(states, storage_writer, process_group, 0, alone, planner)


def save_state_dict(
    state_dict, storage_writer, process_group=None, coordinator_rank=0, no_dist=False, planner=None
):
    """The old name of `save`, in which the state is taken as it is."""
    storage_writer.reset()
    return _save_state_dict(
        state_dict, storage_writer, process_group, coordinator_rank, no_dist, planner
    )


def _save_state_dict(state_dict, writer, process_group, coordinator_rank, no_dist, planner):
    wrapper = _DistWrapper(process_group, not no_dist, coordinator_rank)
    planner = DefaultSavePlanner() if planner is None else planner
    metadata = None

    def local_step():
        planner.set_up_planner(
            state_dict, storage_meta=writer.storage_meta(), is_coordinator=wrapper.is_coordinator
        )
        writer.set_up_storage_writer(wrapper.is_coordinator)
        return writer.prepare_local_plan(planner.create_local_plan())

    def global_step(plans):
        nonlocal metadata
        plans, metadata = planner.create_global_plan(plans)
        return writer.prepare_global_plan(plans)

    def write():
        return writer.write_data(planner.finish_plan(plan), planner).wait()

    def finish(results):
        writer.finish(metadata, results)
        return metadata

    plan = wrapper.reduce_scatter("plan", local_step, global_step)
    return wrapper.all_reduce("write", write, finish)


async_save = absent_function("torch.distributed.checkpoint.async_save")

__getattr__ = module_getattr("torch.distributed.checkpoint.state_dict_saver")
