# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The process that a run lives in: torch.distributed and Megatron's groups for one rank."""

import os

import torch
from megatron.core import parallel_state

from mstrain.errors import UserError


def start_process_group() -> None:
    """Makes torch.distributed and Megatron's parallel state ready for one process.

    Raises:
        UserError: a launcher started several processes.
    """
    world = os.environ.get("WORLD_SIZE", "1")
    if world != "1":
        raise UserError(
            f"WORLD_SIZE is {world}: mstrain trains in one process; start it without a launcher"
        )
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group(
            backend="gloo", store=torch.distributed.HashStore(), rank=0, world_size=1
        )
    if not parallel_state.model_parallel_is_initialized():
        parallel_state.initialize_model_parallel()
