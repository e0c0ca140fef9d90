# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs for several processes in which something goes wrong. Their results are messages."""

import datetime
import os
import signal

from cases.collection import Cases

TIMEOUT = datetime.timedelta(seconds=20)

CASES = Cases()
case = CASES.case


def _error(operation):
    try:
        operation()
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


@case
def shapes_differ(torch):
    dist = torch.distributed
    tensor = torch.ones(3 if dist.get_rank() else 2)
    return _error(lambda: dist.all_reduce(tensor))


@case
def types_differ(torch):
    dist = torch.distributed
    kind = torch.int32 if dist.get_rank() else torch.float32
    gathered = [torch.zeros(2, dtype=kind) for _ in range(dist.get_world_size())]
    return _error(lambda: dist.all_gather(gathered, torch.ones(2, dtype=kind)))


@case
def operations_differ(torch):
    dist = torch.distributed
    op = dist.ReduceOp.MAX if dist.get_rank() else dist.ReduceOp.SUM
    return _error(lambda: dist.all_reduce(torch.ones(2), op))


@case
def collectives_differ(torch):
    dist = torch.distributed
    if dist.get_rank():
        return _error(dist.barrier)
    return _error(lambda: dist.all_reduce(torch.ones(2)))


@case
def rows_differ(torch):
    dist = torch.distributed
    rank, world = dist.get_rank(), dist.get_world_size()
    rows = [rank + 1] * world
    output = torch.zeros(sum(rows))
    return _error(lambda: dist.all_to_all_single(output, torch.ones(sum(rows)), rows, rows))


@case
def replicas_differ(torch):
    size = 3 if torch.distributed.get_rank() == 2 else 2
    layer = torch.nn.Linear(2, size)
    layer.weight = torch.nn.Parameter(torch.ones(2, 2))
    return _error(lambda: torch.nn.parallel.DistributedDataParallel(layer))


@case
def a_message_of_another_size(torch):
    dist = torch.distributed
    if dist.get_rank() == 0:
        dist.send(torch.ones(3), 1)
        return None
    return _error(lambda: dist.recv(torch.ones(2), 0)) if dist.get_rank() == 1 else None


@case
def time_is_up(torch):
    dist = torch.distributed
    group = dist.new_group(timeout=datetime.timedelta(milliseconds=200))
    if dist.get_rank() == 0:
        return [
            _error(lambda: dist.all_reduce(torch.ones(2), group=group)),
            _error(lambda: dist.recv(torch.ones(2), 1, group=group)),
            _error(lambda: dist.irecv(torch.ones(2), 1).wait(datetime.timedelta(milliseconds=50))),
        ]
    return None


@case
def a_member_gives_up(torch):
    """Rank 0 does not wait long for rank 1, which comes when that time is over."""
    dist = torch.distributed
    brief = datetime.timedelta(milliseconds=200)
    group = dist.new_group(timeout=TIMEOUT if dist.get_rank() else brief)
    if dist.get_rank() == 1:
        dist.recv(torch.zeros(1), 0)
    message = _error(lambda: dist.all_reduce(torch.ones(3), group=group))
    if dist.get_rank() == 0:
        dist.send(torch.ones(1), 1)
    return message


@case
def all_is_well_afterwards(torch):
    tensor = torch.ones(2)
    torch.distributed.barrier()
    torch.distributed.all_reduce(tensor)
    return tensor.tolist()


@case
def a_peer_is_killed(torch):
    """Rank 1 dies when the others wait for it in two collectives, and later calls fail too."""
    dist = torch.distributed
    pair = dist.new_group([0, 2])
    if dist.get_rank() == 1:
        for peer in (0, 2, 3):
            dist.recv(torch.zeros(1), peer)
        os.kill(os.getpid(), signal.SIGKILL)
    works = [dist.all_reduce(torch.ones(1000), async_op=True) for _ in range(2)]
    dist.send(torch.ones(1), 1)
    messages = [_error(work.wait) for work in works]
    messages.append(_error(lambda: dist.broadcast(torch.ones(2), 1)))
    messages.append(_error(lambda: dist.send(torch.ones(2), 1)))
    if dist.get_rank() in (0, 2):
        tensor = torch.ones(1)
        dist.all_reduce(tensor, group=pair)
        messages.append(tensor.item())
    return messages


@case
def a_peer_leaves(torch):
    """What rank 1 sent before it left still arrives."""
    dist = torch.distributed
    if dist.get_rank() == 1:
        dist.send(torch.full((100_000,), 5.0), 0)
        return None
    received = torch.zeros(100_000)
    if dist.get_rank() == 0:
        dist.recv(received, 1)
    return received[-1].item(), _error(lambda: dist.all_reduce(torch.ones(2)))
