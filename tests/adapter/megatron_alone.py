# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The converted megatron-core in one process."""

import contextlib
from collections.abc import Iterator

from megatron.core import parallel_state, tensor_parallel

import mstorch


@contextlib.contextmanager
def one_process() -> Iterator[None]:
    """torch.distributed and Megatron's groups of one process, and its random streams."""
    mstorch.distributed.init_process_group(
        "gloo", store=mstorch.distributed.HashStore(), rank=0, world_size=1
    )
    parallel_state.initialize_model_parallel()
    tensor_parallel.model_parallel_cuda_manual_seed(1)
    yield
    parallel_state.destroy_model_parallel()
    mstorch.distributed.destroy_process_group()
