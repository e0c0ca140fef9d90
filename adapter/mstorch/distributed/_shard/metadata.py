# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed._shard.metadata: where a shard lies in its tensor."""

from mstorch._errors import module_getattr
from mstorch.distributed.remote_device import _remote_device


class ShardMetadata:
    """The place of a shard: its offsets and sizes in the whole tensor, and who holds it."""

    __slots__ = ("placement", "shard_offsets", "shard_sizes")

    def __init__(self, shard_offsets, shard_sizes, placement=None):
        if len(shard_offsets) != len(shard_sizes):
            raise ValueError(
                "shard_offsets and shard_sizes should have the same number of elements, found "
                f"{len(shard_offsets)} and {shard_sizes} respectively"
            )
        for name, numbers in (("shard_offsets", shard_offsets), ("shard_sizes", shard_sizes)):
            if any(number < 0 for number in numbers):
                raise ValueError(f"{name} should be >= 0, got {numbers}")
        self.shard_offsets = shard_offsets
        self.shard_sizes = shard_sizes
        self.placement = _remote_device(placement) if isinstance(placement, str) else placement

    def _key(self):
        return tuple(self.shard_offsets), tuple(self.shard_sizes), self.placement

    def __eq__(self, other):
        return isinstance(other, ShardMetadata) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def __repr__(self):
        return (
            f"ShardMetadata(shard_offsets={self.shard_offsets}, shard_sizes={self.shard_sizes}, "
            f"placement={self.placement})"
        )


__getattr__ = module_getattr("torch.distributed._shard.metadata")
