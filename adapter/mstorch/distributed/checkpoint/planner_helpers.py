# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The items of a plan, made from what is in a state."""

from mstorch._device import Size
from mstorch._errors import module_getattr
from mstorch._tensor import Tensor
from mstorch.distributed._shard.sharded_tensor import ShardedTensor
from mstorch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    MetadataIndex,
    TensorProperties,
)
from mstorch.distributed.checkpoint.planner import (
    LoadItemType,
    ReadItem,
    TensorWriteData,
    WriteItem,
    WriteItemType,
)
from mstorch.distributed.checkpoint.resharding import (
    _check_shard_metadata_pair_overlap,
    _shards_get_overlap_region_wrt_saved_tensor,
)
from mstorch.distributed.tensor import DTensor


def _chunk_of_tensor(tensor):
    return ChunkStorageMetadata(Size([0] * tensor.dim()), tensor.size())


def _chunk_for_shard(shard_md):
    return ChunkStorageMetadata(Size(shard_md.shard_offsets), Size(shard_md.shard_sizes))


def _create_write_items(fqn, object):
    """What this process writes of an entry."""
    if isinstance(object, ShardedTensor):
        return [
            _shard_item(fqn, object.metadata(), shard.metadata) for shard in object.local_shards()
        ]
    if not isinstance(object, Tensor):
        return [WriteItem(MetadataIndex(fqn), WriteItemType.BYTE_IO)]
    chunk = _chunk_of_tensor(object)
    kind = WriteItemType.SHARD if isinstance(object, DTensor) else WriteItemType.TENSOR
    data = TensorWriteData(chunk, TensorProperties.create_from_tensor(object), object.size())
    return [WriteItem(MetadataIndex(fqn, chunk.offsets), kind, tensor_data=data)]


def _shard_item(fqn, whole, shard_md):
    kind = whole.tensor_properties
    properties = TensorProperties(
        kind.dtype, kind.layout, kind.requires_grad, kind.memory_format, kind.pin_memory
    )
    chunk = _chunk_for_shard(shard_md)
    data = TensorWriteData(chunk, properties, whole.size)
    return WriteItem(MetadataIndex(fqn, chunk.offsets), WriteItemType.SHARD, tensor_data=data)


def _create_read_items(fqn, md, obj):
    """What this process reads into an entry."""
    if isinstance(md, BytesStorageMetadata):
        index, nothing = MetadataIndex(fqn), Size((0,))
        return [ReadItem(LoadItemType.BYTE_IO, index, nothing, index, nothing, nothing)]
    if isinstance(obj, ShardedTensor):
        chunks = [_chunk_for_shard(shard.metadata) for shard in obj.local_shards()]
    elif isinstance(obj, Tensor):
        chunks = [_chunk_of_tensor(obj)]
    else:
        raise ValueError(
            f"Invalid checkpoint metadata for {fqn}, expected BytesStorageMetadata but found "
            f"{type(md)}"
        )
    return create_read_items_for_chunk_list(fqn, md, chunks)


def create_read_items_for_chunk_list(fqn, checkpoint_md, local_chunks):
    """The regions of saved parts that together fill the local ones."""
    items = []
    for number, chunk in enumerate(local_chunks):
        for saved_number, saved in enumerate(checkpoint_md.chunks):
            if not _check_shard_metadata_pair_overlap(chunk, saved):
                continue
            region = _shards_get_overlap_region_wrt_saved_tensor(saved, chunk)
            items.append(
                ReadItem(
                    LoadItemType.TENSOR,
                    dest_index=MetadataIndex(fqn, chunk.offsets, number),
                    dest_offsets=Size(dest for _, _, dest, _ in region),
                    storage_index=MetadataIndex(fqn, saved.offsets, saved_number),
                    storage_offsets=Size(start for _, start, _, _ in region),
                    lengths=Size(length for _, _, _, length in region),
                )
            )
    return items


def narrow_by_index(tensor, offsets, sizes):
    """The view of a tensor that begins at the offsets and has the sizes."""
    for dim, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
        if size < tensor.size(dim):
            tensor = tensor.narrow(dim, offset, size)
    return tensor


__getattr__ = module_getattr("torch.distributed.checkpoint.planner_helpers")
