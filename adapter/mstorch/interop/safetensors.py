# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The functions of `safetensors.torch`, and `safe_open`, for tensors of mstorch, by the package
`safetensors`.
"""

import json
import os

import numpy
import safetensors
from safetensors import TensorSpec, deserialize, serialize, serialize_file

from mstorch import _device, _dtypes
from mstorch._errors import missing
from mstorch._ops import creation
from mstorch._tensor import Tensor, address_of, memory_of, wrap

_TYPES = {
    "F64": _dtypes.float64,
    "F32": _dtypes.float32,
    "F16": _dtypes.float16,
    "BF16": _dtypes.bfloat16,
    "I64": _dtypes.int64,
    "I32": _dtypes.int32,
    "I16": _dtypes.int16,
    "I8": _dtypes.int8,
    "U8": _dtypes.uint8,
    "BOOL": _dtypes.bool,
    "C64": _dtypes.complex64,
}


def save(tensors, metadata=None):
    """The bytes of a file with these tensors, a dict by name; `metadata` maps strings to strings.

    Tensors must be contiguous (ValueError) and share no memory (RuntimeError).
    """
    return bytes(serialize(_described(tensors), metadata=metadata))


def save_file(tensors, filename, metadata=None):
    """Write a file with these tensors, a dict by name, as `save` does."""
    partial = f"{os.fspath(filename)}.partial"
    try:
        serialize_file(_described(tensors), partial, metadata=metadata)
        os.replace(partial, filename)
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise


def load(data):
    """The tensors in the bytes of a file, a dict by name; SafetensorError where it is damaged."""
    return {name: _tensor(name, entry) for name, entry in deserialize(bytes(data))}


def load_file(filename, device="cpu"):
    """The tensors of a file, a dict by name, on the device that mstorch computes on."""
    _device.check_device(device)
    with open(filename, "rb") as stream:
        return load(stream.read())


def safe_open(filename, framework, device="cpu"):
    """A file whose tensors are read one by one, or in slices: a context that gives `keys()`,
    `metadata()`, `get_tensor(name)` and `get_slice(name)`.

    What is asked for as PyTorch's ("pt", "torch", "pytorch") are tensors of mstorch; for any other
    framework this is the package's own.
    """
    if framework not in ("pt", "torch", "pytorch"):
        return safetensors.safe_open(filename, framework, device)
    return _Opened(filename, device)


class _Opened:
    """What safe_open gives. The package checks the file; the numbers are read here."""

    def __init__(self, filename, device):
        self._device = _device.device(device)
        if self._device.type != "meta":
            _device.check_device(self._device)
        self._filename = os.fspath(filename)
        # The checks are in the opening; its own reading knows no bfloat16.
        with safetensors.safe_open(self._filename, "numpy") as checked:
            self._metadata, self._names = checked.metadata(), checked.offset_keys()
        with open(self._filename, "rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            self._entries = json.loads(stream.read(length))
        self._start = 8 + length

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Nothing is held open."""

    def keys(self):
        """The names of the tensors, sorted."""
        return sorted(self._names)

    def offset_keys(self):
        """The names of the tensors in the order of the file."""
        return list(self._names)

    def metadata(self):
        """The strings that the file has beside its tensors, or None."""
        return self._metadata

    def get_slice(self, name):
        """A tensor of which parts can be read: `get_slice(name)[2:5, :]`."""
        if name not in self._entries or name == "__metadata__":
            raise safetensors.SafetensorError(f"File does not contain tensor {name}")
        return _Slice(self, name, self._entries[name])

    def get_tensor(self, name):
        """A whole tensor."""
        return self.get_slice(name)[...]

    def read(self, entry, kind, index):
        """A part of a tensor as a new one."""
        start, end = entry["data_offsets"]
        if start == end:
            array = numpy.zeros(entry["shape"], kind)
        else:
            memory = numpy.memmap(
                self._filename, numpy.uint8, "r", self._start + start, (end - start,)
            )
            array = numpy.asarray(memory).view(kind).reshape(entry["shape"])
        return creation.finish(numpy.array(array[index]), self._device)


class _Slice:
    """A tensor in a file."""

    def __init__(self, file, name, entry):
        self._file, self._entry = file, entry
        self._kind = _type_of(name, entry["dtype"]).numpy

    def get_shape(self):
        """The sizes, a list."""
        return list(self._entry["shape"])

    def get_dtype(self):
        """The type as safetensors writes it, such as "BF16"."""
        return self._entry["dtype"]

    def __getitem__(self, index):
        return self._file.read(self._entry, self._kind, index)


def save_model(model, filename, metadata=None, force_contiguous=True):
    """Write the state of a module. Of tensors that share memory one is written, which must cover
    the memory; the metadata says which one stands for the others.
    """
    state = model.state_dict()
    removed = _removed(state, ())
    metadata = {**removed, **(metadata or {})}
    kept = {name: value for name, value in state.items() if name not in removed}
    if force_contiguous:
        kept = {name: value.contiguous() for name, value in kept.items()}
    save_file(kept, filename, metadata)


def load_model(model, filename, strict=True, device="cpu"):
    """Load a file into a module; gives the names that the file lacks, and those it has too many of.
    With `strict` either is a RuntimeError.
    """
    state = load_file(filename, device)
    absent, unexpected = model.load_state_dict(state, strict=False)
    absent = set(absent) - _removed(model.state_dict(), state).keys()
    if strict and (absent or unexpected):
        raise RuntimeError(
            f"Error(s) in loading state_dict for {type(model).__name__}: Missing key(s): "
            f"{sorted(absent)}, unexpected key(s): {sorted(unexpected)}"
        )
    return absent, unexpected


def storage_ptr(tensor):
    """The address of the memory that the tensor is a part of."""
    return tensor.untyped_storage().data_ptr()


def storage_size(tensor):
    """The bytes of that memory."""
    return tensor.untyped_storage().nbytes()


def _described(tensors):
    """What the package asks about tensors: it reads their memory, which the caller keeps alive."""
    if not isinstance(tensors, dict):
        raise ValueError(
            f"Expected a dict of [str, torch.Tensor] but received {type(tensors).__name__}"
        )
    for name, value in tensors.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f"Key `{name}` is invalid, expected torch.Tensor but received "
                f"{type(value).__name__}"
            )
        if not value.is_contiguous():
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}`. Call `.contiguous()` "
                "on it first."
            )
        if value.dtype not in _TYPES.values():
            raise ValueError(f"`{name}` is of type {value.dtype}, which safetensors does not have")
    shared = _shared(tensors)
    if shared:
        raise RuntimeError(
            f"Some tensors share memory, this will lead to duplicate memory on disk: {shared}. Use "
            "`save_model`, which writes one of them."
        )
    return {
        name: TensorSpec(
            dtype=value.dtype.name,
            shape=value.shape,
            data_ptr=address_of(value._a),
            data_len=value.nbytes,
        )
        for name, value in tensors.items()
    }


def _type_of(name, spelled):
    dtype = _TYPES.get(spelled)
    if dtype is None:
        raise missing(
            "safetensors.torch.load", f"{name!r} is of type {spelled}, which mstorch has not"
        )
    return dtype


def _tensor(name, entry):
    dtype = _type_of(name, entry["dtype"])
    memory = numpy.frombuffer(bytearray(entry["data"]), numpy.uint8)
    return wrap(memory.view(dtype.numpy).reshape(entry["shape"]))


def _extent(tensor):
    """The first byte and the byte after the last of what a tensor's elements lie in."""
    return numpy.byte_bounds(tensor._a) if tensor._a.size else (0, 0)


def _shared(tensors):
    """The groups of names whose tensors overlap in memory, each sorted."""
    groups, end = [], None
    for (low, high), name in sorted((_extent(value), name) for name, value in tensors.items()):
        if low == high:
            continue
        if end is None or low >= end:
            groups.append([])
        groups[-1].append(name)
        end = high if end is None else max(end, high)
    return [sorted(group) for group in groups if len(group) > 1]


def _removed(state, preferred):
    """The names that are not written, each with the one that stands for it."""
    removed = {}
    for group in _shared(state):
        whole = [name for name in group if _covers(state[name])]
        if not whole:
            raise RuntimeError(
                f"Error while trying to find names to remove to save state dict, but found no "
                f"suitable name to keep for saving amongst: {group}. None is covering the entire "
                "storage."
            )
        kept = next((name for name in whole if name in preferred), whole[0])
        removed.update({name: kept for name in group if name != kept})
    return removed


def _covers(tensor):
    memory = memory_of(tensor)
    return address_of(memory) == _extent(tensor)[0] and memory.size == tensor.nbytes
