# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors inside of torch.vmap: each stands for a batch of equal tensors, one of which the mapped
function sees.

A `Batched` holds the whole batch, the batch in front, and the level of the vmap that made it. An
operator that meets one is called again with what the innermost level holds: element by element
operators and selections once, on the whole batch; all others once for each element, which is what
vmap promises to compute.

Operators find out by trying: reading a Batched as an ordinary tensor raises `BatchedArgument`,
which their adoption (`mstorch._adoption`) hands to `apply`. So nothing costs anything outside of
vmap.
"""

import contextlib
import threading

import numpy

from mstorch import _device, _dtypes, _registry
from mstorch._tensor import Tensor, wrap

# Operators whose elements depend on the elements at the same place alone.
_NAMES = """
abs absolute add addcdiv addcmul atan atan2 bfloat16 bitwise_and bitwise_left_shift bitwise_not
bitwise_or bitwise_right_shift bitwise_xor bool ceil clamp clamp_max clamp_min clip clone
contiguous cos cosh detach div divide double empty_like eq erf exp expm1 fix float floor
floor_divide full_like gcd ge greater greater_equal gt half int isclose isfinite isinf isnan lcm
le lerp less less_equal log log10 log1p log2 logical_and logical_not logical_or logical_xor long
lt masked_fill maximum minimum mul multiply ne neg negative not_equal ones_like positive pow
reciprocal relu remainder round rsqrt short sigmoid sign silu sin sinh sqrt square sub subtract
tan tanh to true_divide trunc type_as where zeros_like
__abs__ __add__ __and__ __eq__ __floordiv__ __ge__ __gt__ __invert__ __le__ __lshift__ __lt__
__mod__ __mul__ __ne__ __neg__ __or__ __pos__ __pow__ __radd__ __rand__ __rdiv__ __rfloordiv__
__rmod__ __rmul__ __ror__ __rpow__ __rshift__ __rsub__ __rtruediv__ __rxor__ __sub__ __truediv__
__xor__
"""
_ELEMENTWISE = frozenset(_NAMES.split())
_NEW = frozenset(("new_empty", "new_full", "new_ones", "new_zeros"))


class BatchedArgument(NotImplementedError):
    """A tensor of vmap was read as an ordinary one.

    No AttributeError: an operator that raises one leaves the operation to its other operand.
    """


class Batched(Tensor):
    """One of `_size` equal tensors; `_value` holds all of them, along its first dimension."""

    __slots__ = ()

    def __getattribute__(self, name):
        if name in _OWN:
            return object.__getattribute__(self, name)
        raise AttributeError(name)

    def __getattr__(self, name):
        raise BatchedArgument(
            f"torch.Tensor.{name.lstrip('_') or name} is not implemented by mstorch for tensors "
            "inside of torch.vmap: compute it outside, or call the function in a loop"
        )

    @property
    def shape(self):
        return _device.Size(self._value.shape[1:])

    def size(self, dim=None):
        return self.shape if dim is None else self.shape[dim]

    @property
    def ndim(self):
        return len(self.shape)

    def dim(self):
        return len(self.shape)

    def numel(self):
        return self.shape.numel()

    @property
    def dtype(self):
        return self._value.dtype

    @property
    def device(self):
        return self._value.device

    @property
    def requires_grad(self):
        return self._value.requires_grad

    def is_floating_point(self):
        return self.dtype.is_floating_point

    def is_complex(self):
        return self.dtype.is_complex

    def __len__(self):
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def _refuse(self, *_args):
        raise RuntimeError(
            "vmap: the value of a tensor that is mapped over was asked for, as by .item() or by an "
            "if: there is one for each element of the batch. Use torch.where, or leave vmap"
        )

    item = tolist = __bool__ = __int__ = __float__ = __index__ = _refuse

    def __repr__(self):
        return f"BatchedTensor(lvl={self._level}, value={self._value!r})"

    __hash__ = object.__hash__


_OWN = {"_value", "_level", "__class__", "__dict__", "__hash__", "__iter__", "__len__", "__repr__"}
_OWN |= {name for name in vars(Batched) if not name.startswith("__")}


def batch(value, level):
    """A tensor whose first dimension is the batch, as what one function call at `level` sees."""
    result = wrap(numpy.zeros(0, numpy.bool_))
    result.__class__ = Batched
    state = object.__getattribute__(result, "__dict__")
    state.clear()
    state["_value"], state["_level"] = value, level
    return result


def tensors_in(value):
    """All tensors in an argument."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))


def map_tensors(function, value):
    """The argument with function(tensor) for each tensor in it."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, (list, tuple)):
        items = [map_tensors(function, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {key: map_tensors(function, item) for key, item in value.items()}
    return value


def _is_at(tensor, level):
    return isinstance(tensor, Batched) and tensor._level == level


def apply(error, operator, name, args, kwargs):
    """An operator on arguments of which some are batched; `name` is the last part of its name.
    Where none is, the error by which this was noticed.
    """
    arguments = (args, kwargs)
    levels = [t._level for t in tensors_in(arguments) if isinstance(t, Batched)]
    if not levels:
        raise error
    level = max(levels)
    size = next(t._value.shape[0] for t in tensors_in(arguments) if _is_at(t, level))
    if name in _ELEMENTWISE and "out" not in kwargs and _types_agree(arguments):
        args, kwargs = _aligned(arguments, level)
        return batch(operator(*args, **kwargs), level)
    if (
        name in _NEW
        and _is_at(args[0], level)
        and next(tensors_in((args[1:], kwargs)), None) is None
    ):
        return _new(operator, size, level, *args, **kwargs)
    if name == "__getitem__":
        key = args[1] if isinstance(args[1], tuple) else (args[1],)
        if _selects(key, args[0]):
            return batch(_selected(args[0], key, size, level), level)
    return _one_by_one(operator, name, args, kwargs, size, level)


def _types_agree(arguments):
    """Whether types do not depend on which tensors are scalars: a batch of scalars is none."""
    tensors = list(tensors_in(arguments))
    return len({t.dtype for t in tensors}) == 1 or all(t.ndim for t in tensors)


def _aligned(arguments, level, ndim=None):
    """The arguments with the batches of a level in place of its tensors, and with so many
    dimensions that they broadcast.
    """
    if ndim is None:
        ndim = max(t.ndim for t in tensors_in(arguments))

    def whole(tensor):
        if not _is_at(tensor, level):
            return tensor
        value, missing = tensor._value, ndim - tensor.ndim
        shape = (value.shape[0], *(1,) * missing, *value.shape[1:])
        return value.reshape(shape) if missing else value

    return map_tensors(whole, arguments)


def _new(operator, size, level, tensor, *args, **kwargs):
    if "size" in kwargs:
        kwargs["size"] = (size, *kwargs["size"])
    elif args and isinstance(args[0], int):
        args = (size, *args)
    else:
        args = ((size, *args[0]), *args[1:])
    return batch(operator(tensor._value, *args, **kwargs), level)


def _selects(key, tensor):
    """Whether a key is integers alone, in tensors or not, for the first dimensions."""
    return len(key) <= tensor.ndim and all(
        type(k) is int or (isinstance(k, Tensor) and k.dtype not in (_dtypes.bool, _dtypes.uint8))
        for k in key
    )


def _selected(tensor, key, size, level):
    ndim = max((k.ndim for k in tensors_in(key)), default=0)
    whole = _aligned(tuple(key), level, ndim)
    if _is_at(tensor, level):
        rows = wrap(numpy.arange(size).reshape(size, *(1,) * ndim))
        return tensor._value[(rows, *whole)]
    return tensor[whole]


def _one_by_one(operator, name, args, kwargs, size, level):
    changes = name.startswith("__i") and name != "__invert__"
    changes = changes or name == "__setitem__" or (name.endswith("_") and name[:2] != "__")
    if changes and not _is_at(args[0], level):
        raise RuntimeError(
            f"vmap: inplace arithmetic({name}) is not possible: a tensor that is not mapped over "
            "cannot hold the results for all elements of the batch"
        )
    results = []
    for i in range(size):

        def one(tensor, i=i):
            return tensor._value[i] if _is_at(tensor, level) else tensor

        results.append(operator(*map_tensors(one, args), **map_tensors(one, kwargs)))
    return args[0] if changes else _stacked(results, level, name)


def _stacked(results, level, name):
    first = results[0]
    if isinstance(first, Tensor):
        from mstorch import stack

        return batch(stack(results), level)
    if isinstance(first, (list, tuple)):
        columns = [_stacked(list(column), level, name) for column in zip(*results, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else type(first)(columns)
    if any(result != first for result in results):
        raise RuntimeError(
            f"vmap: {name} gives Python values that differ between the elements of the batch"
        )
    return first


def _batching(function, name):
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except BatchedArgument as error:
            return apply(error, call, name, args, kwargs)

    return call


_SPECIAL: dict = {}
_lock = threading.Lock()
_running = 0


def install() -> None:
    """Give Batched torch's methods, and note the special methods, which do not look for it."""
    for name, function in _registry.registered("Tensor").items():
        if name.startswith("__"):
            function = _SPECIAL[name] = _batching(function, name)
        setattr(Batched, name, function)
        _OWN.add(name)


@contextlib.contextmanager
def running():
    """While this lasts, special methods of ordinary tensors look for batched operands."""
    global _running
    with _lock:
        _running += 1
        for name, method in _SPECIAL.items():
            setattr(Tensor, name, method)
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if not _running:
                for name in _SPECIAL:
                    setattr(Tensor, name, _registry.OPERATORS[f"Tensor.{name}"].cpu)
