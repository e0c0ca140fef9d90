# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed._composable.fsdp: parameters sharded over a mesh. So far over one process,
which keeps them as they are: there is nobody to share them with.
"""

from mstorch._errors import missing, module_getattr
from mstorch.distributed.device_mesh import DeviceMesh
from mstorch.nn import Module


class FSDPModule:
    """What a module becomes by fully_shard. All parameters are always here, so that gathering,
    freeing and prefetching them is nothing to do.
    """

    def unshard(self, async_op=False):
        """Nothing to gather."""

    def reshard(self):
        """Nothing to free."""

    def set_is_last_backward(self, is_last_backward):
        """Nothing to reduce at the end."""

    def set_requires_gradient_sync(self, requires_gradient_sync, *, recurse=True):
        """Gradients of one process need no reduction."""

    def set_requires_all_reduce(self, requires_all_reduce, *, recurse=True):
        """Gradients of one process need no reduction."""

    def set_reshard_after_forward(self, reshard_after_forward, recurse=True):
        """Nothing to free."""

    def set_reshard_after_backward(self, reshard_after_backward, *, recurse=True):
        """Nothing to free."""

    def set_modules_to_forward_prefetch(self, modules):
        """Nothing to gather early."""

    def set_modules_to_backward_prefetch(self, modules):
        """Nothing to gather early."""


_CLASSES: dict[type, type] = {}


def fully_shard(
    module,
    *,
    mesh=None,
    reshard_after_forward=None,
    shard_placement_fn=None,
    mp_policy=None,
    offload_policy=None,
    ignored_params=None,
):
    """Make a module an FSDPModule too. Its parameters stay Parameters, where torch makes them
    DTensors. What would change what is computed is a NotImplementedError.
    """
    for name, value in (("mp_policy", mp_policy), ("offload_policy", offload_policy)):
        if value is not None:
            raise missing(f"torch.distributed._composable.fsdp.fully_shard({name}=...)")
    if mesh is None:
        mesh = DeviceMesh("cpu", [0])
    if not isinstance(mesh, DeviceMesh):
        raise TypeError(f"mesh is a DeviceMesh, got {type(mesh).__name__}")
    for each in module if isinstance(module, (list, tuple)) else [module]:
        if not isinstance(each, Module):
            raise TypeError(f"expected a module, got {type(each).__name__}")
        if isinstance(each, FSDPModule):
            raise ValueError(f"{type(each).__name__} was given to fully_shard before")
        each.__class__ = _sharded_class(type(each))
    return module


def _sharded_class(kind):
    if kind not in _CLASSES:
        _CLASSES[kind] = type(f"FSDP{kind.__name__}", (FSDPModule, kind), {})
    return _CLASSES[kind]


__getattr__ = module_getattr("torch.distributed._composable.fsdp")
