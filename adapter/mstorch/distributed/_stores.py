# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Stores of torch.distributed: keys and values. Processes find each other without one."""

import datetime
import urllib.parse

from mstorch._errors import missing
from mstorch.distributed import _launch


class Store:
    """Keys and values that the processes of a world share; the base of all stores."""

    timeout = datetime.timedelta(minutes=5)

    def set_timeout(self, timeout):
        """Keep how long others may take to set a value. Nothing here waits for others."""
        self.timeout = timeout


class HashStore(Store):
    """A store in the memory of one process. Values are bytes."""

    def __init__(self):
        self._values = {}

    def set(self, key, value):
        """Keep a value."""
        self._values[key] = value.encode() if isinstance(value, str) else bytes(value)

    def get(self, key):
        """The value; KeyError where there is none, as nobody else could still set it."""
        return self._values[key]

    def add(self, key, amount):
        """Add to the number kept under a key; returns the sum."""
        total = int(self._values.get(key, b"0")) + amount
        self._values[key] = str(total).encode()
        return total

    def check(self, keys):
        """Whether all keys have values."""
        return all(key in self._values for key in keys)

    def delete_key(self, key):
        """Forget a key; returns whether it was there."""
        return self._values.pop(key, None) is not None

    def num_keys(self):
        """The number of keys."""
        return len(self._values)

    def wait(self, keys, timeout=None):
        """Return at once where all keys have values, raise otherwise."""
        if not self.check(keys):
            raise RuntimeError(f"wait: no process is left that could set one of {list(keys)}")


class PrefixStore(Store):
    """A part of another store: its keys begin with a prefix there."""

    def __init__(self, prefix, store):
        self._prefix = prefix
        self.underlying_store = store
        self.timeout = store.timeout

    def _key(self, key):
        return f"{self._prefix}/{key}"

    def set(self, key, value):
        """Keep a value."""
        self.underlying_store.set(self._key(key), value)

    def get(self, key):
        """The value."""
        return self.underlying_store.get(self._key(key))

    def add(self, key, amount):
        """Add to the number kept under a key; returns the sum."""
        return self.underlying_store.add(self._key(key), amount)

    def check(self, keys):
        """Whether all keys have values."""
        return self.underlying_store.check([self._key(key) for key in keys])

    def delete_key(self, key):
        """Forget a key; returns whether it was there."""
        return self.underlying_store.delete_key(self._key(key))

    def num_keys(self):
        """The number of keys of the whole store, as in torch."""
        return self.underlying_store.num_keys()

    def wait(self, keys, timeout=None):
        """Return at once where all keys have values, raise otherwise."""
        self.underlying_store.wait([self._key(key) for key in keys], timeout)


def rendezvous(url, rank=-1, world_size=-1, **options):
    """An iterator over one triple: the store that the processes share, the rank and their number.

    Processes of a larger world meet in init_process_group and share no store.
    """
    if not isinstance(url, str):
        raise RuntimeError(f"`url` must be a string. {type(url)}: {url}")
    scheme = urllib.parse.urlsplit(url).scheme
    if scheme not in ("tcp", "env"):
        raise RuntimeError(f"No rendezvous handler for {scheme}://")
    world_size, rank = _launch.place_in_world(world_size, rank, url)
    if world_size > 1:
        raise missing(
            "torch.distributed.rendezvous",
            "a store for several processes; call init_process_group with init_method instead",
        )
    store = HashStore()
    if options.get("timeout") is not None:
        store.set_timeout(options["timeout"])
    yield store, rank, world_size
