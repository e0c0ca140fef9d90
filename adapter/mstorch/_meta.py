# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors of the meta device: a shape, a type and strides, and no numbers.

They are made by what makes tensors of sizes, and viewed; whatever would read or write a number is
an error. Behind one lies memory that is never touched, so the system does not provide it.
"""

import numpy

from mstorch import _device
from mstorch._tensor import Tensor, wrap

META = _device.device("meta")

_FACTS = ("dtype", "itemsize", "nbytes", "ndim", "shape")
_ANSWERS = (
    "__len__",
    "dim",
    "element_size",
    "is_complex",
    "is_contiguous",
    "is_floating_point",
    "is_signed",
    "ndimension",
    "nelement",
    "numel",
    "size",
    "storage_offset",
    "stride",
)
_VIEWS = (
    "__getitem__",
    "chunk",
    "detach",
    "expand",
    "flatten",
    "narrow",
    "permute",
    "reshape",
    "select",
    "split",
    "squeeze",
    "t",
    "transpose",
    "unbind",
    "unflatten",
    "unsqueeze",
    "view",
)


class MetaTensor(Tensor):
    """A tensor without numbers."""

    @property
    def _a(self):
        # Not MissingAPI, which is an AttributeError: Python would look for the name elsewhere.
        raise NotImplementedError(
            "a tensor of the meta device has a shape and a type, and no numbers: mstorch has no "
            "such operator for it; make the tensor on the CPU"
        )

    device = property(lambda self: META)
    is_cpu = property(lambda self: False)
    is_meta = property(lambda self: True)

    def cpu(self, memory_format=None):
        """An error: there is nothing to move."""
        return self._a

    cuda = cpu

    def __repr__(self):
        return f"tensor(..., device='meta', size={tuple(self.shape)}, dtype={self.dtype})"

    __str__ = __repr__

    def __format__(self, spec):
        return object.__format__(self, spec)

    def __deepcopy__(self, memo):
        return with_outline(self.__dict__["_outline"])


def is_meta(device) -> bool:
    """Whether an argument `device` names the meta device."""
    return device == "meta" or device == META


def with_outline(outline: Tensor) -> MetaTensor:
    """A tensor of the meta device that looks like another.

    To MindSpore it is one bool, which no compiled operator takes for numbers.
    """
    tensor = wrap(numpy.zeros((), numpy.bool_))
    del tensor.__dict__["_a"]
    tensor.__class__ = MetaTensor
    tensor.__dict__["_outline"] = outline
    return tensor


def _fact(name):
    return property(lambda self: getattr(self.__dict__["_outline"], name))


def _answer(name):
    return lambda self, *args, **kwargs: getattr(self.__dict__["_outline"], name)(*args, **kwargs)


def _view(name):
    def call(self, *args, **kwargs):
        result = getattr(self.__dict__["_outline"], name)(*args, **kwargs)
        if isinstance(result, Tensor):
            return with_outline(result)
        return tuple(with_outline(part) for part in result)

    return call


for _names, _make in ((_FACTS, _fact), (_ANSWERS, _answer), (_VIEWS, _view)):
    for _name in _names:
        setattr(MetaTensor, _name, _make(_name))
