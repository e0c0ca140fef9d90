# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Collectives that carry errors, and access to states and files."""

import io
import os

from mstorch import distributed
from mstorch._device import Size
from mstorch._errors import module_getattr
from mstorch._tensor import Tensor
from mstorch.distributed._shard.sharded_tensor import ShardedTensor
from mstorch.distributed.checkpoint.api import (
    CheckpointException,
    _is_wrapped_exception,
    _wrap_exception,
)
from mstorch.distributed.tensor import DTensor


def _get_failure_dict(results):
    """The errors among the results, by the number of their process."""
    return {i: error for i, error in enumerate(results) if _is_wrapped_exception(error)}


def _attempt(function, *arguments):
    """The result, or the error in a form that can be sent."""
    try:
        return function(*arguments)
    except BaseException as error:
        return _wrap_exception(error)


class _DistWrapper:
    """Collectives on objects in a group, or in this process alone (`use_dist=False`). Of those that
    call functions, an error on one process is a CheckpointException on all.
    """

    def __init__(self, group, use_dist, coordinator_rank):
        self.group = group
        self.use_dist = use_dist
        self.coordinator_rank = coordinator_rank
        self.global_coordinator_rank = coordinator_rank if use_dist else 0
        if use_dist and group is not None:
            self.global_coordinator_rank = distributed.get_global_rank(group, coordinator_rank)
        self.rank = distributed.get_rank(group) if use_dist else 0
        self.is_coordinator = not use_dist or self.rank == coordinator_rank

    def get_rank(self):
        """The number of this process."""
        return self.rank

    def get_world_size(self):
        """The number of processes."""
        return distributed.get_world_size(self.group) if self.use_dist else 1

    def broadcast_object(self, object):
        """The coordinator's object."""
        objects = [object]
        if self.use_dist:
            distributed.broadcast_object_list(
                objects, src=self.global_coordinator_rank, group=self.group
            )
        return objects[0]

    def gather_object(self, object):
        """All objects, on the coordinator."""
        if not self.use_dist:
            return [object]
        objects = [None] * self.get_world_size() if self.is_coordinator else None
        distributed.gather_object(
            object, objects, dst=self.global_coordinator_rank, group=self.group
        )
        return objects

    def all_gather_object(self, object):
        """All objects."""
        if not self.use_dist:
            return [object]
        objects = [None] * self.get_world_size()
        distributed.all_gather_object(objects, object, group=self.group)
        return objects

    def scatter_object(self, object_list):
        """The coordinator's object for this process."""
        if not self.use_dist:
            return object_list[0]
        received = [None]
        distributed.scatter_object_list(
            received,
            object_list if self.is_coordinator else None,
            src=self.global_coordinator_rank,
            group=self.group,
        )
        return received[0]

    def reduce_scatter(self, step, map_fun, reduce_fun):
        """Each process's part of `reduce_fun(all results of map_fun)`, computed by the
        coordinator.
        """
        parts = self._reduced(step, map_fun, reduce_fun)
        if isinstance(parts, CheckpointException):
            parts = [parts] * self.get_world_size()
        return _raised(self.scatter_object(parts))

    def all_reduce(self, step, map_fun, reduce_fun):
        """`reduce_fun(all results of map_fun)`, computed by the coordinator."""
        return _raised(self.broadcast_object(self._reduced(step, map_fun, reduce_fun)))

    def _reduced(self, step, map_fun, reduce_fun):
        """On the coordinator the reduction or the exception; None elsewhere."""
        results = self.gather_object(_attempt(map_fun))
        if not self.is_coordinator:
            return None
        failures = _get_failure_dict(results)
        if failures:
            return CheckpointException(step, failures)
        reduced = _attempt(reduce_fun, results)
        if _is_wrapped_exception(reduced):
            return CheckpointException(step, {self.rank: reduced})
        return reduced

    def all_gather(self, step, map_fun):
        """The results of all processes."""
        results = self.all_gather_object(_attempt(map_fun))
        failures = _get_failure_dict(results)
        if failures:
            raise CheckpointException(step, failures)
        return results

    def broadcast(self, step, map_fun):
        """The coordinator's result."""
        result = _attempt(map_fun) if self.is_coordinator else None
        if _is_wrapped_exception(result):
            result = CheckpointException(step, {self.rank: result})
        return _raised(self.broadcast_object(result))

    def barrier(self):
        """Wait for all processes."""
        if self.use_dist:
            distributed.barrier(self.group)


def _raised(result):
    if isinstance(result, CheckpointException):
        raise result
    return result


def find_tensor_shard(tensor, index):
    """The part of a tensor that is here and begins at the offsets of the index."""
    if isinstance(tensor, ShardedTensor):
        return _find_shard(tensor, index).tensor
    if index.offset is not None and any(index.offset):
        raise ValueError(
            f"FQN: '{index.fqn}' is not a ShardedTensor, can't find by offset: '{index.offset}'"
        )
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _find_shard(tensor, index):
    if index.offset is None:
        raise ValueError(
            f"Cannot lookup {index.fqn} since its a ShardedTensor and no offset was provided"
        )
    for shard in tensor.local_shards():
        if Size(shard.metadata.shard_offsets) == index.offset:
            return shard
    raise ValueError(f"Could not find shard at '{index.offset}' for FQN: '{index.fqn}'")


def find_state_dict_object(state_dict, index):
    """The entry of an index, or the part of it that the index names."""
    if index.fqn not in state_dict:
        raise ValueError(f"Could not find FQN: '{index.fqn}'")
    value = state_dict[index.fqn]
    if isinstance(value, (Tensor, ShardedTensor)):
        return find_tensor_shard(value, index)
    if index.offset is not None:
        raise ValueError(
            f"FQN: '{index.fqn}' is not a ShardedTensor, can't find by offset: '{index.offset}'"
        )
    return value


class _FileView(io.RawIOBase):
    """A part of a file, as a file. RuntimeError where the file ends before it."""

    def __init__(self, file, offset, length):
        end = file.seek(0, os.SEEK_END)
        if offset + length > end:
            raise RuntimeError(
                f"{getattr(file, 'name', 'the file')} is truncated: it should have an entry up to "
                f"byte {offset + length}, and ends at {end}"
            )
        self._file, self._start, self._length, self._at = file, offset, length, 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._at

    def seek(self, offset, whence=os.SEEK_SET):
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer):
        count = max(0, min(len(buffer), self._length - self._at))
        self._file.seek(self._start + self._at)
        count = self._file.readinto(memoryview(buffer)[:count])
        self._at += count
        return count


def _create_file_view(file, offset, length):
    return io.BufferedReader(_FileView(file, offset, length))


__getattr__ = module_getattr("torch.distributed.checkpoint.utils")
