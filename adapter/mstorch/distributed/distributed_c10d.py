# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Process groups and collectives for a world of one process.

With one member a collective's result is its input, written where the caller asked for it. A world
of more is refused when it is initialised: nothing here ever pretends to have communicated.
"""

import contextlib
import datetime
import enum
import os

from mstorch._errors import absent_function, missing, module_getattr
from mstorch._tensor import Tensor
from mstorch.autograd.grad_mode import no_grad

default_pg_timeout = datetime.timedelta(minutes=30)


class ReduceOp(enum.Enum):
    """How a reduction combines the members' values."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7


class ProcessGroup:
    """The processes that take part in a collective: here always this one alone."""

    def __init__(self, ranks, backend, description=None):
        self._ranks = tuple(ranks)
        self._backend = backend
        self.group_desc = description or "undefined"

    def rank(self):
        """This process's number in the group."""
        return 0

    def size(self):
        """The number of members."""
        return len(self._ranks)

    def name(self):
        """The back-end's name."""
        return self._backend


class _NonMember:
    """Stands for a group that this process is not in."""

    def __repr__(self):
        return "<GroupMember.NON_GROUP_MEMBER>"


class _GroupMeta(type):
    @property
    def WORLD(cls):
        return _world.default


class group(metaclass=_GroupMeta):
    """`group.WORLD` is the default group, None before initialisation."""


class GroupMember(metaclass=_GroupMeta):
    """`GroupMember.WORLD` is the default group; `NON_GROUP_MEMBER` stands for a group of others."""

    NON_GROUP_MEMBER = _NonMember()


class _World:
    """The groups of this process."""

    def __init__(self):
        self.default = None
        self.pg_map = {}


_world = _World()


class Store:
    """Keys and values that the processes of a world share; the base of all stores."""


class HashStore(Store):
    """A store in the memory of one process. Values are bytes."""

    def __init__(self):
        self._values = {}

    def set(self, key, value):
        """Keep a value."""
        self._values[key] = value.encode() if isinstance(value, str) else bytes(value)

    def get(self, key):
        """The value; KeyError where there is none, as nobody else could still set it."""
        return self._values[key]

    def add(self, key, amount):
        """Add to the number kept under a key; returns the sum."""
        total = int(self._values.get(key, b"0")) + amount
        self._values[key] = str(total).encode()
        return total

    def check(self, keys):
        """Whether all keys have values."""
        return all(key in self._values for key in keys)

    def delete_key(self, key):
        """Forget a key; returns whether it was there."""
        return self._values.pop(key, None) is not None

    def num_keys(self):
        """The number of keys."""
        return len(self._values)

    def wait(self, keys, timeout=None):
        """Return at once where all keys have values, raise otherwise."""
        if not self.check(keys):
            raise RuntimeError(f"wait: no process is left that could set one of {list(keys)}")


class Work:
    """The handle of a collective that has already happened."""

    def wait(self, timeout=None):
        """True."""
        return True

    def is_completed(self):
        """True."""
        return True

    def is_success(self):
        """True."""
        return True


def is_available():
    """True."""
    return True


def is_initialized():
    """Whether init_process_group was called."""
    return _world.default is not None


def is_gloo_available():
    """False."""
    return False


def is_nccl_available():
    """False."""
    return False


def is_mpi_available():
    """False."""
    return False


def is_torchelastic_launched():
    """Whether a launcher named this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def _environment(name, value):
    return int(os.environ.get(name, value))


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
    """Start the world, of one process; sizes come from the arguments, WORLD_SIZE and RANK."""
    if is_initialized():
        raise ValueError("trying to initialize the default process group twice!")
    world_size = _environment("WORLD_SIZE", 1) if world_size == -1 else world_size
    rank = _environment("RANK", 0) if rank == -1 else rank
    if world_size != 1:
        raise missing(
            "torch.distributed.init_process_group",
            f"a world of {world_size} processes; only 1 works so far",
        )
    if rank != 0:
        raise ValueError(f"rank {rank} is outside a world of one process")
    _world.default = ProcessGroup((0,), backend or "gloo", "default_pg")
    _world.pg_map[_world.default] = (_world.default.name(), store)


def destroy_process_group(group=None):
    """Forget a group, or all of them with the default group."""
    target = _resolve(group)
    if target is _world.default:
        _world.default = None
        _world.pg_map.clear()
    else:
        _world.pg_map.pop(target, None)


def new_group(
    ranks=None,
    timeout=None,
    backend=None,
    pg_options=None,
    use_local_synchronization=False,
    group_desc=None,
    device_id=None,
):
    """A group of this process, or the mark of a group without it."""
    default = _resolve(None)
    ranks = (0,) if ranks is None else tuple(sorted(ranks))
    if any(r != 0 for r in ranks) or len(set(ranks)) != len(ranks):
        raise ValueError(
            f"the ranks {list(ranks)} are not all in a world of one process, or named twice"
        )
    if not ranks:
        return GroupMember.NON_GROUP_MEMBER
    made = ProcessGroup(ranks, backend or default.name(), group_desc)
    _world.pg_map[made] = (made.name(), None)
    return made


def _resolve(group):
    """The group, the default one for None; an error where this process is not in it."""
    if _world.default is None:
        raise ValueError(
            "Default process group has not been initialized, please make sure to call "
            "init_process_group."
        )
    if group is None:
        return _world.default
    if isinstance(group, _NonMember):
        raise ValueError("this process is not a member of the group")
    return group


def _get_default_group():
    return _resolve(None)


def get_rank(group=None):
    """This process's number; -1 in a group of others."""
    if isinstance(group, _NonMember):
        return -1
    return _resolve(group).rank()


def get_world_size(group=None):
    """The number of members; -1 for a group of others."""
    if isinstance(group, _NonMember):
        return -1
    return _resolve(group).size()


def get_backend(group=None):
    """The name of the back-end."""
    return _resolve(group).name()


def get_process_group_ranks(group=None):
    """Global numbers of the members."""
    return list(_resolve(group)._ranks)


def get_global_rank(group, group_rank):
    """The global number of a member."""
    ranks = _resolve(group)._ranks
    if not 0 <= group_rank < len(ranks):
        raise ValueError(f"Group rank {group_rank} is not part of group {group}")
    return ranks[group_rank]


def get_group_rank(group, global_rank):
    """A member's number in the group."""
    ranks = _resolve(group)._ranks
    if global_rank not in ranks:
        raise ValueError(f"Global rank {global_rank} is not part of group {group}")
    return ranks.index(global_rank)


def _member(rank):
    if rank != 0:
        raise ValueError(f"rank {rank} is outside a world of one process")


def _done(async_op):
    return Work() if async_op else None


@no_grad()
def _copy(target, source):
    if target._a.size != source._a.size:
        raise ValueError(
            f"output of {list(target.shape)} for an input of {list(source.shape)} in a group of one"
        )
    target.copy_(source.reshape(target._a.shape))


def _pair_of_lists(outputs, tensor):
    if len(outputs) != 1:
        raise ValueError(f"a group of one needs a list of one tensor, got {len(outputs)}")
    _copy(outputs[0], tensor)


def barrier(group=None, async_op=False, device_ids=None):
    """Nobody to wait for."""
    _resolve(group)
    return _done(async_op)


def all_reduce(tensor, op=ReduceOp.SUM, group=None, async_op=False):
    """The tensor is the reduction of one value."""
    _resolve(group)
    _check_tensor(tensor)
    return _done(async_op)


def _check_tensor(tensor):
    if not isinstance(tensor, Tensor):
        raise TypeError(
            "Invalid function argument. Expected parameter `tensor` of type torch.Tensor, got "
            f"{type(tensor)}"
        )


def reduce(tensor, dst=None, op=ReduceOp.SUM, group=None, async_op=False, group_dst=None):
    """The tensor is the reduction of one value."""
    _member(dst or group_dst or 0)
    return all_reduce(tensor, op, group, async_op)


def broadcast(tensor, src=None, group=None, async_op=False, group_src=None):
    """The tensor is already where it should be."""
    _member(src or group_src or 0)
    return all_reduce(tensor, ReduceOp.SUM, group, async_op)


def all_gather(tensor_list, tensor, group=None, async_op=False):
    """The only entry of the list gets the tensor."""
    _resolve(group)
    _pair_of_lists(tensor_list, tensor)
    return _done(async_op)


def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """The output gets the input."""
    _resolve(group)
    _copy(output_tensor, input_tensor)
    return _done(async_op)


def reduce_scatter(output, input_list, op=ReduceOp.SUM, group=None, async_op=False):
    """The output gets the only entry of the list."""
    _resolve(group)
    if len(input_list) != 1:
        raise ValueError(f"a group of one needs a list of one tensor, got {len(input_list)}")
    _copy(output, input_list[0])
    return _done(async_op)


def reduce_scatter_tensor(output, input, op=ReduceOp.SUM, group=None, async_op=False):
    """The output gets the input."""
    return all_gather_into_tensor(output, input, group, async_op)


def all_to_all_single(
    output, input, output_split_sizes=None, input_split_sizes=None, group=None, async_op=False
):
    """The output gets the input."""
    return all_gather_into_tensor(output, input, group, async_op)


def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """The only output gets the only input."""
    return reduce_scatter(output_tensor_list[0], input_tensor_list, ReduceOp.SUM, group, async_op)


def gather(tensor, gather_list=None, dst=None, group=None, async_op=False, group_dst=None):
    """The only entry of the list gets the tensor."""
    _member(dst or group_dst or 0)
    return all_gather(gather_list, tensor, group, async_op)


def scatter(tensor, scatter_list=None, src=None, group=None, async_op=False, group_src=None):
    """The tensor gets the only entry of the list."""
    _member(src or group_src or 0)
    return reduce_scatter(tensor, scatter_list, ReduceOp.SUM, group, async_op)


def all_gather_object(object_list, obj, group=None):
    """The only entry of the list becomes the object."""
    _resolve(group)
    object_list[0] = obj


def gather_object(obj, object_gather_list=None, dst=None, group=None, group_dst=None):
    """The only entry of the list becomes the object."""
    _member(dst or group_dst or 0)
    all_gather_object(object_gather_list, obj, group)


def broadcast_object_list(object_list, src=None, group=None, device=None, group_src=None):
    """The list is already what it should be."""
    _resolve(group)
    _member(src or group_src or 0)


def scatter_object_list(output_list, input_list, src=None, group=None, group_src=None):
    """The only output becomes the only input."""
    _member(src or group_src or 0)
    all_gather_object(output_list, input_list[0], group)


send = absent_function("torch.distributed.send", "there is no other process")
recv = absent_function("torch.distributed.recv", "there is no other process")
isend = absent_function("torch.distributed.isend", "there is no other process")
irecv = absent_function("torch.distributed.irecv", "there is no other process")


def batch_isend_irecv(p2p_op_list):
    """Transfers to other processes, of which there are none."""
    if p2p_op_list:
        raise missing("torch.distributed.batch_isend_irecv", "there is no other process")
    return []


class P2POp:
    """One transfer for batch_isend_irecv."""

    def __init__(self, op, tensor, peer=None, group=None, tag=0, group_peer=None):
        raise missing("torch.distributed.P2POp", "there is no other process")


@contextlib.contextmanager
def _coalescing_manager(group=None, device=None, async_ops=False):
    """Collectives inside happen at once; the handle waits for nothing."""
    yield Work()


__all__ = [
    "HashStore",
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
    "get_process_group_ranks",
    "get_rank",
    "get_world_size",
    "init_process_group",
    "irecv",
    "is_available",
    "is_gloo_available",
    "is_initialized",
    "is_mpi_available",
    "is_nccl_available",
    "is_torchelastic_launched",
    "isend",
    "new_group",
    "recv",
    "reduce",
    "reduce_scatter",
    "reduce_scatter_tensor",
    "scatter",
    "scatter_object_list",
    "send",
]

__getattr__ = module_getattr("torch.distributed.distributed_c10d")
