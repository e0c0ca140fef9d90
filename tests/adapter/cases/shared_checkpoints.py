# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs of two processes that save a state in one folder or load from it. CHECKPOINTS names the
folder above. Those about a model are for the converted megatron-core.
"""

import importlib
import os
import pathlib

from cases import megatron
from cases.collection import Cases

TIMEOUT = megatron.TIMEOUT

CASES = Cases()
case = CASES.case


def _folder(name):
    path = pathlib.Path(os.environ["CHECKPOINTS"]) / name
    path.mkdir(exist_ok=True)
    return str(path)


def _checkpoint(torch):
    return importlib.import_module(f"{torch.__name__}.distributed.checkpoint")


def _cut(torch, whole, dimension, sizes):
    """The shards of a tensor, the first of them on rank 0, the second on rank 1."""
    kinds = importlib.import_module(f"{torch.__name__}.distributed._shard.sharded_tensor")
    shards, start = [], 0
    for rank, size in enumerate(sizes):
        offsets = [0] * whole.dim()
        offsets[dimension] = start
        part = whole.narrow(dimension, start, size).contiguous()
        shards.append(kinds.Shard.from_tensor_and_offsets(part, offsets, rank))
        start += size
    metadata = kinds.ShardedTensorMetadata(
        [shard.metadata for shard in shards],
        whole.size(),
        kinds.TensorProperties(dtype=whole.dtype),
    )
    mine = [shards[torch.distributed.get_rank()]]
    return kinds.ShardedTensor._init_from_local_shards_and_global_metadata(mine, metadata)


def _state(torch, filled, rows, columns):
    matrix = torch.arange(36.0).reshape(12, 3) * filled
    return {
        "same": torch.arange(6) * filled,
        "nested": {"rows": _cut(torch, matrix, 0, rows)},
        "columns": _cut(torch, matrix.bfloat16(), 1, columns),
        "note": {"step": 3 * filled, "rank": torch.distributed.get_rank() * filled},
    }


@case
def parts_are_saved(torch):
    _checkpoint(torch).save(_state(torch, 1, (7, 5), (2, 1)), checkpoint_id=_folder("parts"))


@case
def parts_are_loaded_cut_otherwise(torch):
    state = _state(torch, 0, (3, 9), (1, 2))
    _checkpoint(torch).load(state, checkpoint_id=_folder("parts"))
    rows, columns = state["nested"]["rows"], state["columns"]
    return (
        state["same"],
        rows.local_shards()[0].tensor,
        columns.local_shards()[0].tensor,
        state["note"],
    )


@case
def an_error_of_one_is_everybodys(torch):
    """Rank 1 cannot write what it has: both are told, and both go on."""
    rank = torch.distributed.get_rank()
    checkpoint = _checkpoint(torch)

    class Planner(checkpoint.DefaultSavePlanner):
        def finish_plan(self, plan):
            if rank == 1:
                raise OSError("no room is left")
            return super().finish_plan(plan)

    try:
        checkpoint.save(
            _state(torch, 1, (7, 5), (2, 1)), checkpoint_id=_folder("failed"), planner=Planner()
        )
    except checkpoint.CheckpointException as error:
        told = sorted(error.failures), "no room is left" in str(error)
    total = torch.ones(1)
    torch.distributed.all_reduce(total)
    return told, total


def _weights(model):
    return [(name, p.detach().clone()) for name, p in model.named_parameters()]


def _with_model(torch, tensor_parallel_size, use):
    from megatron.core import parallel_state

    parallel_state.initialize_model_parallel(tensor_model_parallel_size=tensor_parallel_size)
    try:
        _, model = megatron.model(torch, tensor_parallel_size)
        return use(model)
    finally:
        parallel_state.destroy_model_parallel()


def _saved_state(model, iteration):
    return {"model": model.sharded_state_dict(), "iteration": iteration}


@case
def a_model_cut_in_two_is_saved(torch):
    from megatron.core import dist_checkpointing

    def save(model):
        dist_checkpointing.save(_saved_state(model, 7), _folder("model"))
        return _weights(model)

    return _with_model(torch, 2, save)


def _loaded(torch, tensor_parallel_size):
    from megatron.core import dist_checkpointing

    def load(model):
        for parameter in model.parameters():
            parameter.data.zero_()
        state = dist_checkpointing.load(_saved_state(model, 0), _folder("model"))
        model.load_state_dict(state["model"])
        return state["iteration"], _weights(model)

    return _with_model(torch, tensor_parallel_size, load)


@case
def a_model_cut_in_two_is_loaded(torch):
    return _loaded(torch, 2)


@case
def two_whole_models_are_loaded(torch):
    return _loaded(torch, 1)
