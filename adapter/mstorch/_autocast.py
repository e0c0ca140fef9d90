# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Mixed precision: which operators change the types of their operands under autocast, and the
state that says whether they do.

The lists are PyTorch's for the CPU. Float64 is never changed. What an operator is composed of is
not cast again: only the names that callers use are.
"""

import functools
import threading
import weakref

from mstorch import _dtypes, _engine, _registry
from mstorch._tensor import Tensor

LOWER = (
    "torch.matmul",
    "Tensor.matmul",
    "Tensor.__matmul__",
    "Tensor.__rmatmul__",
    "torch.mm",
    "Tensor.mm",
    "torch.bmm",
    "Tensor.bmm",
    "torch.addmm",
    "Tensor.addmm",
    "torch.baddbmm",
    "Tensor.baddbmm",
    "torch.einsum",
    "torch.nn.functional.linear",
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.functional.conv1d",
    "torch.nn.functional.conv2d",
    "torch.nn.functional.conv3d",
    "torch.nn.functional.prelu",
    "torch.prelu",
    "torch.conv1d",
    "torch.conv2d",
    "torch.conv3d",
)
FLOAT32 = (
    "torch.prod",
    "Tensor.prod",
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.grid_sample",
    "torch.nn.functional.huber_loss",
    "torch.nn.functional.kl_div",
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.mse_loss",
    "torch.nn.functional.nll_loss",
    "torch.nn.functional.smooth_l1_loss",
)
WIDEST = ("torch.cat", "torch.concat", "torch.concatenate", "torch.stack")


class _State(threading.local):
    """The switches of one thread. `active` is the CPU's type while its autocast is on."""

    def __init__(self):
        self.active = None
        self.enabled = {"cpu": False, "cuda": False}
        self.dtypes = {"cpu": _dtypes.bfloat16, "cuda": _dtypes.float16}
        self.caches = True
        self.depth = 0
        self.cache = {}

    def refresh(self):
        self.active = self.dtypes["cpu"] if self.enabled["cpu"] else None


state = _State()


def _cast(tensor, dtype):
    """A floating point tensor in another type; parameters are cast once until the context ends."""
    own = tensor.dtype
    if own is dtype or own is _dtypes.float64 or not own.is_floating_point:
        return tensor
    if not (
        state.caches
        and own is _dtypes.float32
        and dtype is not own
        and tensor._requires_grad
        and tensor._is_leaf
        and tensor._base is None
        and _engine.is_recording()
    ):
        return tensor.to(dtype)
    known = state.cache.get((id(tensor), dtype))
    if known is not None and known[0]() is tensor:
        return known[1]
    twin = tensor.to(dtype)
    state.cache[id(tensor), dtype] = (weakref.ref(tensor), twin)
    return twin


def _cast_all(value, dtype):
    if isinstance(value, Tensor):
        return _cast(value, dtype)
    if type(value) in (list, tuple):
        return type(value)(_cast_all(item, dtype) for item in value)
    return value


def _widest(value, default):
    """float32 where one of the tensors has it, as torch promotes; otherwise the lower type."""
    tensors = value if isinstance(value, (list, tuple)) else [value]
    kinds = {t.dtype for t in tensors if isinstance(t, Tensor) and t.is_floating_point()}
    return _dtypes.float32 if kinds - {default} else default


def _under_autocast(function, choose):
    """The operator, with its operands cast while autocast is on; choose(first argument, lower
    type) names the type.
    """

    @functools.wraps(function)
    def call(*args, **kwargs):
        lower = state.active
        if lower is None:
            return function(*args, **kwargs)
        dtype = choose(args[0] if args else None, lower)
        args = [_cast_all(arg, dtype) for arg in args]
        kwargs = {name: _cast_all(value, dtype) for name, value in kwargs.items() if name != "out"}
        return function(*args, **kwargs)

    return call


_POLICIES = (
    (LOWER, lambda first, lower: lower),
    (FLOAT32, lambda first, lower: _dtypes.float32),
    (WIDEST, _widest),
)


def install() -> None:
    """Put the casting in front of the registered operators."""
    for names, choose in _POLICIES:
        for name in names:
            entry = _registry.OPERATORS[name]
            wrapped = _under_autocast(entry.cpu, choose)
            _registry.OPERATORS[name] = _registry.Operator(name, wrapped, entry.ascend)
