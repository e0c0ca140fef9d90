# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Where two parts of a tensor meet."""

from mstorch._errors import module_getattr


def _check_shard_metadata_pair_overlap(shard1, shard2):
    """Whether two parts have an element in common."""
    return all(
        max(first, second) < min(first + size1, second + size2)
        for first, size1, second, size2 in zip(
            shard1.offsets, shard1.sizes, shard2.offsets, shard2.sizes, strict=True
        )
    )


def _shards_get_overlap_region_wrt_saved_tensor(saved_shard, current_shard):
    """For each dimension (its number, where the common region begins in the saved part, where in
    the current one, its length).
    """
    region = []
    places = zip(
        saved_shard.offsets,
        saved_shard.sizes,
        current_shard.offsets,
        current_shard.sizes,
        strict=True,
    )
    for dim, (saved, saved_size, current, current_size) in enumerate(places):
        start = max(saved, current)
        end = min(saved + saved_size, current + current_size)
        region.append((dim, start - saved, start - current, end - start))
    return region


__getattr__ = module_getattr("torch.distributed.checkpoint.resharding")
