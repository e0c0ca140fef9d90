# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed.tensor.placement_types: how a tensor is spread along a dimension of a mesh."""

from dataclasses import dataclass

from mstorch._errors import module_getattr


class Placement:
    """The base of all placements."""

    def is_shard(self, dim=None):
        """Whether each process holds a part (cut along `dim`)."""
        return False

    def is_replicate(self):
        """Whether each process holds the whole."""
        return False

    def is_partial(self, reduce_op=None):
        """Whether each process holds a term of a sum, or of another reduction."""
        return False


@dataclass(frozen=True)
class Shard(Placement):
    """Each process holds a part, cut along dimension `dim`."""

    dim: int

    def is_shard(self, dim=None):
        """Whether it is cut along `dim`."""
        return dim is None or self.dim == dim


@dataclass(frozen=True)
class Replicate(Placement):
    """Each process holds the whole."""

    def is_replicate(self):
        """True."""
        return True


@dataclass(frozen=True)
class Partial(Placement):
    """Each process holds a term; all terms together are the tensor."""

    reduce_op: str = "sum"

    def is_partial(self, reduce_op=None):
        """Whether the terms are combined by `reduce_op`."""
        return reduce_op is None or self.reduce_op == reduce_op


__getattr__ = module_getattr("torch.distributed.tensor.placement_types")
