# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The collectives, as generators that a Network runs. They compute on NumPy arrays: `target` arrays
are written in place, whatever their strides.

Members send to each other directly. A reduction of all is a reduction of one part by each member
and an exchange of the parts, so that a member sends and receives twice its data whatever the
group's size.
"""

import itertools

import numpy

from mstorch._tensor import bits
from mstorch.distributed import _reductions
from mstorch.distributed._errors import DistBackendError


class Exchange:
    """One collective as one member sees it: whom it sends to, and what it expects of others.

    `what` tells the call: a member that sends another is an error here.
    """

    def __init__(self, group, name, what):
        self.me = group.rank()
        self.size = group.size()
        self.others = [member for member in range(self.size) if member != self.me]
        self._group = group
        self._name = name
        self._what = f"{name} of {what}".encode()
        self._label = group.next_label()

    def run(self, steps):
        """The steps of the collective. The other members are told where they fail here, because
        they may wait for what this one would have sent next.
        """
        try:
            return (yield from steps)
        except Exception as error:
            peers = [self._group.ranks[member] for member in self.others]
            if peers:
                self._group.network.give_up(peers, self._label, error)
            raise

    def send(self, member, content=b"", step=0):
        """Send bytes or an array to a member."""
        if isinstance(content, numpy.ndarray):
            content = _flat(content).view(numpy.uint8)
        peer = self._group.ranks[member]
        self._group.network.send(peer, f"{self._label}:{step}", self._what, content)

    def receive(self, member, step=0):
        """The bytes that a member sends; for `yield from`."""
        peer = self._group.ranks[member]
        _, what, content = yield peer, f"{self._label}:{step}"
        if what != self._what:
            raise DistBackendError(
                f"rank {peer} calls {what.decode()} where this process calls "
                f"{self._what.decode()}: the members of a group must call the same collectives in "
                "the same order, with the same types and sizes"
            )
        return content

    def receive_array(self, member, kind, count, step=0):
        """The array of `count` elements that a member sends; for `yield from`."""
        content = yield from self.receive(member, step)
        if len(content) != count * kind.itemsize:
            raise DistBackendError(
                f"{self._name}: rank {self._group.ranks[member]} sent {len(content)} bytes where "
                f"this process expects {count} elements of {kind.itemsize}"
            )
        return numpy.frombuffer(content, numpy.uint8).view(kind)


def _flat(array):
    return numpy.ascontiguousarray(array).reshape(-1)


def write(target, values):
    """Put the elements of one array into another of the same type and count."""
    bits(target)[...] = bits(values).reshape(target.shape)


def barrier(x):
    """Nobody goes on before everybody has come."""
    yield from all_gather_bytes(x, b"")


def all_reduce(x, target, op):
    """Each member's target becomes the reduction of all."""
    source = _flat(target)
    bounds = [source.size * member // x.size for member in range(x.size + 1)]
    parts = [source[a:b] for a, b in itertools.pairwise(bounds)]
    whole = numpy.empty_like(source)
    mine = yield from _reduce_parts(x, parts, op)
    for member in x.others:
        x.send(member, mine, 1)
    for member in range(x.size):
        part = mine
        if member != x.me:
            part = yield from x.receive_array(member, source.dtype, parts[member].size, 1)
        write(whole[bounds[member] : bounds[member + 1]], part)
    write(target, whole)


def _reduce_parts(x, parts, op):
    """The reduction of all members' parts for this one."""
    for member in x.others:
        x.send(member, parts[member])
    mine = _flat(parts[x.me])
    received = []
    for member in range(x.size):
        part = mine
        if member != x.me:
            part = yield from x.receive_array(member, mine.dtype, mine.size)
        received.append(part)
    return _reductions.combine(op, received)


def reduce_scatter(x, target, sources, op):
    """Each member's target becomes the reduction of all members' sources for it."""
    write(target, (yield from _reduce_parts(x, sources, op)))


def reduce(x, target, op, root):
    """The root's target becomes the reduction of all; the others' stay."""
    source = _flat(target)
    if x.me != root:
        x.send(root, source)
        return
    received = []
    for member in range(x.size):
        part = source
        if member != root:
            part = yield from x.receive_array(member, source.dtype, source.size)
        received.append(part)
    write(target, _reductions.combine(op, received))


def broadcast(x, target, root):
    """Each target becomes the root's."""
    if x.me == root:
        for member in x.others:
            x.send(member, target)
    else:
        write(target, (yield from x.receive_array(root, target.dtype, target.size)))


def all_to_all(x, targets, sources):
    """Each member's target of a member becomes that one's source for it."""
    own = _flat(sources[x.me]).copy()
    for member in x.others:
        x.send(member, sources[member])
    received = {x.me: own}
    for member in x.others:
        target = targets[member]
        received[member] = yield from x.receive_array(member, target.dtype, target.size)
    for member, values in received.items():
        write(targets[member], values)


def all_gather(x, targets, source):
    """Each member's targets become all sources."""
    yield from all_to_all(x, targets, [source] * x.size)


def all_gather_into(x, target, source):
    """Each member's target becomes all sources, one behind the other."""
    whole = numpy.empty((x.size, source.size), source.dtype)
    yield from all_gather(x, whole, source)
    write(target, whole)


def gather(x, targets, source, root):
    """The root's targets become all sources."""
    if x.me != root:
        x.send(root, source)
        return
    received = {root: _flat(source).copy()}
    for member in x.others:
        received[member] = yield from x.receive_array(member, source.dtype, source.size)
    for member, values in received.items():
        write(targets[member], values)


def scatter(x, target, sources, root):
    """Each target becomes the root's source for it."""
    if x.me == root:
        for member in x.others:
            x.send(member, sources[member])
        write(target, _flat(sources[root]).copy())
    else:
        write(target, (yield from x.receive_array(root, target.dtype, target.size)))


def all_gather_bytes(x, content):
    """All members' byte strings, which may differ in length."""
    for member in x.others:
        x.send(member, content)
    gathered = [content] * x.size
    for member in x.others:
        gathered[member] = yield from x.receive(member)
    return gathered


def gather_bytes(x, content, root):
    """All members' byte strings at the root; None elsewhere."""
    if x.me != root:
        x.send(root, content)
        return None
    gathered = [content] * x.size
    for member in x.others:
        gathered[member] = yield from x.receive(member)
    return gathered


def scatter_bytes(x, contents, root):
    """The root's byte string for this member."""
    if x.me != root:
        return (yield from x.receive(root))
    for member in x.others:
        x.send(member, contents[member])
    return contents[root]


def send(group, member, label, what, content):
    """Send bytes or an array to one member."""
    if isinstance(content, numpy.ndarray):
        content = _flat(content).view(numpy.uint8)
    group.network.send(group.ranks[member], label, what.encode(), content)
    return
    yield  # a generator, like the others, that waits for nothing


def receive_bytes(group, member, label, what):
    """Receive from one member, or from any if `member` is None: its rank and the bytes."""
    source = None if member is None else group.ranks[member]
    peer, sent, content = yield source, label
    if sent.decode() != what:
        raise DistBackendError(f"rank {peer} sends {sent.decode()} where {what} are awaited")
    return peer, content


def receive(group, member, label, what, target):
    """Receive into an array; the sender's rank."""
    peer, content = yield from receive_bytes(group, member, label, what)
    write(target, numpy.frombuffer(content, numpy.uint8).view(target.dtype))
    return peer
