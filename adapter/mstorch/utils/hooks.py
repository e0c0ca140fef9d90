# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Handles of hooks."""

import itertools
import weakref

from mstorch._errors import module_getattr


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook out again."""

    _numbers = itertools.count()

    def __init__(self, hooks_dict, *, extra_dict=None):
        self.id = next(self._numbers)
        self._dicts = [_reference(d) for d in (hooks_dict, extra_dict) if d is not None]

    def remove(self):
        """Take the hook out; a second time changes nothing."""
        for reference in self._dicts:
            hooks = reference()
            if hooks is not None:
                hooks.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.remove()


def _reference(hooks):
    """A weak reference where the dictionary's type allows one."""
    try:
        return weakref.ref(hooks)
    except TypeError:
        return lambda: hooks


__getattr__ = module_getattr("torch.utils.hooks")
