# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Operators take MindSpore's own tensors too: such an argument becomes a tensor of mstorch.

That costs nothing where all tensors are mstorch's: operators are tried as they are, and only where
that fails are the arguments looked at. Arithmetic and comparisons, which are called most, look for
themselves.
"""

import functools

from mstorch import _batching, _errors, _registry
from mstorch._tensor import MindSporeTensor, Tensor, adopt


def adopt_all(value) -> bool:
    """Adopt the plain tensors of MindSpore in an argument; whether there was one."""
    if isinstance(value, Tensor):
        return False
    if isinstance(value, MindSporeTensor):
        adopt(value)
        return True
    if isinstance(value, (list, tuple)):
        return any([adopt_all(item) for item in value])
    return False


def _adopting(function, name):
    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except _batching.BatchedArgument as error:
            return _batching.apply(error, call, name, args, kwargs)
        except ValueError as error:
            raise _errors.of_shapes(error) from error
        except (AttributeError, TypeError):
            if not adopt_all([*args, *kwargs.values()]):
                raise
        return function(*args, **kwargs)

    return call


def install() -> None:
    """Put the adoption in front of the registered operators, except the special methods."""
    for name, entry in _registry.OPERATORS.items():
        if not name.startswith("Tensor.__") or name.endswith("matmul__"):
            wrapped = _adopting(entry.cpu, name.rpartition(".")[2])
            _registry.OPERATORS[name] = _registry.Operator(name, wrapped, entry.ascend)
