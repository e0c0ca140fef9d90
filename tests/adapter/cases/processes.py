# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs for several processes, which every process of a world runs under either framework."""

import datetime

from cases.collection import Cases

TIMEOUT = datetime.timedelta(seconds=60)

CASES = Cases()
case = CASES.case

_TYPES = ("float32", "float64", "float16", "bfloat16", "uint8", "int8", "int32", "int64", "bool")


def _here(torch):
    return torch.distributed, torch.distributed.get_rank(), torch.distributed.get_world_size()


def _mine(torch, kind, shape=(2, 3)):
    """A tensor that is another on every rank."""
    count = 1
    for size in shape:
        count *= size
    values = torch.arange(count).reshape(shape) % 4 + torch.distributed.get_rank()
    return (values % 2 == 0) if kind == "bool" else values.to(getattr(torch, kind))


def _like(torch, kind, *shape):
    return torch.zeros(*shape, dtype=getattr(torch, kind))


def _tried(torch, operation):
    """None, or that there was an error: torch uses both kinds, and not evenly."""
    try:
        operation()
    except (RuntimeError, ValueError):
        return "error"
    return None


def _reduction(op):
    def program(torch):
        dist, _, world = _here(torch)
        results = []
        for kind in (*_TYPES, "complex64"):
            tensor = _mine(torch, kind)
            error = _tried(torch, lambda t=tensor: dist.all_reduce(t, getattr(dist.ReduceOp, op)))
            results.append((kind, error, None if error else tensor))
            if error is None:
                last = _mine(torch, kind)
                dist.reduce(last, world - 1, getattr(dist.ReduceOp, op))
                part = _like(torch, kind, 3)
                dist.reduce_scatter_tensor(
                    part, _mine(torch, kind, (world * 3,)), getattr(dist.ReduceOp, op)
                )
                # What a member other than the root is left with is not said by torch.
                results.append((last if dist.get_rank() == world - 1 else None, part))
        return results

    program.__name__ = f"reductions_by_{op.lower()}"
    return program


for _op in ("SUM", "AVG", "PRODUCT", "MIN", "MAX", "BAND", "BOR", "BXOR"):
    case(_reduction(_op))


def _of_each_type(program):
    def programs(torch):
        return [program(torch, kind) for kind in _TYPES]

    programs.__name__ = program.__name__
    return case(programs)


@_of_each_type
def broadcasts(torch, kind):
    dist, _, world = _here(torch)
    results = []
    for root in range(world):
        tensor = _mine(torch, kind)
        dist.broadcast(tensor, root)
        results.append(tensor)
    tensor = _mine(torch, kind)
    dist.broadcast(tensor, group_src=1)
    return [*results, tensor]


@_of_each_type
def gathers_by_all(torch, kind):
    dist, _, world = _here(torch)
    parts = [_like(torch, kind, 2, 3) for _ in range(world)]
    dist.all_gather(parts, _mine(torch, kind))
    whole = _like(torch, kind, world * 2, 3)
    dist.all_gather_into_tensor(whole, _mine(torch, kind))
    return parts, whole


@_of_each_type
def gathers_and_scatters(torch, kind):
    dist, rank, world = _here(torch)
    root = world - 1
    parts = [_like(torch, kind, 2, 3) for _ in range(world)] if rank == root else None
    dist.gather(_mine(torch, kind), parts, dst=root)
    part = _like(torch, kind, 3)
    sources = list(_mine(torch, kind, (world, 3))) if rank == root else None
    dist.scatter(part, sources, src=root)
    return parts, part


@_of_each_type
def scattered_reductions_of_lists(torch, kind):
    dist, _, world = _here(torch)
    output = _like(torch, kind, 3)
    dist.reduce_scatter(output, list(_mine(torch, kind, (world, 3))))
    return output


@_of_each_type
def exchanges(torch, kind):
    dist, rank, world = _here(torch)
    single = _like(torch, kind, world * 2, 2)
    dist.all_to_all_single(single, _mine(torch, kind, (world * 2, 2)))
    # Rank r sends member m as many rows as m has in its number, plus one.
    rows = [member + 1 for member in range(world)]
    uneven = _like(torch, kind, world * (rank + 1), 2)
    dist.all_to_all_single(uneven, _mine(torch, kind, (sum(rows), 2)), [rank + 1] * world, rows)
    outputs = [_like(torch, kind, 3) for _ in range(world)]
    dist.all_to_all(outputs, list(_mine(torch, kind, (world, 3))))
    return single, uneven, outputs


@_of_each_type
def a_ring_of_transfers(torch, kind):
    dist, rank, world = _here(torch)
    after, before = (rank + 1) % world, (rank - 1) % world
    received = _like(torch, kind, 2, 3)
    if rank % 2:
        source = dist.recv(received, before)
        dist.send(_mine(torch, kind), after)
    else:
        dist.send(_mine(torch, kind), after)
        source = dist.recv(received, before)
    batch = _like(torch, kind, 2, 3)
    works = dist.batch_isend_irecv(
        [
            dist.P2POp(dist.isend, received, after),
            dist.P2POp(dist.irecv, batch, before),
        ]
    )
    for work in works:
        work.wait()
    return source, received, batch


@case
def tags_are_matched_and_messages_keep_their_order(torch):
    dist, rank, _ = _here(torch)
    if rank == 0:
        works = [
            dist.isend(torch.tensor([value]), 1, tag=tag) for value, tag in ((1, 7), (2, 8), (3, 7))
        ]
        for work in works:
            work.wait()
    if rank == 1:
        targets = [torch.zeros(1, dtype=torch.int64) for _ in range(3)]
        works = [dist.irecv(t, 0, tag=tag) for t, tag in zip(targets, (8, 7, 7), strict=True)]
        for work in reversed(works):
            work.wait()
        return targets
    return None


@case
def receiving_from_anybody(torch):
    dist, rank, world = _here(torch)
    if rank:
        dist.send(torch.tensor([10 * rank]), 0)
        return None
    received = []
    for _ in range(world - 1):
        target = torch.zeros(1, dtype=torch.int64)
        received.append((dist.recv(target), target.item()))
    return sorted(received)


@case
def groups_of_some(torch):
    dist, rank, world = _here(torch)
    pairs = [dist.new_group([first, first + 1]) for first in range(0, world, 2)]
    strided = [dist.new_group(list(range(start, world, 2))) for start in range(2)]
    mine = pairs[rank // 2], strided[rank % 2]
    results = []
    for group in mine:
        tensor = torch.tensor([rank, 1])
        dist.all_reduce(tensor, group=group)
        copy = torch.tensor([rank])
        dist.broadcast(copy, dist.get_global_rank(group, dist.get_world_size(group) - 1), group)
        results.append(
            (
                tensor,
                copy,
                dist.get_rank(group),
                dist.get_world_size(group),
                dist.get_process_group_ranks(group),
                dist.get_group_rank(group, rank),
            )
        )
    other = pairs[(rank // 2 + 1) % len(pairs)]
    return results, dist.get_rank(other), dist.get_world_size(other)


@case
def groups_of_the_same_ranks_are_apart(torch):
    dist, rank, _ = _here(torch)
    first, second = dist.new_group([0, 1]), dist.new_group([0, 1])
    if rank > 1:
        return dist.get_rank(first)
    tensors = [torch.tensor([float(rank + 1)]) for _ in range(2)]
    order = (0, 1) if rank else (1, 0)
    works = [dist.all_reduce(tensors[i], group=(first, second)[i], async_op=True) for i in order]
    for work in works:
        work.wait()
    return tensors


@case
def many_at_once_end_in_any_order(torch):
    dist, rank, _ = _here(torch)
    tensors = [torch.full((1000,), float(rank + i)) for i in range(10)]
    works = [dist.all_reduce(tensor, async_op=True) for tensor in tensors]
    for work in reversed(works):
        assert work.wait()
    future = dist.all_reduce(tensors[0], async_op=True).get_future()
    return (
        tensors[1:],
        future.wait()[0],
        [work.is_completed() for work in works],
        dist.barrier(async_op=True).wait(),
        dist.barrier(),
    )


@case
def objects_of_any_size(torch):
    dist, rank, world = _here(torch)
    mine = {"rank": rank, "text": "x" * 100 * rank, "tensor": torch.full((rank,), 2.0)}
    gathered = [None] * world
    dist.all_gather_object(gathered, mine)
    at_root = [None] * world if rank == 1 else None
    dist.gather_object(mine, at_root, dst=1)
    shared = [rank, mine] if rank == 0 else [None, None]
    dist.broadcast_object_list(shared, src=0)
    part = [None]
    dist.scatter_object_list(part, [("for", i) for i in range(world)] if rank == 0 else None, src=0)
    return gathered, at_root, shared, part


@case
def objects_to_one(torch):
    dist, rank, _ = _here(torch)
    objects = [{"a": 1}, "b"] if rank == 0 else [None, None]
    if rank == 0:
        dist.send_object_list(objects, 1)
    if rank == 1:
        return dist.recv_object_list(objects, 0), objects
    return objects


@case
def tensors_with_strides_and_without_elements(torch):
    dist, rank, _ = _here(torch)
    base = torch.arange(6.0).reshape(2, 3) + rank
    dist.all_reduce(base.t())
    scalar = torch.tensor(float(rank))
    dist.all_reduce(scalar)
    empty = torch.zeros(0, 3)
    dist.all_reduce(empty)
    return base, scalar, empty


@case
def outputs_that_are_parts_of_inputs(torch):
    dist, rank, world = _here(torch)
    whole = torch.arange(2.0 * world) + 10 * rank
    part = whole[2 * rank : 2 * rank + 2]
    dist.reduce_scatter_tensor(part, whole.clone())
    gathered = torch.zeros(2 * world)
    mine = gathered[2 * rank : 2 * rank + 2]
    mine.copy_(part)
    dist.all_gather_into_tensor(gathered, mine)
    return whole, gathered, part.data_ptr() == whole[2 * rank :].data_ptr()


@case
def autograd_does_not_see_it(torch):
    dist, _, _ = _here(torch)
    weight = torch.ones(3, requires_grad=True)
    dist.all_reduce(weight)
    (weight * 2).sum().backward()
    dist.all_reduce(weight.grad)
    return weight, weight.grad, weight._version


@case
def calls_that_cannot_be(torch):
    dist, rank, world = _here(torch)
    one = torch.ones(1)
    return [
        _tried(torch, call)
        for call in (
            lambda: dist.send(one, rank),
            lambda: dist.recv(one, rank),
            lambda: dist.gather(one, [one] * world if rank else None, dst=0),
            lambda: dist.all_gather([one], one),
            lambda: dist.all_gather_into_tensor(torch.ones(world + 1), one),
            lambda: dist.reduce_scatter_tensor(one, torch.ones(world + 1)),
            lambda: dist.all_to_all_single(torch.ones(world), torch.ones(world), [1] * 9, [1] * 9),
            lambda: dist.new_group([0, 0]),
            lambda: dist.new_group([0, world]),
            lambda: dist.init_process_group("gloo"),
            lambda: dist.P2POp(dist.send, one, 0),
        )
    ]
