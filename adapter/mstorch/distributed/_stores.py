# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Stores of torch.distributed: keys and values. Processes find each other without one."""


class Store:
    """Keys and values that the processes of a world share; the base of all stores."""


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
