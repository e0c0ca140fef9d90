# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed on the CPU: process groups, collectives and transfers between processes."""

from mstorch._C import _distributed_c10d  # noqa: F401  torch._C has it once torch is imported
from mstorch._errors import absent_function, module_getattr
from mstorch.distributed import _launch, distributed_c10d
from mstorch.distributed.device_mesh import DeviceMesh, init_device_mesh
from mstorch.distributed.distributed_c10d import *  # noqa: F403
from mstorch.distributed.distributed_c10d import __all__ as _c10d
from mstorch.distributed.distributed_c10d import _coalescing_manager

_all_gather_base = distributed_c10d.all_gather_into_tensor
_reduce_scatter_base = distributed_c10d.reduce_scatter_tensor

_make_nccl_premul_sum = absent_function(
    "torch.distributed._make_nccl_premul_sum", "an operation of NCCL's"
)

__all__ = [
    *_c10d,
    "DeviceMesh",
    "_all_gather_base",
    "_coalescing_manager",
    "_make_nccl_premul_sum",
    "_reduce_scatter_base",
    "distributed_c10d",
    "init_device_mesh",
]

_launch.adopt_msrun()

__getattr__ = module_getattr("torch.distributed")
