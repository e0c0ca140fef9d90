# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Transfers from one process to another.

A send has happened when the message is on its way: it does not wait for the receiver.
"""

from mstorch.distributed import _algorithms, _groups
from mstorch.distributed._collectives import _check_tensor
from mstorch.distributed._groups import is_outside, member_number, resolve


def other_member(group, rank, group_rank, role):
    """The number of another member in the group; an error for this process itself."""
    member = member_number(group, rank, group_rank)
    if member == group.rank():
        raise ValueError(
            f"Invalid {role} rank: {role} rank should not be the same as the rank of the current "
            "process."
        )
    return member


def label(group, tag):
    """What marks the messages of a tag, which are received in the order they were sent."""
    return f"{group.group_name}:tag {tag}"


def start_send(group, name, member, tag, what, content, tensors=()):
    """Start sending bytes or an array."""
    steps = _algorithms.send(group, member, label(group, tag), what, content)
    return group.start(name, steps, tensors)


def _what(tensor):
    return f"{tensor._a.size} elements of {tensor.dtype}"


def isend(tensor, dst=None, group=None, tag=0, group_dst=None):
    """Send to one process; returns the work to wait for before the tensor is changed."""
    _check_tensor(tensor)
    if is_outside(group):
        return _groups.warn_outside("isend")
    group = resolve(group)
    member = other_member(group, dst, group_dst, "destination")
    return start_send(group, "send", member, tag, _what(tensor), tensor._a, [tensor])


def irecv(tensor, src=None, group=None, tag=0, group_src=None):
    """Receive from one process, or from any without a source; returns the work to wait for."""
    _check_tensor(tensor)
    if is_outside(group):
        return _groups.warn_outside("irecv")
    group = resolve(group)
    member = None
    if src is not None or group_src is not None:
        member = other_member(group, src, group_src, "source")
    elif group.size() == 1:
        raise ValueError("Invalid source rank: there is no other process to receive from")
    steps = _algorithms.receive(group, member, label(group, tag), _what(tensor), tensor._a)
    return group.start("recv", steps, [tensor])


def send(tensor, dst=None, group=None, tag=0, group_dst=None):
    """Send to one process."""
    work = isend(tensor, dst, group, tag, group_dst)
    if work is not None:
        work.wait()


def recv(tensor, src=None, group=None, tag=0, group_src=None):
    """Receive from one process, or from any without a source; the rank of the sender."""
    work = irecv(tensor, src, group, tag, group_src)
    return -1 if work is None else work.source_rank()


class P2POp:
    """One transfer for batch_isend_irecv: `isend` or `irecv`, the tensor, and the other process."""

    def __init__(self, op, tensor, peer=None, group=None, tag=0, group_peer=None):
        if op not in (isend, irecv):
            raise ValueError(
                "Invalid ``op``. Expected ``op`` to be of type ``torch.distributed.isend`` or "
                "``torch.distributed.irecv``."
            )
        _check_tensor(tensor)
        self.op = op
        self.tensor = tensor
        self.group = resolve(group)
        self.tag = tag
        self.group_peer = member_number(self.group, peer, group_peer)
        self.peer = self.group.ranks[self.group_peer]


def batch_isend_irecv(p2p_op_list):
    """Start transfers together; returns their works."""
    if not p2p_op_list or not all(isinstance(each, P2POp) for each in p2p_op_list):
        raise ValueError("batch_isend_irecv needs a list of P2POp that is not empty")
    return [
        each.op(each.tensor, group=each.group, tag=each.tag, **_peer(each)) for each in p2p_op_list
    ]


def _peer(transfer):
    return {"group_dst" if transfer.op is isend else "group_src": transfer.group_peer}
