# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The sharded tensor itself."""

import itertools
import math

from mstorch import _device
from mstorch._errors import missing, module_getattr
from mstorch.distributed import _groups, distributed_c10d


class ShardedTensor:
    """The shards of a tensor that this process holds, and the places of all others.

    As in torch it has no operators. In torch it counts as a Tensor, here it does not: nothing can
    mistake its memory for the whole.
    """

    def __init__(self, *args, **kwargs):
        raise missing(
            "torch.distributed._shard.sharded_tensor.ShardedTensor",
            "made from local shards only: _init_from_local_shards_and_global_metadata",
        )

    @classmethod
    def _init_from_local_shards_and_global_metadata(
        cls,
        local_shards,
        sharded_tensor_metadata,
        process_group=None,
        init_rrefs=False,
        sharding_spec=None,
    ):
        """The tensor of these shards; no process is asked whether the metadata is true there."""
        if init_rrefs or sharding_spec is not None:
            raise missing("ShardedTensor(init_rrefs=..., sharding_spec=...)")
        places = sharded_tensor_metadata.shards_metadata
        if not places:
            raise ValueError("shards_metadata must not be empty!")
        if sharded_tensor_metadata.tensor_properties.layout is not _device.strided:
            raise ValueError("Only torch.strided layout is currently supported")
        group = _groups.resolve(process_group)
        _check_number(places, local_shards, distributed_c10d.get_rank(group))
        _check_types(local_shards, sharded_tensor_metadata.tensor_properties)
        _check_places(places, sharded_tensor_metadata.size)
        self = cls.__new__(cls)
        self._local_shards = list(local_shards)
        self._metadata = sharded_tensor_metadata
        self._process_group = group
        return self

    def local_shards(self):
        """The shards that this process holds."""
        return self._local_shards

    def local_tensor(self):
        """The only shard that this process holds."""
        if len(self._local_shards) != 1:
            raise NotImplementedError("Only single local shard is supported.")
        return self._local_shards[0].tensor

    def metadata(self):
        """What all processes know of the tensor."""
        return self._metadata

    def size(self, dim=None):
        """The size of the whole, or of one dimension."""
        return self._metadata.size if dim is None else self._metadata.size[dim]

    @property
    def shape(self):
        return self._metadata.size

    def dim(self):
        """The number of dimensions."""
        return len(self._metadata.size)

    @property
    def dtype(self):
        return self._metadata.tensor_properties.dtype

    @property
    def requires_grad(self):
        return self._metadata.tensor_properties.requires_grad

    def __repr__(self):
        return f"ShardedTensor({self._metadata})"


def _check_number(places, shards, rank):
    """What the metadata says lies here must be here."""
    here = [p for p in places if p.placement is not None and p.placement.rank() == rank]
    if len(here) != len(shards):
        raise RuntimeError(
            f"Number of local shards ({len(shards)}) does not match number of local shards "
            f"metadata in sharded_tensor_metadata ({len(here)}) on rank ({rank})"
        )


def _check_types(shards, properties):
    for shard in shards:
        if shard.tensor.dtype is not properties.dtype:
            raise ValueError(
                f"Local shards' tensor dtype is {shard.tensor.dtype}, the whole tensor's is "
                f"{properties.dtype}"
            )
        if not shard.tensor.is_contiguous():
            raise ValueError("Only torch.contiguous_format memory_format is currently supported")


def _check_places(places, size):
    """Shards must lie inside the whole, not overlap, and fill it."""
    for place in places:
        ends = [o + s for o, s in zip(place.shard_offsets, place.shard_sizes, strict=True)]
        if len(ends) != len(size) or any(e > n for e, n in zip(ends, size, strict=True)):
            raise ValueError(f"Shard {place} is outside of tensor dims {list(size)}")
    if sum(math.prod(place.shard_sizes) for place in places) != math.prod(size):
        raise ValueError(f"The shards do not fill the tensor dims {list(size)}: {places}")
    ordered = sorted(places, key=lambda place: tuple(place.shard_offsets))
    for first, second in itertools.pairwise(ordered):
        if _overlap(first, second):
            raise ValueError(f"Shards {first} and {second} overlap")


def _overlap(first, second):
    parts = zip(
        first.shard_offsets,
        first.shard_sizes,
        second.shard_offsets,
        second.shard_sizes,
        strict=True,
    )
    return all(max(o, p) < min(o + s, p + t) for o, s, p, t in parts)


__getattr__ = module_getattr("torch.distributed._shard.sharded_tensor.api")
