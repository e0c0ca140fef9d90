# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Fitting out the Tensor class: operators become methods, and what MindSpore offers under torch's
names is covered.

`mindspore.Tensor` has many methods with torch's names and other semantics. Those that mstorch does
not define are hidden behind an error, so that nothing answers in torch's name with MindSpore's
meaning.
"""

from mstorch import _accumulation, _registry, autograd
from mstorch._errors import missing
from mstorch._tensor import MindSporeTensor, Tensor

# What MindSpore's own Python code and ours need of the base class.
_KEPT = frozenset(
    ("asnumpy", "contiguous", "data", "dtype", "is_contiguous", "shape", "stride", "storage_offset")
)


class _Hidden:
    """Stands before an attribute of the base class that mstorch does not define."""

    def __init__(self, name):
        self._name = name

    def __get__(self, instance, owner):
        raise missing(f"torch.Tensor.{self._name}")

    def __set__(self, instance, value):
        instance.__dict__[self._name] = value


def _hook_caller(hook):
    def call(gradient):
        from mstorch._tensor import adopt

        return hook(adopt(gradient))

    return call


def register_hook(self, hook):
    """Call `hook(gradient)` when this tensor's gradient is known; what it returns replaces the
    gradient.
    """
    if not self._requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    _accumulation.mark_hooked(self._grad_node)
    return MindSporeTensor.register_hook(self, _hook_caller(hook))


def retain_grad(self):
    """Keep the gradient of a tensor that is no leaf in its `.grad`."""
    if not self._requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if not self._is_leaf and not self.__dict__.get("_retained"):
        self._retained = True
        register_hook(self, _keeper(self))


def _keeper(tensor):
    import weakref

    reference = weakref.ref(tensor)

    def keep(gradient):
        owner = reference()
        if owner is not None and _accumulation.is_first_time(owner):
            before = owner.grad
            owner.grad = gradient.clone() if before is None else before + gradient

    return keep


def install(cls: type = Tensor) -> None:
    """Attach methods and cover the rest of the base class."""
    for name, function in _registry.registered("Tensor").items():
        setattr(cls, name, function)
    cls.backward = autograd.tensor_backward
    cls.register_hook = register_hook
    cls.retain_grad = retain_grad
    cls.retains_grad = property(lambda self: self.__dict__.get("_retained", False))
    own = set(cls.__dict__)
    for name in dir(MindSporeTensor):
        if not name.startswith("_") and name not in own and name not in _KEPT:
            setattr(cls, name, _Hidden(name))
