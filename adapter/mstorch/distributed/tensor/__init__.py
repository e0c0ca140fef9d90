# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed.tensor: tensors spread over a mesh of processes. So far over one process,
which holds everything however they are placed.
"""

from mstorch._errors import module_getattr
from mstorch.distributed.device_mesh import DeviceMesh, init_device_mesh
from mstorch.distributed.tensor._api import DTensor, distribute_tensor
from mstorch.distributed.tensor.placement_types import Partial, Placement, Replicate, Shard

__all__ = [
    "DTensor",
    "DeviceMesh",
    "Partial",
    "Placement",
    "Replicate",
    "Shard",
    "distribute_tensor",
    "init_device_mesh",
]

__getattr__ = module_getattr("torch.distributed.tensor")
