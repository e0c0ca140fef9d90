# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors of the meta device: a shape, a type and strides, and no numbers.

They are made by what makes tensors of sizes, converted, copied and viewed, and filling one changes
nothing; whatever would read a number is an error. So networks can be built of them, and be given
their numbers later. Behind one lies memory that is never touched, so the system does not provide
it.
"""

import copy

import numpy

from mstorch import _device, _dtypes
from mstorch._tensor import Tensor, attributes_of, wrap

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
_FILLS = (
    "bernoulli_",
    "exponential_",
    "fill_",
    "log_normal_",
    "normal_",
    "random_",
    "uniform_",
    "zero_",
)
_VIEWS = (
    "__getitem__",
    "chunk",
    "detach",
    "expand",
    "expand_as",
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
    data = property(lambda self: with_outline(self.__dict__["_outline"]))
    is_leaf = property(lambda self: True)
    grad_fn = property(lambda self: None)

    @property
    def requires_grad(self):
        return self.__dict__["_wants_grad"]

    @requires_grad.setter
    def requires_grad(self, value):
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad=True):
        """Note whether gradients are wanted once there are numbers."""
        dtype = self.dtype
        if requires_grad and not (dtype.is_floating_point or dtype.is_complex):
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        self.__dict__["_wants_grad"] = bool(requires_grad)
        return self

    def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False, **layout):
        """Another type; another device is an error, for there is nothing to move."""
        from mstorch._ops.views import arguments_of_to

        dtype, device, copy = arguments_of_to(args, dtype, device, copy)
        if device is not None and not is_meta(device):
            raise NotImplementedError(
                "Cannot copy out of meta tensor; no data! Use torch.nn.Module.to_empty() to move a "
                "module from the meta device, or torch.empty_like(tensor, device=...)."
            )
        same = dtype is None or _dtypes.as_dtype(dtype) is self.dtype
        return self if same and not copy else like(self, dtype)

    def cpu(self, memory_format=None):
        """An error: there is nothing to move."""
        return self.to("cpu")

    def cuda(self, device=None, non_blocking=False, memory_format=None):
        """An error: there is nothing to move."""
        return self.to("cpu")

    def clone(self, *, memory_format=None):
        """Another of the kind."""
        return like(self, None)

    contiguous = clone

    def copy_(self, src, non_blocking=False):
        """Nothing: there is no place for the numbers."""
        return self

    def data_ptr(self):
        """0: there is no memory."""
        return 0

    def __repr__(self):
        kind = "" if self.dtype is _dtypes.get_default_dtype() else f", dtype={self.dtype}"
        wants = ", requires_grad=True" if self.requires_grad else ""
        return f"tensor(..., device='meta', size={tuple(self.shape)}{kind}{wants})"

    __str__ = __repr__

    def __format__(self, spec):
        return object.__format__(self, spec)

    def __deepcopy__(self, memo):
        twin = with_outline(self.__dict__["_outline"])
        twin.__class__ = type(self)
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(attributes_of(self), memo))
        return twin


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
    tensor.__dict__["_wants_grad"] = False
    return tensor


def like(tensor, dtype) -> MetaTensor:
    """A tensor of the meta device in the shape of another, of a type or of its own."""
    kind = _dtypes.numpy_of(tensor.dtype if dtype is None else _dtypes.as_dtype(dtype))
    return with_outline(wrap(numpy.zeros(tuple(tensor.shape), kind)))


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


def _fill(name):
    def call(self, *args, **kwargs):
        return self

    call.__doc__ = "Nothing: there are no numbers to change."
    return call


def _conversion(dtype):
    def convert(self, memory_format=None):
        return self.to(dtype)

    convert.__doc__ = f"Another tensor of the meta device, as {dtype}."
    return convert


for _name, _type in (
    ("float", _dtypes.float32),
    ("double", _dtypes.float64),
    ("half", _dtypes.float16),
    ("bfloat16", _dtypes.bfloat16),
):
    setattr(MetaTensor, _name, _conversion(_type))
for _names, _make in (
    (_FACTS, _fact),
    (_ANSWERS, _answer),
    (_VIEWS, _view),
    (_FILLS, _fill),
):
    for _name in _names:
        setattr(MetaTensor, _name, _make(_name))
