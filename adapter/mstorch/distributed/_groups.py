# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Process groups: who is in them, and how their collectives are started."""

import atexit
import collections
import datetime
import os
import sys
import threading
import warnings

from mstorch._errors import missing
from mstorch.distributed import _launch
from mstorch.distributed._algorithms import Exchange
from mstorch.distributed._work import Work

default_pg_timeout = datetime.timedelta(minutes=30)


class ProcessGroup:
    """The processes that take part in a collective, by their ranks in the world."""

    def __init__(self, ranks, backend, tag, timeout, description=None):
        self.ranks = tuple(ranks)
        self.group_desc = description or "undefined"
        self.group_name = tag
        self.network = _world.network
        self.timeout = timeout
        self._backend = backend
        self._rank = self.ranks.index(_world.rank)
        self._count = 0
        self._lock = threading.Lock()

    def rank(self):
        """This process's number in the group."""
        return self._rank

    def size(self):
        """The number of members."""
        return len(self.ranks)

    def name(self):
        """The back-end's name."""
        return self._backend

    def next_label(self):
        """What marks the messages of the next collective."""
        with self._lock:
            self._count += 1
            return f"{self.group_name}:{self._count}"

    def collect(self, name, algorithm, *args, what="", tensors=(), timeout=None):
        """Start a collective of all members."""
        exchange = Exchange(self, name, what)
        return self.start(name, exchange.run(algorithm(exchange, *args)), tensors, timeout)

    def start(self, name, steps, tensors=(), timeout=None):
        """Start steps that may wait for other members."""
        seconds = (timeout or self.timeout).total_seconds()
        peers = [rank for rank in self.ranks if rank != _world.rank]
        where = f"{name} in the group of ranks {list(self.ranks)}"
        work = Work(where, steps, peers, seconds, tensors)
        if peers:
            self.network.start(work)
        else:
            work.run_here()
        return work


class _GroupMeta(type):
    @property
    def WORLD(cls):
        return _world.default


class group(metaclass=_GroupMeta):
    """`group.WORLD` is the default group, None before initialisation."""


class GroupMember(metaclass=_GroupMeta):
    """`GroupMember.WORLD` is the default group; `NON_GROUP_MEMBER` stands for a group of others."""

    NON_GROUP_MEMBER = -100


class _World:
    """The groups of this process."""

    def __init__(self):
        self.default = None
        self.pg_map = {}
        self.rank = 0
        self.size = 1
        self.network = None
        self.made = collections.Counter()


_world = _World()


def is_initialized():
    """Whether init_process_group was called."""
    return _world.default is not None


def init_process_group(
    backend=None,
    init_method=None,
    timeout=None,
    world_size=-1,
    rank=-1,
    store=None,
    group_name="",
    pg_options=None,
    device_id=None,
):
    """Start the world. Size and rank come from the arguments, `init_method` or torchrun's
    variables; processes of more than one meet at `init_method="tcp://HOST:PORT"` or at
    MASTER_ADDR and MASTER_PORT, within `timeout`.

    In the scheduler process that msrun starts, this ends the program: it trains nothing.
    """
    if is_initialized():
        raise ValueError("trying to initialize the default process group twice!")
    if _launch.is_scheduler():
        sys.exit(0)
    world_size, rank = _launch.place_in_world(world_size, rank, init_method)
    timeout = timeout or default_pg_timeout
    if world_size > 1:
        if store is not None:
            raise missing(
                "torch.distributed.init_process_group",
                "a store for a world of several processes; leave it out and set MASTER_ADDR and "
                "MASTER_PORT, or pass init_method='tcp://HOST:PORT'",
            )
        _world.network = _connect(rank, world_size, init_method, timeout)
    _world.rank, _world.size = rank, world_size
    _world.default = ProcessGroup(range(world_size), backend or "gloo", "0", timeout, "default_pg")
    _world.pg_map[_world.default] = (_world.default.name(), store)


def _connect(rank, world_size, init_method, timeout):
    address = _launch.meeting_place(init_method)
    try:
        from mstorch.distributed._network import Network
    except ModuleNotFoundError as error:
        if error.name != "zmq":
            raise
        raise ModuleNotFoundError(
            "several processes talk over ZeroMQ, which is not installed: install pyzmq, or "
            "mstorch[distributed]",
            name="zmq",
        ) from error
    return Network(rank, world_size, address, timeout.total_seconds())


@atexit.register
def _leave_world():
    """What this process sent still arrives; peers that wait for more learn that it has ended."""
    if _world.network is not None:
        _world.network.close()


def destroy_process_group(group=None):
    """Forget a group, or all of them with the default group. What was sent is delivered."""
    if is_outside(group):
        return
    target = resolve(group)
    if target is not _world.default:
        _world.pg_map.pop(target, None)
        return
    network, _world.network, _world.default = _world.network, None, None
    _world.rank, _world.size = 0, 1
    _world.pg_map.clear()
    _world.made.clear()
    if network is not None:
        network.close()


def new_group(
    ranks=None,
    timeout=None,
    backend=None,
    pg_options=None,
    use_local_synchronization=False,
    group_desc=None,
    device_id=None,
):
    """The group of some ranks, or the mark of a group without this process. All processes of the
    world make all groups in the same order.
    """
    default = resolve(None)
    ranks = tuple(range(_world.size)) if ranks is None else tuple(sorted(ranks))
    if any(not 0 <= rank < _world.size for rank in ranks) or len(set(ranks)) != len(ranks):
        raise ValueError(
            f"the ranks {list(ranks)} are not all in a world of {_world.size} processes, or named "
            "twice"
        )
    _world.made[ranks] += 1
    if _world.rank not in ranks:
        return GroupMember.NON_GROUP_MEMBER
    tag = f"{','.join(map(str, ranks))}#{_world.made[ranks]}"
    made = ProcessGroup(
        ranks, backend or default.name(), tag, timeout or default.timeout, group_desc
    )
    _world.pg_map[made] = (made.name(), None)
    return made


def is_outside(group):
    """Whether a group is one of others."""
    return isinstance(group, int) and group == GroupMember.NON_GROUP_MEMBER


def warn_outside(name):
    """What torch says where a process calls a collective of others, which then does nothing."""
    warnings.warn(
        f"Running {name} on global rank {_world.rank} which does not belong to the given group.",
        stacklevel=3,
    )


def resolve(group):
    """The group, the default one for None; an error where this process is not in it."""
    if _world.default is None:
        raise ValueError(
            "Default process group has not been initialized, please make sure to call "
            "init_process_group."
        )
    if group is None:
        return _world.default
    if is_outside(group):
        raise ValueError("this process is not a member of the group")
    return group


def member_number(group, rank, group_rank, default=None):
    """A member's number in a group, of its rank in the world or in the group."""
    if rank is not None and group_rank is not None:
        raise ValueError("Can't specify both group_rank and global_rank")
    if group_rank is not None:
        if not 0 <= group_rank < group.size():
            raise ValueError(f"Group rank {group_rank} is not part of group {group}")
        return group_rank
    if rank is None:
        if default is None:
            raise ValueError("Must specify global_rank or group_rank")
        return default
    return get_group_rank(group, rank)


def _get_default_group():
    return resolve(None)


def get_rank(group=None):
    """This process's number; -1 in a group of others."""
    return -1 if is_outside(group) else resolve(group).rank()


def get_world_size(group=None):
    """The number of members; -1 for a group of others."""
    return -1 if is_outside(group) else resolve(group).size()


def get_backend(group=None):
    """The name of the back-end."""
    return resolve(group).name()


def get_process_group_ranks(group=None):
    """Global numbers of the members."""
    return list(resolve(group).ranks)


def get_global_rank(group, group_rank):
    """The global number of a member."""
    ranks = resolve(group).ranks
    if not 0 <= group_rank < len(ranks):
        raise ValueError(f"Group rank {group_rank} is not part of group {group}")
    return ranks[group_rank]


def get_group_rank(group, global_rank):
    """A member's number in the group."""
    ranks = resolve(group).ranks
    if global_rank not in ranks:
        raise ValueError(f"Global rank {global_rank} is not part of group {group}")
    return ranks.index(global_rank)


def get_node_local_rank(fallback_rank=None):
    """This process's number on its machine: LOCAL_RANK."""
    if "LOCAL_RANK" in os.environ:
        return int(os.environ["LOCAL_RANK"])
    if fallback_rank is not None:
        return int(fallback_rank)
    raise RuntimeError(
        "LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow "
        "`get_node_local_rank` to work, assuming you are not running in a multi-device context "
        "and want the code to run locally instead."
    )
