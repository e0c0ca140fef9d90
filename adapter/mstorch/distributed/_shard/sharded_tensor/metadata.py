# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What all processes know of a sharded tensor."""

import enum
from dataclasses import dataclass, field

from mstorch import _device, _dtypes
from mstorch._errors import module_getattr


class MEM_FORMAT_ENCODING(enum.Enum):
    """How files write a memory format."""

    TORCH_CONTIGUOUS_FORMAT = 0
    TORCH_CHANNELS_LAST = 1
    TORCH_PRESERVE_FORMAT = 2


_FORMATS = (_device.contiguous_format, _device.channels_last, _device.preserve_format)


@dataclass
class TensorProperties:
    """What a tensor is apart from its shape. Files have the memory format as `encoding`."""

    dtype: _dtypes.dtype = field(default_factory=_dtypes.get_default_dtype)
    layout: _device.layout = _device.strided
    requires_grad: bool = False
    memory_format: _device.memory_format = _device.contiguous_format
    pin_memory: bool = False

    _encoding = MEM_FORMAT_ENCODING

    def __getstate__(self):
        if self.memory_format not in _FORMATS:
            raise RuntimeError(f"Invalid torch.memory_format: {self.memory_format}")
        encoded = self._encoding(_FORMATS.index(self.memory_format))
        return (self.dtype, self.layout, self.requires_grad, encoded, self.pin_memory)

    def __setstate__(self, state):
        self.dtype, self.layout, self.requires_grad, encoded, self.pin_memory = state
        self.memory_format = _FORMATS[encoded.value]

    @classmethod
    def create_from_tensor(cls, tensor):
        """The properties of a tensor."""
        return cls(
            dtype=tensor.dtype,
            layout=tensor.layout,
            requires_grad=tensor.requires_grad,
            pin_memory=tensor.is_pinned(),
        )


@dataclass
class ShardedTensorMetadata:
    """The place of every shard, and the whole's size and properties."""

    shards_metadata: list = field(default_factory=list)
    size: _device.Size = field(default_factory=_device.Size)
    tensor_properties: TensorProperties = field(default_factory=TensorProperties)


__getattr__ = module_getattr("torch.distributed._shard.sharded_tensor.metadata")
