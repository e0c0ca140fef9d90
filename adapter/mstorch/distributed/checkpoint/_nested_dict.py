# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Nested states as flat ones, and back."""

from mstorch._errors import module_getattr
from mstorch.distributed.checkpoint._traverse import OBJ_PATH, set_element, traverse_state_dict

FLATTEN_MAPPING = dict[str, OBJ_PATH]


def flatten_state_dict(state_dict):
    """The leaves by their paths joined with dots, and the path of each of these names."""
    flat, paths = {}, {}

    def take(path, value):
        name = ".".join(map(str, path))
        if name in flat:
            raise ValueError(f"duplicated flatten key {name}")
        flat[name], paths[name] = value, path

    traverse_state_dict(state_dict, take)
    return flat, paths


def unflatten_state_dict(state_dict, mapping):
    """The nested state of a flat one, by the paths that flatten_state_dict gave."""
    nested = {}
    for name, value in state_dict.items():
        set_element(nested, mapping[name], value)
    return nested


__getattr__ = module_getattr("torch.distributed.checkpoint._nested_dict")
