# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Walking through nested states."""

import itertools
from collections.abc import Mapping

from mstorch._errors import module_getattr
from mstorch._tensor import Tensor
from mstorch.distributed._shard.sharded_tensor import ShardedTensor

PATH_ITEM = str | int
OBJ_PATH = tuple[PATH_ITEM, ...]
STATE_DICT_ITEM = object


def _keep_visiting_tensors(value):
    return isinstance(value, (Tensor, ShardedTensor))


def traverse_state_dict(state_dict, visitor, keep_traversing=_keep_visiting_tensors):
    """Call `visitor(path, value)` for each leaf. Mappings are entered; lists are where a mapping,
    or what `keep_traversing` says yes to, is among their entries or in lists among them.
    """
    for key, value in state_dict.items():
        _visit((str(key),), value, visitor, keep_traversing)


def _visit(path, value, visitor, keep_traversing):
    if isinstance(value, Mapping):
        for key, entry in value.items():
            _visit((*path, str(key)), entry, visitor, keep_traversing)
    elif _is_leaf(value, keep_traversing):
        visitor(path, value)
    else:
        for number, entry in enumerate(value):
            _visit((*path, number), entry, visitor, keep_traversing)


def _is_leaf(value, keep_traversing):
    if isinstance(value, Mapping):
        return False
    if not isinstance(value, list):
        return True
    return not any(
        (isinstance(entry, (Mapping, list)) and not _is_leaf(entry, keep_traversing))
        or (keep_traversing is not None and keep_traversing(entry))
        for entry in value
    )


def set_element(root_dict, path, value):
    """Set the value at a path; dicts (for names) and lists (for numbers) on it are made."""
    container = root_dict
    for key, following in itertools.pairwise(path):
        empty = {} if isinstance(following, str) else []
        if isinstance(container, Mapping):
            container = container.setdefault(key, empty)
        else:
            _extend(container, key)
            if container[key] is None:
                container[key] = empty
            container = container[key]
    if isinstance(path[-1], int):
        _extend(container, path[-1])
    container[path[-1]] = value


def _extend(entries, number):
    entries.extend([None] * (number + 1 - len(entries)))


def get_element(root_dict, path, default_value=None):
    """The value at a path, or the default."""
    value = root_dict
    for part in path:
        if isinstance(part, int):
            if not isinstance(value, list) or len(value) <= part:
                return default_value
        elif not isinstance(value, Mapping) or part not in value:
            return default_value
        value = value[part]
    return value


__getattr__ = module_getattr("torch.distributed.checkpoint._traverse")
