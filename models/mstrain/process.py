# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The processes that train together: torch.distributed, Megatron's groups, what is done jointly.

Every process holds the whole model and trains on its own part of each batch.
"""

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from megatron.core import parallel_state

from mstrain.errors import UserError

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Processes:
    """This process and its peers.

    Attributes:
        rank: number of this process, from 0; the first one writes.
        count: how many there are.
    """

    rank: int
    count: int

    def share(self, value: Any) -> list[Any]:
        """What each process gives, by rank; any object that can be pickled."""
        values = [value] * self.count
        if self.count > 1:
            torch.distributed.all_gather_object(values, value)
        return values

    def first_does(self, work: Callable[[], T]) -> T | None:
        """Has the first process do something; its result there, None on the others.

        Raises:
            UserError: on every process, where the first one could not do it.
        """
        result, problem = None, None
        if self.rank == 0:
            try:
                result = work()
            except UserError as error:
                problem = str(error)
        problem = self.share(problem)[0]
        if problem is not None:
            raise UserError(problem)
        return result

    @torch.no_grad()
    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replaces tensors, of one dtype, by their means over all processes."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def check_alike(self, facts: dict[str, Any]) -> None:
        """Raises UserError, on every process, unless all give the same facts."""
        given = self.share(facts)
        for rank, theirs in enumerate(given):
            for name, value in given[0].items():
                if theirs[name] != value:
                    raise UserError(
                        f"process {rank} has {name} {theirs[name]}, process 0 has {value}; "
                        "start all with the same options, files and checkpoint"
                    )


def start_processes() -> Processes:
    """Makes torch.distributed and Megatron's parallel state ready, and joins the other processes
    where a launcher started several: it set WORLD_SIZE, RANK, MASTER_ADDR and MASTER_PORT.

    Raises:
        UserError: the processes could not find each other.
    """
    distributed = torch.distributed
    if not distributed.is_initialized():
        world = os.environ.get("WORLD_SIZE", "1")
        alone = {"store": distributed.HashStore(), "rank": 0, "world_size": 1}
        try:
            distributed.init_process_group("gloo", **(alone if world == "1" else {}))
        except (ImportError, RuntimeError, ValueError) as error:
            raise UserError(
                f"WORLD_SIZE is {world}, and the processes cannot be joined: {error}; "
                "start them with torchrun or msrun, or one alone without WORLD_SIZE"
            ) from error
    if not parallel_state.model_parallel_is_initialized():
        parallel_state.initialize_model_parallel()
    return Processes(distributed.get_rank(), distributed.get_world_size())
