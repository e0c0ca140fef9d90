# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed.distributed_c10d: process groups, collectives and transfers on the CPU."""

import os

from mstorch._errors import module_getattr
from mstorch.distributed._collectives import (
    _coalescing_manager,  # noqa: F401
    all_gather,
    all_gather_into_tensor,
    all_reduce,
    all_to_all,
    all_to_all_single,
    barrier,
    broadcast,
    gather,
    monitored_barrier,
    reduce,
    reduce_scatter,
    reduce_scatter_tensor,
    scatter,
)
from mstorch.distributed._errors import (
    DistBackendError,
    DistError,
    DistNetworkError,
    DistStoreError,
)
from mstorch.distributed._groups import (
    GroupMember,
    ProcessGroup,
    _get_default_group,  # noqa: F401
    _world,  # noqa: F401
    default_pg_timeout,
    destroy_process_group,
    get_backend,
    get_global_rank,
    get_group_rank,
    get_node_local_rank,
    get_process_group_ranks,
    get_rank,
    get_world_size,
    group,
    init_process_group,
    is_initialized,
    new_group,
)
from mstorch.distributed._objects import (
    all_gather_object,
    broadcast_object_list,
    gather_object,
    recv_object_list,
    scatter_object_list,
    send_object_list,
)
from mstorch.distributed._reductions import ReduceOp
from mstorch.distributed._stores import HashStore, PrefixStore, Store, rendezvous
from mstorch.distributed._transfers import P2POp, batch_isend_irecv, irecv, isend, recv, send
from mstorch.distributed._work import Work


def is_available():
    """True."""
    return True


def is_gloo_available():
    """True: what torch asks of gloo, collectives on the CPU, is there."""
    return True


def is_nccl_available():
    """False."""
    return False


def is_mpi_available():
    """False."""
    return False


def is_torchelastic_launched():
    """Whether a launcher named this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


__all__ = [
    "DistBackendError",
    "DistError",
    "DistNetworkError",
    "DistStoreError",
    "GroupMember",
    "HashStore",
    "P2POp",
    "PrefixStore",
    "ProcessGroup",
    "ReduceOp",
    "Store",
    "Work",
    "all_gather",
    "all_gather_into_tensor",
    "all_gather_object",
    "all_reduce",
    "all_to_all",
    "all_to_all_single",
    "barrier",
    "batch_isend_irecv",
    "broadcast",
    "broadcast_object_list",
    "default_pg_timeout",
    "destroy_process_group",
    "gather",
    "gather_object",
    "get_backend",
    "get_global_rank",
    "get_group_rank",
    "get_node_local_rank",
    "get_process_group_ranks",
    "get_rank",
    "get_world_size",
    "group",
    "init_process_group",
    "irecv",
    "is_available",
    "is_gloo_available",
    "is_initialized",
    "is_mpi_available",
    "is_nccl_available",
    "is_torchelastic_launched",
    "isend",
    "monitored_barrier",
    "new_group",
    "recv",
    "recv_object_list",
    "reduce",
    "reduce_scatter",
    "reduce_scatter_tensor",
    "rendezvous",
    "scatter",
    "scatter_object_list",
    "send",
    "send_object_list",
]

__getattr__ = module_getattr("torch.distributed.distributed_c10d")
