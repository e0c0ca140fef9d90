# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A shard that this process holds."""

from mstorch._errors import module_getattr
from mstorch.distributed._shard.metadata import ShardMetadata
from mstorch.distributed.remote_device import _remote_device


class Shard:
    """A part of a sharded tensor, with its place in the whole."""

    __slots__ = ("metadata", "tensor")

    def __init__(self, tensor, metadata):
        if list(tensor.size()) != list(metadata.shard_sizes):
            raise ValueError(
                "Shard tensor size does not match with metadata.shard_lengths! Found shard tensor "
                f"size: {list(tensor.size())}, metadata.shard_lengths: {metadata.shard_sizes}"
            )
        placement = metadata.placement
        if placement is not None and placement.device() != tensor.device:
            raise ValueError(
                "Local shard tensor device does not match with local Shard's placement! Found "
                f"local shard tensor device: {tensor.device}, local shard metadata placement "
                f"device: {placement.device()}"
            )
        self.tensor = tensor
        self.metadata = metadata

    @classmethod
    def from_tensor_and_offsets(cls, tensor, shard_offsets, rank):
        """The shard that begins at these offsets and is held by process `rank`."""
        placement = _remote_device(f"rank:{rank}/{tensor.device}")
        return cls(tensor, ShardMetadata(shard_offsets, list(tensor.size()), placement))


__getattr__ = module_getattr("torch.distributed._shard.sharded_tensor.shard")
