# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Unpickling what torch.save wrote: in safe mode a machine that can only build what torch's
weights_only mode allows, otherwise pickle's own with torch's names turned into mstorch's.
"""

import collections
import pickle
import pickletools
import struct

from mstorch._errors import MissingAPI
from mstorch._serialization import _names
from mstorch._tensor import Tensor
from mstorch.nn.parameter import Parameter

# The operations that torch's weights_only mode has. Those of later protocols are not among them.
_OPERATIONS = [
    "APPEND",
    "APPENDS",
    "BINFLOAT",
    "BINGET",
    "BININT",
    "BININT1",
    "BININT2",
    "BINPERSID",
    "BINPUT",
    "BINUNICODE",
    "BUILD",
    "EMPTY_DICT",
    "EMPTY_LIST",
    "EMPTY_SET",
    "EMPTY_TUPLE",
    "GLOBAL",
    "LONG1",
    "LONG_BINGET",
    "LONG_BINPUT",
    "MARK",
    "NEWFALSE",
    "NEWOBJ",
    "NEWTRUE",
    "NONE",
    "PROTO",
    "REDUCE",
    "SETITEM",
    "SETITEMS",
    "SHORT_BINSTRING",
    "STOP",
    "TUPLE",
    "TUPLE1",
    "TUPLE2",
    "TUPLE3",
]
_GUARDED = ["REDUCE", "NEWOBJ", "BUILD", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "BINPERSID"]
_DAMAGE = (EOFError, IndexError, AttributeError, ValueError, TypeError, struct.error)
_MAPPINGS = (dict, collections.OrderedDict, collections.Counter)


def _is_one_of(value, allowed):
    return any(value is entry for entry in allowed.values())


class SafeUnpickler(pickle._Unpickler):
    """Builds lists, tuples, dicts, sets, numbers, strings and what `find_class` allows; calls
    nothing else.
    """

    def find_class(self, module, name):
        """The object of a name; UnpicklingError unless it is allowed."""
        return _names.find_safe(module, name)

    def is_allowed(self, value):
        """Whether a function may be called, a class instantiated, an instance given its state."""
        return _is_one_of(value, _names.safe()) or _is_one_of(value, _names.user_allowed())

    def load(self):
        """The object; UnpicklingError for anything that is not allowed or not a pickle."""
        try:
            return super().load()
        except (pickle.UnpicklingError, MissingAPI):
            raise
        except KeyError as error:
            raise pickle.UnpicklingError(f"Unsupported operand {error}") from error
        except _DAMAGE as error:
            raise pickle.UnpicklingError(f"the pickle is damaged: {error}") from error

    def load_reduce(self):
        """Call a function, if it is an allowed one."""
        function = self.stack[-2]
        if not self.is_allowed(function):
            raise pickle.UnpicklingError(
                f"Trying to call reduce for unrecognized function {function}"
            )
        super().load_reduce()

    def load_newobj(self):
        """Make an instance of an allowed class."""
        kind, arguments = self.stack[-2:]
        if kind is Parameter:
            self.stack[-2:] = [Parameter(*arguments)]
        elif isinstance(kind, type) and self.is_allowed(kind):
            super().load_newobj()
        else:
            raise pickle.UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via "
                f"`add_safe_globals` but got {kind}"
            )

    def load_build(self):
        """Give an instance its state."""
        instance = self.stack[-2]
        kind = type(instance)
        if isinstance(instance, Tensor):
            raise pickle.UnpicklingError(
                f"a {kind.__name__} with a state of its own, as torch wrote before version 0.4, "
                "cannot be loaded: load and save the file with a later torch"
            )
        if kind is not collections.OrderedDict and not self.is_allowed(kind):
            raise pickle.UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via "
                f"`add_safe_globals`, but got {kind}"
            )
        super().load_build()

    def load_append(self):
        """Append to a list."""
        self._expect(self.stack[-2], (list,))
        super().load_append()

    def load_appends(self):
        """Append to a list."""
        self._expect(self.metastack[-1][-1], (list,))
        super().load_appends()

    def load_setitem(self):
        """Set an entry of a dict."""
        self._expect(self.stack[-3], _MAPPINGS)
        super().load_setitem()

    def load_setitems(self):
        """Set entries of a dict."""
        self._expect(self.metastack[-1][-1], _MAPPINGS)
        super().load_setitems()

    def load_binpersid(self):
        """Fetch a storage, which is all that may lie outside the pickle."""
        reference = self.stack[-1]
        if type(reference) is not tuple or not reference or _text(reference[0]) != "storage":
            raise pickle.UnpicklingError(
                f"Only persistent_load of storage is allowed, but got {reference!r}"
            )
        super().load_binpersid()

    def _expect(self, target, kinds):
        if type(target) not in kinds:
            raise pickle.UnpicklingError(
                f"Can only add entries to {', '.join(k.__name__ for k in kinds)}, but got "
                f"{type(target)}"
            )


SafeUnpickler.dispatch = {
    **{
        getattr(pickle, name)[0]: pickle._Unpickler.dispatch[getattr(pickle, name)[0]]
        for name in _OPERATIONS
    },
    **{
        getattr(pickle, name)[0]: getattr(SafeUnpickler, f"load_{name.lower()}")
        for name in _GUARDED
    },
}


def _text(value):
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value


def unpickler(base, file, persistent_load, **options):
    """An unpickler of the class `base`, safe or of a pickle module, for a file of torch.save."""

    class TorchUnpickler(base):
        def find_class(self, module, name):
            if base is not SafeUnpickler and module.partition(".")[0] == "torch":
                return _names.find_torch(module, name)
            return super().find_class(module, name)

        def persistent_load(self, reference):
            return persistent_load(reference)

    return TorchUnpickler(file, **options)


def globals_of(data):
    """The full names of all functions and classes that a pickle names; UnpicklingError for one with
    operations that safe mode does not have, as it may name others.
    """
    found = set()
    for operation, argument, _ in pickletools.genops(data):
        if operation.name not in _OPERATIONS:
            raise pickle.UnpicklingError(f"Unsupported operand {operation.name}")
        if operation.name == "GLOBAL":
            found.add(".".join(_names.modern(*argument.split(" ", 1))))
    return found
