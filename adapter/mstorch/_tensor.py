# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The tensor: a subclass of MindSpore's, with torch's attributes, whose memory NumPy kernels read
and write in place.

A `Tensor` is always a MindSpore tensor: MindSpore's autograd, operators and msops take it as it is.
On the CPU its memory is also visible as a NumPy array, `_a`, with the same strides; kernels compute
on that. The class of MindSpore's results is changed to `Tensor` after the fact (`adopt`), so stock
`mindspore.Tensor` is never touched.
"""

import ctypes
import weakref

import numpy
from mindspore import Tensor as MindSporeTensor
from mindspore import _c_expression as _c
from mindspore.ops.auto_generate.gen_ops_prim import as_strided_op

from mstorch import _accumulation, _device, _dtypes, _engine
from mstorch._errors import missing

_from_numpy = _c.TensorPy.from_numpy
_data_ptr = _c.TensorPy._data_ptr
_shape_of = _c.TensorPy._shape.__get__
_as_strided = _c.pyboost_as_strided
_item = _c.TensorPy._itemsize.__get__
_ndarray = numpy.ndarray


class Storage:
    """What tensors that share memory have in common: a version, the differentiable views to keep
    up to date, and the size in bytes where code has changed it.
    """

    __slots__ = ("_limit", "_views", "nbytes", "version")

    def __init__(self):
        self.version = 0
        self.nbytes = None
        self._views = []
        self._limit = 16

    def add_view(self, view) -> None:
        if len(self._views) >= self._limit:
            self._views = [r for r in self._views if r() is not None]
            self._limit = max(16, 2 * len(self._views))
        self._views.append(weakref.ref(view))

    def live_views(self) -> list:
        return [view for view in (r() for r in self._views) if view is not None]


class _MemoryAlias:
    """`tensor._a`: computed on first use, then an ordinary entry of the instance's dictionary,
    which takes precedence.
    """

    def __get__(self, tensor, owner):
        if tensor is None:
            return self
        array = tensor.__dict__["_a"] = _memory_of(tensor)
        return array


# Arrays of gradients on their way through the engine, by address. It hands on the same memory in a
# new Python object, for which asking MindSpore again is slow. A live array owns its address.
_in_flight: dict[int, weakref.ref] = {}


def send(tensor) -> None:
    """Note the array of a gradient that is given to the engine."""
    array = tensor._a
    _in_flight[address_of(array)] = weakref.ref(array)


def forget_sent() -> None:
    """Forget all arrays that were noted."""
    _in_flight.clear()


def _memory_of(tensor) -> _ndarray:
    """A NumPy array over the tensor's own memory, with its strides."""
    reference = _in_flight.get(_data_ptr(tensor))
    if reference is not None:
        array = reference()
        if (
            array is not None
            and array.shape == _shape_of(tensor)
            and array.itemsize == _item(tensor)
        ):
            return array
    array = _c.TensorPy.asnumpy(tensor)
    if MindSporeTensor.is_contiguous(tensor):
        return array
    strides = tuple(s * array.itemsize for s in MindSporeTensor.stride(tensor))
    extent = (
        sum((n - 1) * s for n, s in zip(array.shape, strides, strict=False)) + array.itemsize
        if array.size
        else 0
    )
    buffer = (ctypes.c_char * extent).from_address(MindSporeTensor._data_ptr(tensor))
    buffer.owner = tensor
    return _ndarray(array.shape, array.dtype, buffer, 0, strides)


def bits(array: _ndarray) -> _ndarray:
    """An array whose elements can be moved about: bfloat16 as 16 plain bits.

    NumPy's selection by a mask fails on MindSpore's bfloat16 where an operand has strides.
    """
    return array.view(numpy.uint16) if array.dtype == _engine.bfloat16_numpy else array


def address_of(array: _ndarray) -> int:
    return array.__array_interface__["data"][0]


def adopt(tensor):
    """Make a tensor that MindSpore's engine produced one of ours."""
    tensor.__class__ = Tensor
    return tensor


def wrap(array):
    """A new tensor that owns the memory of a kernel's result."""
    if type(array) is not _ndarray:
        array = numpy.asarray(array)
    elif not array.flags.c_contiguous:
        array = numpy.ascontiguousarray(array)
    tensor = _from_numpy(array)
    tensor.__class__ = Tensor
    tensor._a = array
    return tensor


def wrap_laid_out(array):
    """As wrap, but a result whose dimensions lie in another order in memory stays as it is: what
    element by element operators make of operands that do, in torch and in NumPy.
    """
    if type(array) is not _ndarray:
        array = numpy.asarray(array)
    elif not array.flags.c_contiguous:
        return _permuted(array)
    tensor = _from_numpy(array)
    tensor.__class__ = Tensor
    tensor._a = array
    return tensor


def _permuted(array):
    order = memory_order(array)
    memory = array.transpose(order)
    if not memory.flags.c_contiguous:
        memory = numpy.ascontiguousarray(memory)
        array = memory.transpose(numpy.argsort(order))
    item = array.itemsize
    steps = tuple([s // item for s in array.strides])
    tensor = _as_strided(as_strided_op, [_from_numpy(memory), array.shape, steps, 0])
    tensor.__class__ = Tensor
    tensor._a, tensor._m = array, memory
    return tensor


def memory_order(*arrays):
    """The dimensions of arrays of one shape from the largest step in memory to the smallest, as
    torch sorts those of results: what the first array does not tell, because a step is 0 or two are
    equal, the next one does.
    """
    shape = arrays[0].shape
    order = list(range(len(shape)))[::-1]
    for i in range(1, len(order)):
        at = i
        for before in range(i - 1, -1, -1):
            swap = _lies_outside(order[before], order[at], arrays)
            if swap > 0:
                order[before], order[at] = order[at], order[before]
                at = before
            elif swap < 0:
                break
    return tuple(order[::-1])


def _lies_outside(one, other, arrays):
    """1 where a dimension belongs outside of another, -1 where inside, 0 where nothing tells."""
    for array in arrays:
        first, second = array.strides[one], array.strides[other]
        if not first or not second:
            continue
        if first != second:
            return 1 if first > second else -1
        if array.shape[one] > array.shape[other]:
            return 1
    return 0


def laid_out_like(array, elements):
    """Elements in the order of memory as an array in the shape of another, whose dimensions lie in
    the order of that one's.
    """
    if array.flags.c_contiguous:
        return elements.reshape(array.shape)
    return _in_order(memory_order(array), elements, array.shape)


def _in_order(order, elements, shape):
    return elements.reshape([shape[d] for d in order]).transpose(numpy.argsort(order))


def laid_out_as_torch(result, *operands):
    """The result of an element by element kernel with its dimensions in the order that torch
    chooses: NumPy prefers the given order where operands differ, torch the order of the first.
    """
    if result.ndim < 2:
        return result
    spread = [_spread_out(o, result.shape) for o in operands if o.ndim]
    order = memory_order(*spread)
    if result.transpose(order).flags.c_contiguous:
        return result
    laid_out = _in_order(order, numpy.empty(result.size, result.dtype), result.shape)
    laid_out[...] = result
    return laid_out


def _spread_out(operand, shape):
    """An operand in the shape of the result, with steps of 0 wherever it is broadcast."""
    return operand if operand.shape == shape else numpy.broadcast_to(operand, shape)


CHANNELS_LAST = {_device.channels_last: 4, _device.channels_last_3d: 5}
"""How many dimensions a tensor of a memory format has."""


def is_in_format(array, memory_format):
    """Whether the dimensions of an array lie in the order of a memory format, without gaps."""
    if memory_format is _device.contiguous_format:
        return array.flags.c_contiguous
    ndim = CHANNELS_LAST[memory_format]
    return array.ndim == ndim and numpy.moveaxis(array, 1, -1).flags.c_contiguous


def copied(array, kind=None):
    """A copy, in another type where one is given, with the dimensions in the array's order."""
    kind = array.dtype if kind is None else kind
    if array.flags.c_contiguous:
        return array.astype(kind)
    copy = laid_out_like(array, numpy.empty(array.size, kind))
    copy[...] = array
    return copy


def dense(tensor):
    """The tensor, or a contiguous copy without history: msops would have MindSpore make it, whose
    kernels wake threads.
    """
    return tensor if tensor._a.flags.c_contiguous else wrap(tensor._a)


def alias(array):
    """A tensor without history over the memory of `array`."""
    tensor = _from_numpy(array) if array.flags.c_contiguous else _strided(array)
    tensor.__class__ = Tensor
    tensor._a = array
    return tensor


class _Interface:
    """NumPy's array interface over memory that belongs to another array."""

    def __init__(self, owner, kind, shape, byte_strides, byte_offset):
        self.__array_interface__ = {
            "shape": shape,
            "strides": byte_strides,
            "typestr": "<u2" if kind == _engine.bfloat16_numpy else kind.str,
            "data": (address_of(owner) + byte_offset, False),
            "version": 3,
        }
        self._owner = owner


def strided(array, shape, byte_strides, byte_offset=0):
    """An array with any strides over the memory of another; the caller keeps it inside that."""
    result = numpy.asarray(_Interface(array, array.dtype, shape, byte_strides, byte_offset))
    return result if result.dtype == array.dtype else result.view(array.dtype)


def _strided(array):
    """A MindSpore tensor with the strides of an array that is not contiguous, over its memory."""
    if not array.size:
        return _from_numpy(numpy.zeros(array.shape, array.dtype))
    item = array.itemsize
    steps = tuple([s // item for s in array.strides])
    owner, start = array.base, 0
    if type(owner) is _ndarray and owner.flags.c_contiguous and owner.dtype == array.dtype:
        memory = _from_numpy(owner)
        start = (address_of(array) - _data_ptr(memory)) // item
    else:
        extent = sum((n - 1) * s for n, s in zip(array.shape, steps, strict=True)) + 1
        memory = _from_numpy(strided(array, (extent,), (item,)))
    return _as_strided(as_strided_op, [memory, array.shape, steps, start])


def storage_of(tensor) -> Storage:
    """The record that the tensor shares with everything over the same memory; made when first
    needed.
    """
    storage = tensor._s
    if storage is None:
        storage = tensor._s = Storage()
    return storage


def version_of(tensor) -> int:
    storage = tensor._s
    return 0 if storage is None else storage.version


def share(tensor):
    """A tensor without history over the same memory, with the same version counter: what
    detach() returns.
    """
    twin = alias(tensor._a)
    twin._s = storage_of(tensor)
    twin._m = tensor._m
    return twin


def whole_memory_of(tensor) -> _ndarray:
    """The whole memory that the tensor is a part of, as the array that it was made as."""
    return tensor._a if tensor._m is None else tensor._m


def memory_of(tensor) -> _ndarray:
    """The bytes of the whole memory that the tensor is a part of, flat: torch's storage."""
    whole = whole_memory_of(tensor)
    if not whole.size:
        return numpy.zeros(0, numpy.uint8)
    ends = [(n - 1) * s for n, s in zip(whole.shape, whole.strides, strict=True)]
    low = sum(end for end in ends if end < 0)
    extent = sum(abs(end) for end in ends) + whole.itemsize
    return numpy.asarray(_Interface(whole, numpy.dtype(numpy.uint8), (extent,), (1,), low))


class Tensor(MindSporeTensor):
    """A multi-dimensional array; see torch.Tensor. Operators are attached to the class by the
    package's __init__.
    """

    _a = _MemoryAlias()
    _m = None
    _s = None
    _base = None

    def __new__(cls, *args, dtype=None, device=None):
        """The legacy constructor: sizes, a sequence, an array or a tensor; always of the
        default type.
        """
        from mstorch._ops import creation

        return creation.legacy_tensor(*args, dtype=dtype, device=device)

    def __init__(self, *args, **kwargs):
        """Nothing: __new__ has made the tensor, and MindSpore's initialiser would replace its
        memory.
        """

    # What a tensor is

    @property
    def shape(self):
        return _device.Size(self._a.shape)

    def size(self, dim=None):
        """The shape, or the size of one dimension."""
        return _device.Size(self._a.shape) if dim is None else self._a.shape[dim]

    @property
    def dtype(self):
        return _dtypes.BY_NUMPY[self._a.dtype]

    @property
    def ndim(self):
        return self._a.ndim

    def dim(self):
        return self._a.ndim

    ndimension = dim

    def numel(self):
        return self._a.size

    nelement = numel

    @property
    def device(self):
        return _device.HERE

    @property
    def layout(self):
        return _device.strided

    @property
    def itemsize(self):
        return self._a.itemsize

    def element_size(self):
        return self._a.itemsize

    @property
    def nbytes(self):
        return self._a.nbytes

    is_cpu = property(lambda self: True)
    is_cuda = property(lambda self: False)
    is_meta = property(lambda self: False)
    is_sparse = property(lambda self: False)
    is_quantized = property(lambda self: False)
    is_nested = property(lambda self: False)
    is_mkldnn = property(lambda self: False)
    is_xpu = property(lambda self: False)
    is_mps = property(lambda self: False)

    name = property(lambda self: None, doc="None: tensors have no names.")
    grad_dtype = property(lambda self: self.dtype, doc="The type of the gradient.")

    def get_device(self):
        """-1: the number of a device that is not an accelerator."""
        return -1

    def is_floating_point(self):
        return self.dtype.is_floating_point

    def is_complex(self):
        return self._a.dtype.kind == "c"

    def is_signed(self):
        return self.dtype.is_signed

    def is_pinned(self, device=None):
        return False

    def is_shared(self):
        return False

    # Where it is in memory

    def stride(self, dim=None):
        """Steps in elements, of all dimensions or of one."""
        array = self._a
        if array.flags.c_contiguous:
            steps = contiguous_strides(array.shape)
        else:
            steps = tuple(s // array.itemsize for s in array.strides)
        return steps if dim is None else steps[dim]

    def storage_offset(self):
        whole = self._m
        if whole is None or not self._a.size:
            return 0
        return (address_of(self._a) - address_of(whole)) // self._a.itemsize

    def data_ptr(self):
        return address_of(self._a) if self._a.size else 0

    def is_contiguous(self, memory_format=_device.contiguous_format):
        """Whether the elements lie one after the other in memory, in the order of the dimensions or
        of a memory format.
        """
        return is_in_format(self._a, memory_format)

    @property
    def _version(self):
        return version_of(self)

    def _is_view(self):
        return self._base is not None

    # Its place in the graph

    @property
    def requires_grad(self):
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value):
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad=True):
        """Record what is done with this tensor; only floating point and complex tensors can be
        differentiated.
        """
        if requires_grad and self._a.dtype.kind in "biu":
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        if not requires_grad and not self.is_leaf:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable "
                "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        self._requires_grad = bool(requires_grad)
        return self

    @property
    def is_leaf(self):
        return not self._requires_grad or self._is_leaf

    @property
    def grad_fn(self):
        """The recorded step that made this tensor; None for leaves."""
        if not self._requires_grad or self._is_leaf:
            return None
        return GradFn(self, self._recorded_step())

    def _recorded_step(self):
        try:
            return self._grad_node
        except RuntimeError as error:
            if "has been freed" not in str(error):
                raise
            return None

    @property
    def output_nr(self):
        return self._output_index

    @property
    def grad(self):
        """The accumulated gradient, or None."""
        found = self._grad
        if found is None:
            self.__dict__.pop("_grad_object", None)
            return None
        known = self.__dict__.get("_grad_object")
        if known is None or MindSporeTensor._data_ptr(known) != MindSporeTensor._data_ptr(found):
            known = self.__dict__["_grad_object"] = adopt(found)
        return known

    @grad.setter
    def grad(self, value):
        if value is None:
            self._grad = None
            self.__dict__.pop("_grad_object", None)
            return
        if not isinstance(value, Tensor):
            raise TypeError(f"assigned grad expected to be a Tensor or None but got {type(value)}")
        if value._a.shape != self._a.shape:
            raise RuntimeError(
                f"assigned grad has data of a different size: {list(value.shape)} for a tensor of "
                f"{list(self.shape)}"
            )
        if value._a.dtype != self._a.dtype:
            raise RuntimeError(
                f"assigned grad has data of a different type: {value.dtype} for {self.dtype}"
            )
        self._grad = value
        self.__dict__["_grad_object"] = value

    @grad.deleter
    def grad(self):
        self.grad = None

    @property
    def data(self):
        """The same memory without history; autograd's version check does not see changes to it."""
        twin = alias(self._a)
        twin._m = self._m
        return twin

    @data.setter
    def data(self, value):
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value)}")
        retyped, reshaped = value._a.dtype != self._a.dtype, value._a.shape != self._a.shape
        renewed = (retyped or reshaped) and self._requires_grad and self._is_leaf
        if renewed and retyped and self._grad is not None:
            raise missing(
                "torch.Tensor.data.__set__",
                f"data of {value.dtype} for a tensor of {self.dtype} that has a gradient; set its "
                "`.grad` to None first",
            )
        MindSporeTensor.data.__set__(self, value)
        self.__dict__["_a"] = value._a
        self.__dict__["_m"] = value._m
        version = version_of(self)
        self.__dict__.pop("_s", None)
        if version:
            storage_of(self).version = version
        if renewed and self._grad is None:
            # The engine's accumulating step gives gradients of the type and shape that it was made
            # for.
            twin = alias(self._a)
            twin._requires_grad = True
            _engine.swap_implementation(self, twin)

    # Python's own protocols

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing(f"torch.Tensor.{name}", "nor was it set on this tensor")

    def __hash__(self):
        return id(self)

    def __len__(self):
        if self._a.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._a.shape[0]

    def __bool__(self):
        if self._a.size != 1:
            raise RuntimeError(
                "Boolean value of Tensor with "
                f"{'no values' if self._a.size == 0 else 'more than one value'} is ambiguous"
            )
        return bool(self._a.item())

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __complex__(self):
        return complex(self.item())

    def __index__(self):
        if self._a.size != 1 or self._a.dtype.kind not in "biu":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._a.item())

    def __contains__(self, element):
        value = element._a if isinstance(element, Tensor) else element
        return bool((self._a == value).any())

    def __iter__(self):
        if self._a.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __array__(self, dtype=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __format__(self, spec):
        return self.item().__format__(spec) if self._a.ndim == 0 else object.__format__(self, spec)

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment."
            )
        if id(self) in memo:
            return memo[id(self)]
        twin = wrap(self._a.copy())
        twin.__class__ = type(self)
        if self._requires_grad:
            twin._requires_grad = True
            if self.grad is not None:
                twin.grad = self.grad.__deepcopy__(memo)
        memo[id(self)] = twin
        _copy_attributes(self, twin, memo)
        return twin

    def __reduce_ex__(self, protocol):
        attributes = attributes_of(self)
        array = self._a if self._a.flags.c_contiguous else self._a.copy()
        if array.dtype == _engine.bfloat16_numpy:
            array = array.view(numpy.uint16)
        return (
            _rebuild,
            (type(self), array, self.dtype, self._requires_grad and self.is_leaf, attributes),
        )

    def __repr__(self):
        from mstorch import _printing

        return _printing.tensor_str(self)

    __str__ = __repr__

    # Values

    def item(self):
        """The only element as a Python number."""
        if self._a.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._a.size} elements cannot be converted to Scalar"
            )
        value = self._a.item()
        return float(value) if self._a.dtype == _engine.bfloat16_numpy else value

    def tolist(self):
        """Nested lists of Python numbers."""
        array = self._a
        return (
            array.astype(numpy.float32) if array.dtype == _engine.bfloat16_numpy else array
        ).tolist()

    def numpy(self, *, force=False):
        """A NumPy array over the same memory."""
        if self._requires_grad and not force and _engine.is_recording():
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        if self._a.dtype == _engine.bfloat16_numpy:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._a

    def untyped_storage(self):
        from mstorch import _storage

        return _storage.UntypedStorage(memory_of(self), storage_of(self))

    def _typed_storage(self):
        from mstorch import _storage

        return _storage.TypedStorage(self.untyped_storage(), self.dtype)

    storage = _typed_storage


def _adopted(gradients):
    return tuple(None if gradient is None else adopt(gradient) for gradient in gradients)


class GradFn:
    """A recorded step as code may look at it: its name, what it leads to, and hooks.

    It holds the tensor too, because MindSpore drops a step that no tensor keeps alive. After a
    backward pass without retain_graph the step is gone and only this shell is left.
    """

    __slots__ = ("_owner", "_step")

    def __init__(self, owner, step):
        self._owner = owner
        self._step = step

    def name(self):
        """torch's name of the step, such as AddBackward0."""
        return "ReleasedBackward0" if self._step is None else self._step.name()

    @property
    def next_functions(self):
        """Pairs (step, number of its output) that gradients go to; leaves are their own
        accumulating nodes.
        """
        if self._step is None:
            return ()
        return tuple((self._wrap(step), number) for step, number in self._step.next_functions)

    def _wrap(self, step):
        return step if step is None or step.is_leaf() else GradFn(self._owner, step)

    def _set_sequence_nr(self, number):
        """A wish when the step should run. Gradients do not depend on it, and MindSpore's engine
        has an order of its own.
        """

    def register_hook(self, hook):
        """Call `hook(gradients of inputs, gradients of outputs)` after the step."""
        _accumulation.mark_hooked(self._step)
        own = getattr(self._step, "own_inputs", 0)

        def call(by_input, by_output):
            shown = by_input[: len(by_input) - own]
            changed = hook(_adopted(shown), _adopted(by_output))
            return None if changed is None else (*changed, *by_input[len(shown) :])

        return self._step.register_hook(call)

    def register_prehook(self, hook):
        """Call `hook(gradients of outputs)` before the step."""
        _accumulation.mark_hooked(self._step)
        return self._step.register_prehook(lambda gradients: hook(_adopted(gradients)))

    def __getattr__(self, name):
        """What code keeps on the step of a Function, which is its `ctx`."""
        if self._step is None or hasattr(self._step, "own_inputs"):
            raise missing(f"torch.autograd.graph.Node.{name}")
        return getattr(self._step, name)

    def __eq__(self, other):
        return isinstance(other, GradFn) and self._step is other._step

    def __hash__(self):
        return id(self._step)

    def __repr__(self):
        return f"<{self.name()}>"


INTERNAL = frozenset(
    ("_a", "_m", "_s", "_base", "_grad_object", "_of_function", "_outline", "_retained")
)


def attributes_of(tensor) -> dict:
    """What code has set on a tensor."""
    return {k: v for k, v in tensor.__dict__.items() if k not in INTERNAL}


def _copy_attributes(source, target, memo):
    import copy

    for key, value in attributes_of(source).items():
        target.__dict__[key] = copy.deepcopy(value, memo)


def _rebuild(cls, array, dtype, requires_grad, attributes):
    if dtype is _dtypes.bfloat16:
        array = array.view(_engine.bfloat16_numpy)
    tensor = wrap(array)
    tensor.__class__ = cls
    tensor._requires_grad = requires_grad
    tensor.__dict__.update(attributes)
    return tensor


def contiguous_strides(shape):
    steps = []
    step = 1
    for size in reversed(shape):
        steps.append(step)
        step *= max(size, 1)
    return tuple(reversed(steps))
