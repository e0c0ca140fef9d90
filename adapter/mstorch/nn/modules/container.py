# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Modules that hold modules or parameters."""

import collections
import operator

from mstorch._tensor import Tensor
from mstorch.nn.modules.module import Module
from mstorch.nn.parameter import Parameter


def _position(index, length):
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"index {index} is out of range")
    return index % length if length else index


class _Ordered(Module):
    """Modules in an order; inserting or deleting some numbers the others anew."""

    def __delitem__(self, index):
        names = list(self._modules)
        for name in (
            names[index] if isinstance(index, slice) else [names[_position(index, len(names))]]
        ):
            delattr(self, name)
        self._number(self._modules.values())

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def _number(self, modules):
        self._modules = {str(number): module for number, module in enumerate(modules)}

    def append(self, module):
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Add several modules at the end."""
        if not isinstance(modules, collections.abc.Iterable):
            raise TypeError(
                f"{type(self).__name__}.extend should be called with an iterable, but got "
                f"{type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index, module):
        """Add a module before a position."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        modules = list(self)
        modules.insert(index, module)
        self._number(modules)
        return self

    def pop(self, key):
        """Remove a module and return it."""
        module = self[key]
        del self[key]
        return module


class Sequential(_Ordered):
    """Modules one after the other."""

    def __init__(self, *args):
        super().__init__()
        if len(args) == 1 and isinstance(args[0], collections.OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for i, module in enumerate(args):
                self.add_module(str(i), module)

    def __getitem__(self, index):
        items = list(self._modules.items())
        if isinstance(index, slice):
            return type(self)(collections.OrderedDict(items[index]))
        return items[_position(index, len(items))][1]

    def __setitem__(self, index, module):
        setattr(self, list(self._modules)[_position(index, len(self))], module)

    def __add__(self, other):
        return Sequential(*self, *other)

    def __iadd__(self, other):
        return self.extend(other)

    def insert(self, index, module):
        """Add a module before a position, which must be there or the end."""
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        return super().insert(index, module)

    def __mul__(self, count):
        return Sequential(*(list(self) * _count(count)))

    __rmul__ = __mul__

    def __imul__(self, count):
        return self.extend(list(self) * (_count(count) - 1))

    def forward(self, input):
        for module in self:
            input = module(input)
        return input


def _count(value):
    """How often a sequence is to be repeated."""
    if not isinstance(value, int):
        raise TypeError(f"a Sequential is multiplied by an int, got {type(value)}")
    if value <= 0:
        raise ValueError(f"a Sequential is multiplied by a positive number, got {value}")
    return value


class ModuleList(_Ordered):
    """Modules in a list."""

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[str(_position(index, len(self)))]

    def __setitem__(self, index, module):
        setattr(self, str(_position(index, len(self))), module)

    def __add__(self, other):
        return ModuleList([*self, *other])

    def __iadd__(self, modules):
        return self.extend(modules)


def _pairs(entries, kind):
    """What a mapping or an iterable of pairs says, as pairs."""
    if isinstance(entries, Module):
        return list(entries.items())
    if not isinstance(entries, collections.abc.Iterable):
        raise TypeError(
            f"{kind}.update should be called with an iterable of key/value pairs, but got "
            f"{type(entries).__name__}"
        )
    if isinstance(entries, collections.abc.Mapping):
        return list(entries.items())
    for number, pair in enumerate(entries):
        if not isinstance(pair, collections.abc.Iterable):
            raise TypeError(
                f"{kind} update sequence element #{number} should be Iterable; is"
                f"{type(pair).__name__}"
            )
        if len(pair) != 2:
            raise ValueError(
                f"{kind} update sequence element #{number} has length {len(pair)}; 2 is required"
            )
    return list(entries)


class ModuleDict(Module):
    """Modules by name."""

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        del self._modules[key]

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def keys(self):
        """The names."""
        return self._modules.keys()

    def values(self):
        """The modules."""
        return self._modules.values()

    def items(self):
        """Pairs of both."""
        return self._modules.items()

    def pop(self, key):
        """Remove an entry and return it."""
        return self._modules.pop(key)

    def clear(self):
        """Remove all entries."""
        self._modules.clear()

    def update(self, modules):
        """Add entries from a mapping or from pairs."""
        for key, module in _pairs(modules, "ModuleDict"):
            self[key] = module


def _as_parameter(value):
    """A tensor becomes a Parameter; anything else is kept as it is."""
    tensor = isinstance(value, Tensor) and not isinstance(value, Parameter)
    return Parameter(value) if tensor else value


def _described(value, kind):
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    sizes = "x".join(map(str, value.shape))
    return f"Parameter containing: [{kind(value)} of size {sizes}]"


class ParameterList(Module):
    """Parameters, and whatever else, in a list. Tensors become Parameters."""

    def __init__(self, values=None):
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name(self, index):
        return str(_position(index, len(self)))

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(list(self)[index])
        return getattr(self, self._name(index))

    def __setitem__(self, index, value):
        setattr(self, self._name(index), _as_parameter(value))

    def __len__(self):
        return self._size

    def __iter__(self):
        return (getattr(self, str(number)) for number in range(len(self)))

    def __iadd__(self, values):
        return self.extend(values)

    def __dir__(self):
        return [name for name in super().__dir__() if not name.isdigit()]

    def append(self, value):
        """Add an entry at the end."""
        self._size += 1
        self[-1] = value
        return self

    def extend(self, values):
        """Add several entries at the end."""
        if not isinstance(values, collections.abc.Iterable) or isinstance(values, Tensor):
            raise TypeError(
                "ParameterList.extend should be called with an iterable, but got "
                f"{type(values).__name__}"
            )
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self):
        return "\n".join(
            f"  ({number}): {_described(value, lambda tensor: tensor.dtype)}"
            for number, value in enumerate(self)
        )

    def __call__(self, *args, **kwargs):
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """Parameters, and whatever else, by name. Tensors become Parameters."""

    def __init__(self, parameters=None):
        super().__init__()
        self._keys = {}
        if parameters is not None:
            self.update(parameters)

    def _name(self, key):
        if not isinstance(key, str):
            raise TypeError(
                "Index given to ParameterDict cannot be used as a key as it is not a string "
                f"(type is '{type(key).__name__}')."
            )
        return key

    def __getitem__(self, key):
        return getattr(self, self._name(key))

    def __setitem__(self, key, value):
        self._keys[self._name(key)] = None
        setattr(self, key, _as_parameter(value))

    def __delitem__(self, key):
        del self._keys[key]
        delattr(self, key)

    def __len__(self):
        return len(self._keys)

    def __iter__(self):
        return iter(self._keys)

    def __reversed__(self):
        return reversed(self._keys)

    def __contains__(self, key):
        return key in self._keys

    def __or__(self, other):
        joined = self.copy()
        joined.update(other)
        return joined

    def __ror__(self, other):
        joined = type(self)(dict(other.items()))
        joined.update(self)
        return joined

    def __ior__(self, other):
        self.update(other)
        return self

    def copy(self):
        """Another dictionary of the same values."""
        return type(self)(dict(self.items()))

    def fromkeys(self, keys, default=None):
        """A dictionary with one value under several names."""
        return type(self)(dict.fromkeys(keys, default))

    def keys(self):
        """The names."""
        return self._keys.keys()

    def values(self):
        """What the names stand for."""
        return (self[key] for key in self._keys)

    def items(self):
        """Pairs of both."""
        return ((key, self[key]) for key in self._keys)

    def get(self, key, default=None):
        """What a name stands for, or a default."""
        return getattr(self, key) if key in self._keys else default

    def setdefault(self, key, default=None):
        """What a name stands for; a default, added, where it is not there."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key):
        """Remove an entry and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        """Remove the entry that was added last and return its name and value."""
        key = next(reversed(self._keys), None)
        if key is None:
            raise KeyError("dictionary is empty")
        return key, self.pop(key)

    def clear(self):
        """Remove all entries."""
        for key in list(self._keys):
            del self[key]

    def update(self, parameters):
        """Add entries from a mapping or from pairs."""
        for key, value in _pairs(parameters, "ParameterDict"):
            self[key] = value

    def extra_repr(self):
        return "\n".join(
            f"  ({key}): {_described(value, lambda tensor: tensor.type())}"
            for key, value in self.items()
        )

    def __call__(self, input):
        raise RuntimeError("ParameterDict should not be called.")
