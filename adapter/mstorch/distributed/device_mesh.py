# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed.device_mesh: processes in a grid. So far of one process."""

from mstorch._errors import missing, module_getattr
from mstorch.distributed import distributed_c10d


class DeviceMesh:
    """A grid of processes, in which each dimension has a group: `DeviceMesh("cpu", [0])`.

    Only grids of one process can be made; one of more is a NotImplementedError.
    """

    def __init__(self, device_type, mesh, *, mesh_dim_names=None, _init_backend=True):
        ranks, shape = _flat(mesh)
        self._set(device_type, ranks, shape, mesh_dim_names, None)

    def _set(self, device_type, ranks, shape, names, groups):
        world = distributed_c10d.get_world_size() if distributed_c10d.is_initialized() else 1
        if len(ranks) != 1 or world != 1:
            raise missing(
                "torch.distributed.DeviceMesh",
                f"a grid of {len(ranks)} processes in a world of {world}; only 1 in 1 works so far",
            )
        if names is not None and len(names) != len(shape):
            raise RuntimeError(
                f"mesh_dim_names {names} does not name the {len(shape)} dimensions of the mesh"
            )
        self.device_type = device_type
        self.mesh_dim_names = None if names is None else tuple(names)
        self._ranks = ranks
        self._shape = shape
        self._groups = groups or [distributed_c10d.new_group(ranks) for _ in shape]

    @classmethod
    def from_group(cls, group, device_type, mesh=None, *, mesh_dim_names=None):
        """The grid of a group that exists, or of one group for each dimension."""
        groups = list(group) if isinstance(group, (list, tuple)) else [group]
        ranks = distributed_c10d.get_process_group_ranks(groups[0])
        self = cls.__new__(cls)
        shape = (len(ranks),) if mesh is None else _flat(mesh)[1]
        if len(shape) != len(groups):
            raise ValueError(f"{len(groups)} groups do not fit a mesh of {len(shape)} dimensions")
        self._set(device_type, ranks, shape, mesh_dim_names, groups)
        return self

    @property
    def ndim(self):
        """The number of dimensions."""
        return len(self._shape)

    @property
    def shape(self):
        """The size of each dimension."""
        return self._shape

    @property
    def mesh(self):
        """The ranks, as a tensor of the grid's shape."""
        from mstorch._ops import creation

        return creation.tensor(self._ranks).reshape(self._shape)

    def size(self, mesh_dim=None):
        """The number of processes, in all or along one dimension."""
        return len(self._ranks) if mesh_dim is None else self._shape[mesh_dim]

    def get_rank(self):
        """The number of this process in the world."""
        return distributed_c10d.get_rank()

    def get_local_rank(self, mesh_dim=None):
        """The place of this process along a dimension."""
        return distributed_c10d.get_rank(self.get_group(mesh_dim))

    def get_coordinate(self):
        """The place of this process in the grid."""
        return [self.get_local_rank(dim) for dim in range(self.ndim)]

    def get_group(self, mesh_dim=None):
        """The group of a dimension, by its number or name; needless where there is only one."""
        if mesh_dim is None:
            if self.ndim != 1:
                raise RuntimeError("a mesh of several dimensions has a group for each: name one")
            mesh_dim = 0
        return self._groups[self._number(mesh_dim)]

    def get_all_groups(self):
        """The group of each dimension."""
        return list(self._groups)

    def _number(self, dim):
        if isinstance(dim, str):
            if dim not in (self.mesh_dim_names or ()):
                raise KeyError(f"the mesh has no dimension {dim!r}: {self.mesh_dim_names}")
            return self.mesh_dim_names.index(dim)
        return dim

    def __getitem__(self, names):
        """The grid of some of the dimensions."""
        numbers = [self._number(n) for n in ((names,) if isinstance(names, str) else names)]
        part = DeviceMesh.__new__(DeviceMesh)
        part._set(
            self.device_type,
            self._ranks,
            tuple(self._shape[n] for n in numbers),
            tuple(self.mesh_dim_names[n] for n in numbers),
            [self._groups[n] for n in numbers],
        )
        return part

    def _key(self):
        return self.device_type, tuple(self._ranks), self._shape, self.mesh_dim_names

    def __eq__(self, other):
        return isinstance(other, DeviceMesh) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def __repr__(self):
        return f"DeviceMesh({self.device_type!r}, {self._ranks}, shape={self._shape})"


def _flat(mesh):
    """The ranks of a nested list or tensor, and its shape."""
    if hasattr(mesh, "tolist"):
        mesh = mesh.tolist()
    shape, ranks = [], mesh
    while isinstance(mesh, (list, tuple)):
        shape.append(len(mesh))
        mesh = mesh[0]
    for _ in shape[1:]:
        ranks = [rank for row in ranks for rank in row]
    return (list(ranks), tuple(shape)) if shape else ([ranks], (1,))


def init_device_mesh(device_type, mesh_shape, *, mesh_dim_names=None, backend_override=None):
    """A grid of all processes of the world."""
    from mstorch._ops import creation

    count = 1
    for size in mesh_shape:
        count *= size
    if not distributed_c10d.is_initialized():
        distributed_c10d.init_process_group()
    mesh = creation.arange(count).reshape(tuple(mesh_shape))
    return DeviceMesh(device_type, mesh, mesh_dim_names=mesh_dim_names)


__getattr__ = module_getattr("torch.distributed.device_mesh")
