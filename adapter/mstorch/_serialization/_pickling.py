# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Pickling as torch.save does: tensors are views of storages, which lie outside the pickle."""

import collections
import pickle
import types
from typing import ClassVar

from mstorch import _dtypes, _storage
from mstorch._errors import missing
from mstorch._serialization import _names, _rebuild
from mstorch._tensor import Tensor, attributes_of
from mstorch.nn.parameter import Parameter


class Storages:
    """The storages of one file: each gets a number when it is first met."""

    def __init__(self):
        self._numbers = {}
        self._types = {}
        self.memories = []
        self.item_sizes = []

    def describe(self, storage):
        """What a pickle has in place of a storage: type, key, location, number of elements."""
        untyped = storage.untyped()
        kind = (
            _storage.UNTYPED
            if untyped is storage
            else _storage.STORAGE_TYPES.get(storage.dtype, _storage.UNTYPED)
        )
        address = untyped.data_ptr()
        if address and self._types.setdefault(address, kind) is not kind:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different "
                "types"
            )
        number = self._numbers.setdefault(address or ("empty", id(untyped)), len(self._numbers))
        if number == len(self.memories):
            self.memories.append(untyped)
            self.item_sizes.append(kind.dtype.itemsize)
        elif self.memories[number].nbytes() != untyped.nbytes():
            raise RuntimeError("two storages of different sizes begin at the same address")
        count = untyped.nbytes() // kind.dtype.itemsize
        return ("storage", kind, str(number), "cpu", count)


class Pickler(pickle._Pickler):
    """A pickler that writes torch's names, and storages as references into `storages`.

    The one written in Python, because the other looks every name up in the module it writes down.
    """

    def __init__(self, file, protocol, storages=None, view_entry=False):
        super().__init__(file, protocol)
        self._storages = storages
        self._tail = (None,) if view_entry else ()

    def persistent_id(self, obj):
        """The reference to a storage; None for anything else."""
        if isinstance(obj, (_storage.TypedStorage, _storage.UntypedStorage)):
            if self._storages is None:
                raise TypeError("a tensor cannot be pickled here: there is no place for its memory")
            return self._storages.describe(obj) + self._tail
        return None

    def reducer_override(self, obj):
        """How torch's own types are taken apart."""
        kind = type(obj)
        if isinstance(obj, Tensor):
            return _reduce_tensor(obj)
        if kind is _dtypes.dtype or kind is _storage.StorageType:
            return obj.name
        return NotImplemented

    def save_global(self, obj, name=None):
        """Write an object by its name, torch's where it has one."""
        found = _names.torch_name(obj)
        if found is None:
            super().save_global(obj, name)
            return
        module, last = found
        if self.proto >= 4:
            self.save(module)
            self.save(last)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{module}\n{last}\n".encode())
        self.memoize(obj)

    # Spelt out, because the table of the base class is changed by dill, which MindSpore imports.
    dispatch: ClassVar = {
        type(None): pickle._Pickler.save_none,
        bool: pickle._Pickler.save_bool,
        int: pickle._Pickler.save_long,
        float: pickle._Pickler.save_float,
        bytes: pickle._Pickler.save_bytes,
        bytearray: pickle._Pickler.save_bytearray,
        str: pickle._Pickler.save_str,
        tuple: pickle._Pickler.save_tuple,
        list: pickle._Pickler.save_list,
        dict: pickle._Pickler.save_dict,
        set: pickle._Pickler.save_set,
        frozenset: pickle._Pickler.save_frozenset,
        type: pickle._Pickler.save_type,
        types.FunctionType: save_global,
    }


def _reduce_tensor(tensor):
    """What rebuilds a tensor: a function of torch's and its arguments."""
    state = attributes_of(tensor)
    if isinstance(tensor, Parameter) and type(tensor) is Parameter:
        arguments = (tensor.data, tensor.requires_grad, collections.OrderedDict())
        if state:
            return (_rebuild.rebuild_parameter_with_state, (*arguments, state))
        return (_rebuild.rebuild_parameter, arguments)
    if not getattr(type(tensor), "_can_be_saved", True):
        raise missing(f"torch.save of a {type(tensor).__name__}", "save its to_local()")
    rebuild, arguments = _reduce_view(tensor)
    if type(tensor) is Tensor and not state:
        return (rebuild, arguments)
    return (_rebuild.rebuild_from_type_v2, (rebuild, type(tensor), arguments, state))


def _reduce_view(tensor):
    old = tensor.dtype in _storage.STORAGE_TYPES
    place = (
        tensor._typed_storage() if old else tensor.untyped_storage(),
        tensor.storage_offset(),
        tuple(tensor.shape),
        tensor.stride(),
        tensor.requires_grad,
        collections.OrderedDict(),
    )
    return (
        (_rebuild.rebuild_tensor_v2, place)
        if old
        else (_rebuild.rebuild_tensor_v3, (*place, tensor.dtype))
    )
