# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.utils.data.distributed: the part of the items that one process of several reads."""

import math

from mstorch import _random, distributed
from mstorch._errors import module_getattr
from mstorch._ops import sampling
from mstorch.utils.data.sampler import Sampler


class DistributedSampler(Sampler):
    """Every num_replicas-th item from rank on, of all in an order that set_epoch changes."""

    def __init__(
        self, dataset, num_replicas=None, rank=None, shuffle=True, seed=0, drop_last=False
    ):
        num_replicas = distributed.get_world_size() if num_replicas is None else num_replicas
        rank = distributed.get_rank() if rank is None else rank
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]"
            )
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.epoch, self.drop_last, self.shuffle, self.seed = 0, drop_last, shuffle, seed
        count = len(dataset)
        if drop_last and count % num_replicas:
            self.num_samples = math.ceil((count - num_replicas) / num_replicas)
        else:
            self.num_samples = math.ceil(count / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self):
        order = list(range(len(self.dataset)))
        if self.shuffle:
            generator = _random.Generator().manual_seed(self.seed + self.epoch)
            order = sampling.randperm(len(self.dataset), generator=generator).tolist()
        missing = self.total_size - len(order)
        if missing > 0 and not self.drop_last:
            order += (order * math.ceil(missing / len(order)))[:missing]
        return iter(order[: self.total_size][self.rank :: self.num_replicas])

    def __len__(self):
        return self.num_samples

    def set_epoch(self, epoch):
        """Another order for another epoch."""
        self.epoch = epoch


__getattr__ = module_getattr("torch.utils.data.distributed")
