# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.fx._pytree: trees flattened by a spec that is known already."""

from mstorch._errors import module_getattr


def _dict_flatten_spec(tree, spec):
    return [tree[key] for key in spec.context]


def _list_flatten_spec(tree, spec):
    return [tree[i] for i in range(len(spec.children_specs))]


SUPPORTED_NODES = {
    dict: _dict_flatten_spec,
    list: _list_flatten_spec,
    tuple: _list_flatten_spec,
}


def register_pytree_flatten_spec(cls, flatten_fn_spec, flatten_fn_exact_match_spec=None):
    """Name the function that gives a container's children: `flatten_fn_spec(tree, spec)`."""
    SUPPORTED_NODES[cls] = flatten_fn_spec


def tree_flatten_spec(pytree, spec):
    """The leaves of a tree in the order of a spec, which may leave some out."""
    if spec.is_leaf():
        return [pytree]
    if spec.type not in SUPPORTED_NODES:
        raise RuntimeError(
            f"{type(pytree)} does not have a flatten_fn_spec associated with it. Please register "
            "one with torch.fx._pytree.register_pytree_flatten_spec."
        )
    children = SUPPORTED_NODES[spec.type](pytree, spec)
    pairs = zip(children, spec.children_specs, strict=True)
    return [leaf for child, part in pairs for leaf in tree_flatten_spec(child, part)]


__getattr__ = module_getattr("torch.fx._pytree")
