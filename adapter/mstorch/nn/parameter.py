# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.nn.Parameter: a tensor that a module registers as its own."""

import numpy

from mstorch import _meta
from mstorch._errors import absent_class, module_getattr
from mstorch._tensor import Tensor, wrap


class _ParameterMeta(type(Tensor)):
    """A tensor that a subclass marks with `_is_param` counts as a Parameter."""

    def __instancecheck__(cls, instance):
        return super().__instancecheck__(instance) or (
            isinstance(instance, Tensor) and instance.__dict__.get("_is_param", False)
        )


class Parameter(Tensor, metaclass=_ParameterMeta):
    """The memory of `data` as a leaf that requires grad."""

    def __new__(cls, data=None, requires_grad=True):
        if data is None:
            parameter = wrap(numpy.zeros(0, numpy.float32))
        elif isinstance(data, _meta.MetaTensor):
            parameter = data.data
            cls = _MetaParameter
        elif isinstance(data, Tensor):
            parameter = data.data
        else:
            raise TypeError(f"a Parameter is made of a Tensor, got {type(data).__name__}")
        parameter.__class__ = cls
        return parameter.requires_grad_(requires_grad)

    __hash__ = Tensor.__hash__


class _MetaParameter(_meta.MetaTensor, Parameter):
    """A Parameter of the meta device, which waits for its numbers."""

    __hash__ = Tensor.__hash__

    def __repr__(self):
        return f"Parameter containing:\n{super().__repr__()}"

    __str__ = __repr__


class _BufferMeta(type(Tensor)):
    """A marker type: buffers are ordinary tensors with an attribute."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, Tensor) and instance.__dict__.get("_is_buffer", False)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a module keeps without training it, made by assigning it to an attribute."""

    def __new__(cls, data=None, *, persistent=True):
        buffer = Parameter(data, False).detach()
        buffer._is_buffer = True
        buffer.persistent = persistent
        return buffer

    __hash__ = Tensor.__hash__


UninitializedParameter = absent_class(
    "torch.nn.parameter.UninitializedParameter", "lazy modules", Parameter
)
__getattr__ = module_getattr("torch.nn.parameter")
