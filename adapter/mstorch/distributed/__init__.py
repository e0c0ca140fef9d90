# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed in one process: groups of one member, in which every collective truly works."""

from mstorch._errors import absent_function, module_getattr
from mstorch.distributed import distributed_c10d
from mstorch.distributed.device_mesh import DeviceMesh, init_device_mesh
from mstorch.distributed.distributed_c10d import *  # noqa: F403
from mstorch.distributed.distributed_c10d import (
    GroupMember,
    P2POp,
    ProcessGroup,
    ReduceOp,
    _coalescing_manager,
    group,
)
from mstorch.distributed.distributed_c10d import __all__ as _c10d

_all_gather_base = distributed_c10d.all_gather_into_tensor
_reduce_scatter_base = distributed_c10d.reduce_scatter_tensor

_make_nccl_premul_sum = absent_function(
    "torch.distributed._make_nccl_premul_sum", "an operation of NCCL's"
)

__all__ = [
    *_c10d,
    "DeviceMesh",
    "GroupMember",
    "P2POp",
    "ProcessGroup",
    "ReduceOp",
    "_all_gather_base",
    "_coalescing_manager",
    "_make_nccl_premul_sum",
    "_reduce_scatter_base",
    "distributed_c10d",
    "group",
    "init_device_mesh",
]

__getattr__ = module_getattr("torch.distributed")
