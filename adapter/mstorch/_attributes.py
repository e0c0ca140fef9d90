# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Fitting out the Tensor class: operators become methods, and what MindSpore offers under torch's
names is covered.

`mindspore.Tensor` has many methods with torch's names and other semantics. Those that mstorch does
not define are hidden behind an error, so that nothing answers in torch's name with MindSpore's
meaning.
"""

import weakref

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

        changed = hook(adopt(gradient))
        return None if changed is None else _checked(hook, changed, gradient)

    return call


def _checked(hook, changed, gradient):
    """What a hook returned, which must be such a tensor as it was given."""
    if not isinstance(changed, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(changed).__name__}'")
    for what, before, after in (
        ("type", gradient._a.dtype, changed._a.dtype),
        ("size", gradient._a.shape, changed._a.shape),
    ):
        if before != after:
            name = getattr(hook, "__name__", type(hook).__name__)
            raise RuntimeError(
                f"hook '{name}' has changed the {what} of value (was {before}, got {after})"
            )
    return changed


def register_hook(self, hook):
    """Call `hook(gradient)` when this tensor's gradient is known; what it returns replaces the
    gradient. Whatever retains the gradient sees it after all hooks.
    """
    if not self._requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    _accumulation.mark_hooked(self._grad_node)
    handle = MindSporeTensor.register_hook(self, _hook_caller(hook))
    if "_retained" in self.__dict__:
        self._retained.remove()
        self._retain()
    return handle


def register_post_accumulate_grad_hook(self, hook):
    """Call `hook(tensor)` when a backward pass has added to the gradient of this leaf."""
    if not self._requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if not self._is_leaf:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    reference = weakref.ref(self)

    def call(*gradients):
        tensor = reference()
        if tensor is not None:
            hook(tensor)

    with autograd.enable_grad():
        step = self.expand_as(self).grad_fn.next_functions[0][0]
    return step.register_hook(call)


def retain_grad(self):
    """Keep the gradient of a tensor that is no leaf in its `.grad`."""
    if not self._requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if not self._is_leaf and "_retained" not in self.__dict__:
        _accumulation.mark_hooked(self._grad_node)
        self._retain()


def _retain(self):
    self._retained = MindSporeTensor.register_hook(self, _hook_caller(_keeper(self)))


def _keeper(tensor):
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
    cls.register_post_accumulate_grad_hook = register_post_accumulate_grad_hook
    cls.retain_grad = retain_grad
    cls._retain = _retain
    cls.retains_grad = property(lambda self: "_retained" in self.__dict__)
    own = set(cls.__dict__)
    for name in dir(MindSporeTensor):
        if not name.startswith("_") and name not in own and name not in _KEPT:
            setattr(cls, name, _Hidden(name))
