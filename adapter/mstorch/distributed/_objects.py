# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The collectives on Python objects, which are pickled: as in torch, members trust each other."""

import pickle

from mstorch.distributed import _algorithms, _groups, _transfers
from mstorch.distributed._collectives import check_only_at
from mstorch.distributed._groups import is_outside, member_number, resolve


def _run(group, name, algorithm, *args, what="objects"):
    work = group.collect(name, algorithm, *args, what=what)
    work.wait()
    return work.value


def all_gather_object(object_list, obj, group=None):
    """The list gets the objects of all members."""
    if is_outside(group):
        return _groups.warn_outside("all_gather_object")
    group = resolve(group)
    content = pickle.dumps(obj)
    for i, data in enumerate(
        _run(group, "all_gather_object", _algorithms.all_gather_bytes, content)
    ):
        object_list[i] = pickle.loads(data)
    return None


def gather_object(obj, object_gather_list=None, dst=None, group=None, group_dst=None):
    """The list of one member gets the objects of all."""
    if is_outside(group):
        return _groups.warn_outside("gather_object")
    group = resolve(group)
    root = member_number(group, dst, group_dst, 0)
    check_only_at(group.rank() == root, object_gather_list, "object_gather_list", "destination")
    gathered = _run(
        group,
        "gather_object",
        _algorithms.gather_bytes,
        pickle.dumps(obj),
        root,
        what=f"objects to member {root}",
    )
    for i, data in enumerate(gathered or ()):
        object_gather_list[i] = pickle.loads(data)
    return None


def broadcast_object_list(object_list, src=None, group=None, device=None, group_src=None):
    """Each member's list gets the objects in the list of one."""
    if is_outside(group):
        return _groups.warn_outside("broadcast_object_list")
    if not isinstance(object_list, list) or not object_list:
        raise ValueError("broadcast_object_list: object_list must be a list that is not empty")
    group = resolve(group)
    root = member_number(group, src, group_src, 0)
    contents = [pickle.dumps(object_list)] * group.size() if group.rank() == root else None
    data = _run(
        group,
        "broadcast_object_list",
        _algorithms.scatter_bytes,
        contents,
        root,
        what=f"{len(object_list)} objects from member {root}",
    )
    if group.rank() != root:
        object_list[:] = pickle.loads(data)
    return None


def scatter_object_list(
    scatter_object_output_list, scatter_object_input_list=None, src=None, group=None, group_src=None
):
    """The first entry of each member's output becomes its entry in the input of one member."""
    if is_outside(group):
        return _groups.warn_outside("scatter_object_list")
    output = scatter_object_output_list
    if not isinstance(output, list) or not output:
        raise ValueError(
            "Expected argument scatter_object_output_list to be a list of size at least 1."
        )
    group = resolve(group)
    root = member_number(group, src, group_src, 0)
    contents = None
    if group.rank() == root:
        objects = scatter_object_input_list
        if not isinstance(objects, (list, tuple)) or len(objects) != group.size():
            raise ValueError(
                f"scatter_object_list: the input must be a list of {group.size()} objects on the "
                "source rank"
            )
        contents = [pickle.dumps(entry) for entry in objects]
    data = _run(
        group,
        "scatter_object_list",
        _algorithms.scatter_bytes,
        contents,
        root,
        what=f"objects from member {root}",
    )
    output[0] = pickle.loads(data)
    return None


def send_object_list(
    object_list, dst=None, group=None, device=None, group_dst=None, use_batch=False
):
    """Send a list of objects to one process."""
    if is_outside(group):
        return _groups.warn_outside("send_object_list")
    group = resolve(group)
    member = _transfers.other_member(group, dst, group_dst, "destination")
    _transfers.start_send(
        group,
        "send_object_list",
        member,
        "objects",
        f"{len(object_list)} objects",
        pickle.dumps(object_list),
    ).wait()
    return None


def recv_object_list(
    object_list, src=None, group=None, device=None, group_src=None, use_batch=False
):
    """Receive a list of as many objects; returns the rank of the sender."""
    if is_outside(group):
        _groups.warn_outside("recv_object_list")
        return -1
    group = resolve(group)
    member = None
    if src is not None or group_src is not None:
        member = _transfers.other_member(group, src, group_src, "source")
    label = _transfers.label(group, "objects")
    steps = _algorithms.receive_bytes(group, member, label, f"{len(object_list)} objects")
    work = group.start("recv_object_list", steps)
    work.wait()
    peer, data = work.value
    object_list[:] = pickle.loads(data)
    return peer
