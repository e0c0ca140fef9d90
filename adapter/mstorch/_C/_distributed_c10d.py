# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch._C._distributed_c10d: where torch compiles what torch.distributed is made of."""

from mstorch._errors import module_getattr
from mstorch.distributed.distributed_c10d import (
    HashStore,
    PrefixStore,
    ProcessGroup,
    Store,
    Work,
)

__all__ = ["HashStore", "PrefixStore", "ProcessGroup", "Store", "Work"]

__getattr__ = module_getattr("torch._C._distributed_c10d")
