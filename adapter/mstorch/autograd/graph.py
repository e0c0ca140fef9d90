# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.autograd.graph: what recorded steps keep, and hooks of several tensors."""

import contextlib
import functools

from mstorch import _engine, _recompute
from mstorch._autograd import Node
from mstorch._errors import missing, module_getattr
from mstorch._ops.inplace import bump
from mstorch._tensor import Tensor, storage_of, version_of
from mstorch.autograd.grad_mode import no_grad

_forbidden: list[str] = []


class saved_tensors_hooks(_recompute.Frame):
    """Inside, steps keep what `pack_hook` makes of the tensors that they save for their
    derivative, and are given back what `unpack_hook` makes of that.

    Other things that a step keeps are not packed, and second derivatives of what was are an error.
    """

    def __init__(self, pack_hook, unpack_hook):
        super().__init__(None)
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self):
        if _forbidden:
            raise RuntimeError(_forbidden[-1])
        return super().__enter__()

    def keep(self, step, content):
        """Pack what a step would keep: a recorded operator its context, and tensors with their
        versions, a Function its tensors.
        """
        context, tensors = None, content[0]
        if isinstance(step, Node):
            context, pairs = content
            tensors = tuple(tensor for tensor, _ in pairs)
        packed = _each(Tensor, functools.cache(self._pack), (context, tensors))
        step._frame = self, (isinstance(step, Node), *packed)

    @no_grad()
    def _pack(self, tensor):
        return _Packed(self.pack_hook(tensor), tensor._requires_grad)

    def content(self, kept):
        """Unpack it."""
        of_node, *packed = kept
        context, tensors = _each(_Packed, functools.cache(self._unpack), tuple(packed))
        if of_node:
            return context, [(tensor, version_of(tensor)) for tensor in tensors]
        storages = [storage_of(tensor) for tensor in tensors if tensor is not None]
        return tensors, [(storage, storage.version) for storage in storages]

    def _unpack(self, packed):
        with no_grad():
            tensor = self.unpack_hook(packed.value)
        if not isinstance(tensor, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(tensor).__name__}"
            )
        if packed.required_grad and not tensor._requires_grad and _engine.is_recording():
            raise missing(
                "torch.autograd.graph.saved_tensors_hooks", "derivatives of derivatives inside"
            )
        return tensor


class _Packed:
    """What a hook made of a tensor, and whether that required grad."""

    __slots__ = ("required_grad", "value")

    def __init__(self, value, required_grad):
        self.value, self.required_grad = value, required_grad


def _each(kind, change, kept):
    """What a step keeps, with everything of a kind in it changed."""
    if isinstance(kept, kind):
        return change(kept)
    if type(kept) in (tuple, list):
        return type(kept)(_each(kind, change, one) for one in kept)
    return kept


class save_on_cpu(saved_tensors_hooks):
    """What steps save is kept on the CPU, where it is already."""

    def __init__(self, pin_memory=False, device_type="cuda"):
        super().__init__(lambda tensor: tensor, lambda tensor: tensor)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message):
    """Inside, hooks of saved tensors are a RuntimeError with this message."""
    _forbidden.append(error_message)
    try:
        yield
    finally:
        _forbidden.pop()


def increment_version(tensor):
    """Count a change of one tensor or of several, as an in-place operator does."""
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        bump(one)


class _Handle:
    """Removes the hooks of several tensors."""

    def __init__(self, handles):
        self._handles = handles

    def remove(self):
        """Take the hooks out."""
        for handle in self._handles:
            handle.remove()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.remove()


class _Pass:
    """The gradients of several tensors in one backward pass."""

    def __init__(self, count, fn):
        self._count, self._fn = count, fn
        self._found = None

    def arrived(self, number, gradient):
        """Note a gradient; call where all are there, at the latest when the pass has ended."""
        if self._found is None:
            self._found = {}
            _engine.queue_final_callback(self._end)
        self._found[number] = gradient
        if len(self._found) == self._count:
            self._call()

    def _call(self):
        found, self._found = self._found, {}
        self._fn([found.get(number) for number in range(self._count)])

    def _end(self):
        if self._found:
            self._call()
        self._found = None

    def first(self, number, gradient):
        """Call for the first gradient of a pass."""
        if self._found is None:
            self._found = {}
            _engine.queue_final_callback(self._forget)
            self._fn(gradient)

    def _forget(self):
        self._found = None


def register_multi_grad_hook(tensors, fn, *, mode="all"):
    """Call `fn(gradients)`, a list with None for those that a backward pass does not reach, once in
    each that reaches some of the tensors; with `mode="any"` `fn(gradient)` for the first.

    Where not all are reached it is called when the pass has ended.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if not all(tensor.requires_grad for tensor in tensors):
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    run = _Pass(len(tensors), fn)
    seen = run.arrived if mode == "all" else run.first
    return _Handle(
        [
            tensor.register_hook(functools.partial(seen, number))
            for number, tensor in enumerate(tensors)
        ]
    )


__getattr__ = module_getattr("torch.autograd.graph")
