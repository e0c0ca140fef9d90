# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.distributed.remote_device: a device of some process."""

from mstorch._device import device
from mstorch._errors import module_getattr


class _remote_device:
    """A device of a process: `rank:0/cpu`, `worker/cpu`, `worker` (its CPU), or `cpu` (here)."""

    def __init__(self, remote_device):
        owner, place = _parts(remote_device)
        self._device = device(place)
        self._worker_name = self._rank = None
        if owner is None:
            return
        kind, colon, number = owner.partition(":")
        if not owner or (colon and (kind != "rank" or not number.isdigit())):
            raise ValueError(_unreadable(remote_device))
        if colon:
            self._rank = int(number)
        else:
            self._worker_name = owner

    def worker_name(self):
        """The name of the process, or None."""
        return self._worker_name

    def rank(self):
        """The number of the process, or None."""
        return self._rank

    def device(self):
        """The device in that process."""
        return self._device

    def __repr__(self):
        owner = f"rank:{self._rank}" if self._rank is not None else self._worker_name
        return str(self._device) if owner is None else f"{owner}/{self._device}"

    def __eq__(self, other):
        return isinstance(other, _remote_device) and vars(self) == vars(other)

    def __hash__(self):
        return hash((self._worker_name, self._rank, self._device))


def _parts(name):
    """The process (None for this one) and the device."""
    if isinstance(name, device):
        return None, name
    if not isinstance(name, str):
        raise TypeError(f"Invalid type for remote_device: {type(name)}")
    fields = name.split("/")
    if len(fields) == 2:
        return fields
    if len(fields) != 1:
        raise ValueError(_unreadable(name))
    try:
        return None, device(name)
    except RuntimeError:
        return name, "cpu"


def _unreadable(name):
    return (
        f"Could not parse remote_device: {name}. The valid format is '<workername>/<device>' or "
        "'rank:<rank>/<device>' or '<device>'"
    )


__getattr__ = module_getattr("torch.distributed.remote_device")
