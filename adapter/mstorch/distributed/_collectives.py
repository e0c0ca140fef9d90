# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The collectives on tensors, with torch's signatures.

As in torch they write into memory behind autograd's back, and count as no change of the tensor.
"""

import contextlib
import math

from mstorch._tensor import Tensor
from mstorch.distributed import _algorithms, _groups, _reductions
from mstorch.distributed._groups import is_outside, member_number, resolve
from mstorch.distributed._reductions import ReduceOp


class _Coalescing:
    """What `_coalescing_manager` gives: the works that were started in it."""

    def __init__(self):
        self.works = []

    def append(self, work):
        """Add a work to wait for."""
        if work is not None and work not in self.works:
            self.works.append(work)

    def wait(self):
        """Wait for all."""
        for work in self.works:
            work.wait()


_open_managers: list[_Coalescing] = []


@contextlib.contextmanager
def _coalescing_manager(group=None, device=None, async_ops=False):
    """Collectives inside have happened at the end, or with `async_ops` after its `wait`."""
    manager = _Coalescing()
    _open_managers.append(manager)
    try:
        yield manager
    finally:
        _open_managers.remove(manager)
    if not async_ops:
        manager.wait()


def _result(work, async_op):
    if _open_managers:
        _open_managers[-1].append(work)
    elif not async_op:
        work.wait()
    return work if async_op else None


def _check_tensor(tensor, name="tensor"):
    if not isinstance(tensor, Tensor):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type torch.Tensor, got "
            f"{type(tensor)}"
        )


def _check_list(tensors, count, name):
    if not isinstance(tensors, (list, tuple)) or len(tensors) != count:
        size = len(tensors) if isinstance(tensors, (list, tuple)) else tensors
        raise ValueError(f"`{name}` must be a list of {count} tensors, one a member, got {size}")
    for tensor in tensors:
        _check_tensor(tensor, name)


def _check_alike(tensor, other, name, times=1):
    """`tensor` has the type of `other` and `times` as many elements."""
    if tensor._a.dtype != other._a.dtype:
        raise RuntimeError(f"{name}: {tensor.dtype} and {other.dtype} do not go together")
    if tensor._a.size != times * other._a.size:
        raise RuntimeError(
            f"{name}: invalid tensor size: {list(tensor.shape)} where {times} times the elements "
            f"of {list(other.shape)} are needed"
        )


def _what(tensor, *more):
    return ", ".join((f"{tensor._a.size} elements of {tensor.dtype}", *map(str, more)))


def barrier(group=None, async_op=False, device_ids=None):
    """Wait until every member is here."""
    if is_outside(group):
        return _groups.warn_outside("barrier")
    return _result(resolve(group).collect("barrier", _algorithms.barrier), async_op)


def monitored_barrier(group=None, timeout=None, wait_all_ranks=False):
    """A barrier with a time-out of its own, whose error names a member that did not come."""
    if is_outside(group):
        return _groups.warn_outside("monitored_barrier")
    resolve(group).collect("monitored_barrier", _algorithms.barrier, timeout=timeout).wait()
    return None


def all_reduce(tensor, op=ReduceOp.SUM, group=None, async_op=False):
    """Each member's tensor becomes the reduction of all."""
    _check_tensor(tensor)
    if is_outside(group):
        return _groups.warn_outside("all_reduce")
    group = resolve(group)
    _reductions.check("all_reduce", op, tensor._a.dtype)
    work = group.collect(
        "all_reduce",
        _algorithms.all_reduce,
        tensor._a,
        op,
        what=_what(tensor, op),
        tensors=[tensor],
    )
    return _result(work, async_op)


def reduce(tensor, dst=None, op=ReduceOp.SUM, group=None, async_op=False, group_dst=None):
    """The tensor of one member becomes the reduction of all."""
    _check_tensor(tensor)
    if is_outside(group):
        return _groups.warn_outside("reduce")
    group = resolve(group)
    root = member_number(group, dst, group_dst)
    _reductions.check("reduce", op, tensor._a.dtype)
    work = group.collect(
        "reduce",
        _algorithms.reduce,
        tensor._a,
        op,
        root,
        what=_what(tensor, op, f"to member {root}"),
        tensors=[tensor],
    )
    return _result(work, async_op)


def broadcast(tensor, src=None, group=None, async_op=False, group_src=None):
    """Each member's tensor becomes that of one."""
    _check_tensor(tensor)
    if is_outside(group):
        return _groups.warn_outside("broadcast")
    group = resolve(group)
    root = member_number(group, src, group_src)
    work = group.collect(
        "broadcast",
        _algorithms.broadcast,
        tensor._a,
        root,
        what=_what(tensor, f"from member {root}"),
        tensors=[tensor],
    )
    return _result(work, async_op)


def all_gather(tensor_list, tensor, group=None, async_op=False):
    """The list gets the tensors of all members."""
    _check_tensor(tensor)
    if is_outside(group):
        return _groups.warn_outside("all_gather")
    group = resolve(group)
    _check_list(tensor_list, group.size(), "tensor_list")
    for output in tensor_list:
        _check_alike(output, tensor, "all_gather")
    work = group.collect(
        "all_gather",
        _algorithms.all_gather,
        [output._a for output in tensor_list],
        tensor._a,
        what=_what(tensor),
        tensors=tensor_list,
    )
    return _result(work, async_op)


def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """The output gets the inputs of all members, one behind the other."""
    _check_tensor(output_tensor, "output_tensor")
    _check_tensor(input_tensor, "input_tensor")
    if is_outside(group):
        return _groups.warn_outside("all_gather_into_tensor")
    group = resolve(group)
    _check_alike(output_tensor, input_tensor, "all_gather_into_tensor", group.size())
    work = group.collect(
        "all_gather_into_tensor",
        _algorithms.all_gather_into,
        output_tensor._a,
        input_tensor._a,
        what=_what(input_tensor),
        tensors=[output_tensor],
    )
    return _result(work, async_op)


def reduce_scatter(output, input_list, op=ReduceOp.SUM, group=None, async_op=False):
    """The output gets the reduction of all members' inputs for this one."""
    _check_tensor(output, "output")
    if is_outside(group):
        return _groups.warn_outside("reduce_scatter")
    group = resolve(group)
    _check_list(input_list, group.size(), "input_list")
    for tensor in input_list:
        _check_alike(tensor, output, "reduce_scatter")
    sources = [tensor._a for tensor in input_list]
    return _reduce_scatter("reduce_scatter", output, sources, op, group, async_op)


def reduce_scatter_tensor(output, input, op=ReduceOp.SUM, group=None, async_op=False):
    """The output gets this member's part of the reduction of all inputs."""
    _check_tensor(output, "output")
    _check_tensor(input, "input")
    if is_outside(group):
        return _groups.warn_outside("reduce_scatter_tensor")
    group = resolve(group)
    _check_alike(input, output, "reduce_scatter_tensor", group.size())
    sources = input._a.reshape(group.size(), output._a.size)
    return _reduce_scatter("reduce_scatter_tensor", output, sources, op, group, async_op)


def _reduce_scatter(name, output, sources, op, group, async_op):
    _reductions.check(name, op, output._a.dtype)
    work = group.collect(
        name,
        _algorithms.reduce_scatter,
        output._a,
        sources,
        op,
        what=_what(output, op),
        tensors=[output],
    )
    return _result(work, async_op)


def all_to_all_single(
    output, input, output_split_sizes=None, input_split_sizes=None, group=None, async_op=False
):
    """Rows of the input go to the members in turn, and the output gets rows from each."""
    _check_tensor(output, "output")
    _check_tensor(input, "input")
    if is_outside(group):
        return _groups.warn_outside("all_to_all_single")
    group = resolve(group)
    targets = _rows(output, output_split_sizes, group.size(), "output_split_sizes")
    sources = _rows(input, input_split_sizes, group.size(), "input_split_sizes")
    return _all_to_all("all_to_all_single", targets, sources, [output], input, group, async_op)


def _rows(tensor, sizes, count, name):
    """A tensor's memory cut along its first dimension."""
    rows = tensor._a.shape[0] if tensor._a.ndim else 0
    if not sizes:
        if rows % count:
            raise RuntimeError(f"{rows} rows cannot be cut into {count} equal parts; pass `{name}`")
        sizes = [rows // count] * count
    if len(sizes) != count or sum(sizes) != rows or min(sizes) < 0:
        raise RuntimeError(f"`{name}` {list(sizes)} do not cut {rows} rows for {count} members")
    ends = [sum(sizes[: i + 1]) for i in range(count)]
    return [tensor._a[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """Each member's input for another becomes that one's output for it."""
    if is_outside(group):
        return _groups.warn_outside("all_to_all")
    group = resolve(group)
    _check_list(output_tensor_list, group.size(), "output_tensor_list")
    _check_list(input_tensor_list, group.size(), "input_tensor_list")
    targets = [tensor._a for tensor in output_tensor_list]
    sources = [tensor._a for tensor in input_tensor_list]
    first = input_tensor_list[0]
    return _all_to_all("all_to_all", targets, sources, output_tensor_list, first, group, async_op)


def _all_to_all(name, targets, sources, outputs, example, group, async_op):
    for array in (*targets, *sources):
        if array.dtype != example._a.dtype:
            raise RuntimeError(f"{name}: all tensors must be of one type, {example.dtype}")
    mine = group.rank()
    if math.prod(targets[mine].shape) != math.prod(sources[mine].shape):
        raise RuntimeError(
            f"{name}: this process sends itself {list(sources[mine].shape)} and awaits "
            f"{list(targets[mine].shape)}"
        )
    work = group.collect(
        name,
        _algorithms.all_to_all,
        targets,
        sources,
        what=str(example.dtype),
        tensors=outputs,
    )
    return _result(work, async_op)


def gather(tensor, gather_list=None, dst=None, group=None, async_op=False, group_dst=None):
    """The list of one member gets the tensors of all."""
    _check_tensor(tensor)
    if is_outside(group):
        return _groups.warn_outside("gather")
    group = resolve(group)
    root = member_number(group, dst, group_dst, 0)
    check_only_at(group.rank() == root, gather_list, "gather_list", "destination")
    if group.rank() == root:
        _check_list(gather_list, group.size(), "gather_list")
        for output in gather_list:
            _check_alike(output, tensor, "gather")
    work = group.collect(
        "gather",
        _algorithms.gather,
        [output._a for output in gather_list or ()],
        tensor._a,
        root,
        what=_what(tensor, f"to member {root}"),
        tensors=gather_list or (),
    )
    return _result(work, async_op)


def check_only_at(is_root, given, name, role):
    """A list is given at the root and nowhere else."""
    if is_root and not given:
        raise ValueError(f"Argument ``{name}`` must be specified on {role} rank.")
    if not is_root and given:
        raise ValueError(f"Argument ``{name}`` must NOT be specified on non-{role} ranks.")


def scatter(tensor, scatter_list=None, src=None, group=None, async_op=False, group_src=None):
    """Each member's tensor becomes its entry in the list of one member."""
    _check_tensor(tensor)
    if is_outside(group):
        return _groups.warn_outside("scatter")
    group = resolve(group)
    root = member_number(group, src, group_src, 0)
    check_only_at(group.rank() == root, scatter_list, "scatter_list", "source")
    if group.rank() == root:
        _check_list(scatter_list, group.size(), "scatter_list")
        for source in scatter_list:
            _check_alike(source, tensor, "scatter")
    work = group.collect(
        "scatter",
        _algorithms.scatter,
        tensor._a,
        [source._a for source in scatter_list or ()],
        root,
        what=_what(tensor, f"from member {root}"),
        tensors=[tensor],
    )
    return _result(work, async_op)
