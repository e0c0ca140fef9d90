# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a launcher says of this process: torchrun's variables, or msrun's put into their place.

torchrun sets RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT. MindSpore's msrun sets
RANK_ID, MS_WORKER_NUM, DEVICE_ID, MS_SCHED_HOST and MS_SCHED_PORT, and starts one more process of
the same program, the scheduler of MindSpore's own networking, with MS_ROLE=MS_SCHED.
"""

import os
import urllib.parse

from mstorch._errors import missing

_FROM_MSRUN = {
    "RANK": "RANK_ID",
    "WORLD_SIZE": "MS_WORKER_NUM",
    "LOCAL_RANK": "DEVICE_ID",
    "MASTER_ADDR": "MS_SCHED_HOST",
    "MASTER_PORT": "MS_SCHED_PORT",
}


def adopt_msrun() -> None:
    """In a worker of msrun, set torchrun's variables where they are not set: programs read them."""
    if os.environ.get("MS_ROLE") == "MS_WORKER":
        for name, source in _FROM_MSRUN.items():
            if source in os.environ:
                os.environ.setdefault(name, os.environ[source])


def is_scheduler() -> bool:
    """Whether msrun started this process as MindSpore's scheduler, which trains nothing."""
    return os.environ.get("MS_ROLE") == "MS_SCHED"


def _number(name: str) -> int:
    value = _variable(name)
    try:
        return int(value)
    except ValueError:
        raise ValueError(
            f"the environment variable {name} must be a number, is {value!r}"
        ) from None


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        hint = ""
        if os.environ.get("MS_ROLE") == "MS_WORKER" and name == "RANK":
            hint = "; msrun sets no rank on several machines unless --node_rank is given"
        raise ValueError(
            "Error initializing torch.distributed using env:// rendezvous: environment variable "
            f"{name} expected, but not set{hint}"
        )
    return value


def place_in_world(world_size: int, rank: int, init_method: str | None) -> tuple[int, int]:
    """The size of the world and the rank in it: the arguments, else the method's, else the
    environment's. Without any of them the world has one process.
    """
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(init_method or "").query))
    if world_size == -1 and "world_size" in query:
        world_size = int(query["world_size"])
    if rank == -1 and "rank" in query:
        rank = int(query["rank"])
    if world_size == -1:
        world_size = _number("WORLD_SIZE") if "WORLD_SIZE" in os.environ else 1
    if rank == -1:
        rank = _number("RANK") if world_size > 1 or "RANK" in os.environ else 0
    if world_size < 1 or not 0 <= rank < world_size:
        raise ValueError(f"rank {rank} is outside a world of {world_size} processes")
    return world_size, rank


def meeting_place(init_method: str | None) -> tuple[str, int]:
    """The host and port where the process of rank 0 awaits the others."""
    parts = urllib.parse.urlsplit(init_method or "env://")
    if parts.scheme == "env":
        return _variable("MASTER_ADDR"), _number("MASTER_PORT")
    if parts.scheme == "tcp" and parts.hostname and parts.port:
        return parts.hostname, parts.port
    raise missing(
        "torch.distributed.init_process_group",
        f"the init_method {init_method!r}; use env:// or tcp://HOST:PORT",
    )
