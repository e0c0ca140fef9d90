# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Modules that hold modules or parameters."""

import collections
import operator

from mstorch.nn.modules.module import Module
from mstorch.nn.parameter import Parameter


def _position(index, length):
    index = operator.index(index)
    if not -length <= index < length:
        raise IndexError(f"index {index} is out of range")
    return index % length if length else index


class _Ordered(Module):
    """Modules in an order; deleting some numbers the others anew."""

    def __delitem__(self, index):
        names = list(self._modules)
        for name in (
            names[index] if isinstance(index, slice) else [names[_position(index, len(names))]]
        ):
            delattr(self, name)
        self._modules = {str(i): m for i, m in enumerate(self._modules.values())}

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())


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

    def append(self, module):
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def forward(self, input):
        for module in self:
            input = module(input)
        return input


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

    def append(self, module):
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self, index, module):
        """Add a module before a position."""
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._modules = {str(i): m for i, m in enumerate(modules)}

    def extend(self, modules):
        """Add several modules at the end."""
        for module in list(modules):
            self.append(module)
        return self


class _ByName(Module):
    """What a dictionary of modules and one of parameters have in common."""

    _registry = ""

    def _items(self):
        return self.__dict__[self._registry]

    def __getitem__(self, key):
        return self._items()[key]

    def __delitem__(self, key):
        del self._items()[key]

    def __len__(self):
        return len(self._items())

    def __iter__(self):
        return iter(self._items())

    def __contains__(self, key):
        return key in self._items()

    def keys(self):
        """The names."""
        return self._items().keys()

    def values(self):
        """What the names stand for."""
        return self._items().values()

    def items(self):
        """Pairs of both."""
        return self._items().items()

    def pop(self, key):
        """Remove an entry and return it."""
        return self._items().pop(key)

    def clear(self):
        """Remove all entries."""
        self._items().clear()

    def update(self, entries):
        """Add entries from a mapping or from pairs."""
        for key, value in dict(entries).items():
            self[key] = value


class ModuleDict(_ByName):
    """Modules by name."""

    _registry = "_modules"

    def __init__(self, modules=None):
        super().__init__()
        self.update(modules or {})

    def __setitem__(self, key, module):
        self.add_module(key, module)


class ParameterList(Module):
    """Parameters in a list."""

    def __init__(self, values=None):
        super().__init__()
        for value in values or ():
            self.append(value)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return ParameterList(list(self._parameters.values())[index])
        return self._parameters[str(_position(index, len(self)))]

    def __setitem__(self, index, value):
        self._parameters[str(_position(index, len(self)))] = _as_parameter(value)

    def __len__(self):
        return len(self._parameters)

    def __iter__(self):
        return iter(self._parameters.values())

    def append(self, value):
        """Add a parameter at the end."""
        self.register_parameter(str(len(self)), _as_parameter(value))
        return self


class ParameterDict(_ByName):
    """Parameters by name."""

    _registry = "_parameters"

    def __init__(self, parameters=None):
        super().__init__()
        self.update(parameters or {})

    def __setitem__(self, key, value):
        self._parameters[key] = _as_parameter(value)


def _as_parameter(value):
    return value if isinstance(value, Parameter) else Parameter(value)
