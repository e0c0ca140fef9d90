# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""DTensor over one process."""

from mstorch._errors import module_getattr
from mstorch._tensor import Tensor, share
from mstorch.distributed.device_mesh import DeviceMesh
from mstorch.distributed.tensor.placement_types import Placement, Replicate, Shard

# What a DTensor keeps beside what code sets on it.
_OWN = frozenset(("_device_mesh", "_placements"))


class DTensor(Tensor):
    """A tensor spread over a mesh of one process: all of it is here.

    Operators on it give ordinary tensors, where torch gives DTensors.
    """

    _can_be_saved = False

    def __new__(cls, *args, **kwargs):
        raise RuntimeError("make a DTensor with DTensor.from_local or distribute_tensor")

    @staticmethod
    def from_local(
        local_tensor,
        device_mesh=None,
        placements=None,
        *,
        run_check=False,
        shape=None,
        stride=None,
        grad_placements=None,
    ):
        """The DTensor whose part here is `local_tensor`; gradients flow back to that."""
        mesh = _mesh_of(device_mesh)
        whole = local_tensor.view(local_tensor.shape)
        if shape is not None and tuple(shape) != tuple(whole.shape):
            raise ValueError(
                f"a mesh of one process holds the whole tensor: {list(whole.shape)} is not of "
                f"shape {list(shape)}"
            )
        return _marked(whole, mesh, _placements_of(placements, mesh, whole))

    def to_local(self, *, grad_placements=None):
        """The part that is here, over the same memory; gradients flow back."""
        return _plain(self)

    def full_tensor(self, *, grad_placements=None):
        """The whole, which is here."""
        return _plain(self)

    def redistribute(self, device_mesh=None, placements=None, *, async_op=False, **dtypes):
        """The same tensor with other placements."""
        if any(value is not None for value in dtypes.values()):
            raise NotImplementedError(f"DTensor.redistribute({', '.join(dtypes)})")
        mesh = self.device_mesh if device_mesh is None else device_mesh
        return DTensor.from_local(_plain(self), mesh, placements)

    @property
    def device_mesh(self):
        """The mesh that the tensor is spread over."""
        return self._device_mesh

    @property
    def placements(self):
        """How it is spread along each dimension of the mesh."""
        return self._placements

    @property
    def _local_tensor(self):
        return share(self)

    __hash__ = Tensor.__hash__


def _mesh_of(mesh):
    return DeviceMesh("cpu", [0]) if mesh is None else mesh


def _placements_of(placements, mesh, tensor):
    if placements is None:
        placements = [Replicate()] * mesh.ndim
    if len(placements) != mesh.ndim:
        raise ValueError(
            "`placements` must have the same length as `device_mesh.ndim`! Found placements "
            f"length: {len(placements)}, and device_mesh.ndim: {mesh.ndim}."
        )
    checked = []
    for placement in placements:
        if not isinstance(placement, Placement):
            raise TypeError(f"{placement!r} is no placement")
        if isinstance(placement, Shard):
            dim = placement.dim + tensor.ndim if placement.dim < 0 else placement.dim
            if not 0 <= dim < tensor.ndim:
                raise IndexError(f"{placement} is outside a tensor of {tensor.ndim} dimensions")
            placement = Shard(dim)
        checked.append(placement)
    return tuple(checked)


def _marked(tensor, mesh, placements):
    tensor.__class__ = DTensor
    tensor._device_mesh = mesh
    tensor._placements = placements
    return tensor


def _plain(tensor):
    """An ordinary tensor over the same memory, recorded."""
    result = tensor.view(tensor.shape)
    for name in _OWN:
        result.__dict__.pop(name, None)
    return result


def distribute_tensor(tensor, device_mesh=None, placements=None, *, src_data_rank=0):
    """A leaf tensor spread over a mesh, over the same memory."""
    mesh = _mesh_of(device_mesh)
    if not tensor.is_leaf:
        raise RuntimeError(
            "`distribute_tensor` should be used to distribute leaf tensors! but found non-leaf "
            "tensor!"
        )
    placements = _placements_of(placements, mesh, tensor)
    if isinstance(tensor, DTensor):
        if (tensor.device_mesh, tensor.placements) != (mesh, placements):
            raise ValueError(
                "Cannot distribute a DTensor with other placements: use redistribute instead."
            )
        return tensor
    if any(placement.is_partial() for placement in placements):
        raise ValueError(f"a tensor cannot be distributed as {placements}")
    return _marked(share(tensor), mesh, placements).requires_grad_(tensor.requires_grad)


__getattr__ = module_getattr("torch.distributed.tensor._api")
