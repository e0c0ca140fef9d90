# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Nested containers as flat lists and back: tuples, lists, dicts, ordered dicts, default dicts,
named tuples and deques.
"""

import collections
from dataclasses import dataclass, field
from typing import Any

from mstorch._errors import module_getattr

Context = Any
"""What a container's flat form keeps beside its children."""


@dataclass(frozen=True)
class TreeSpec:
    """The shape of a tree. `type` is None for a leaf."""

    type: Any = None
    context: Any = None
    children_specs: list = field(default_factory=list)

    @property
    def num_leaves(self):
        return 1 if self.type is None else sum(child.num_leaves for child in self.children_specs)

    def is_leaf(self):
        """Whether this stands for a single value."""
        return self.type is None


class LeafSpec(TreeSpec):
    """The spec of a single value."""


_LEAF = LeafSpec()


def _dict_flatten(tree):
    return list(tree.values()), list(tree.keys())


def _dict_unflatten(children, keys):
    return dict(zip(keys, children, strict=False))


_NODES = {
    tuple: (lambda t: (list(t), None), lambda c, _: tuple(c)),
    list: (lambda t: (list(t), None), lambda c, _: list(c)),
    dict: (_dict_flatten, _dict_unflatten),
    collections.OrderedDict: (
        _dict_flatten,
        lambda c, k: collections.OrderedDict(zip(k, c, strict=False)),
    ),
    collections.defaultdict: (
        lambda t: (list(t.values()), (t.default_factory, list(t.keys()))),
        lambda c, x: collections.defaultdict(x[0], zip(x[1], c, strict=False)),
    ),
    collections.deque: (lambda t: (list(t), t.maxlen), lambda c, n: collections.deque(c, n)),
}
_NAMED_TUPLE = (lambda t: (list(t), type(t)), lambda c, kind: kind(*c))


def register_pytree_node(cls, flatten_fn, unflatten_fn, **options):
    """Make a class a container: `flatten_fn(tree) -> (children, context)`,
    `unflatten_fn(children, context) -> tree`.
    """
    if cls in _NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    _NODES[cls] = (flatten_fn, unflatten_fn)


def _node_type(tree):
    kind = type(tree)
    if kind in _NODES:
        return kind
    return "namedtuple" if isinstance(tree, tuple) and hasattr(kind, "_fields") else None


def _node(kind):
    return _NAMED_TUPLE if kind == "namedtuple" else _NODES[kind]


def tree_flatten(tree, is_leaf=None):
    """(leaves, spec)."""
    kind = _node_type(tree)
    if kind is None or (is_leaf is not None and is_leaf(tree)):
        return [tree], _LEAF
    children, context = _node(kind)[0](tree)
    leaves, specs = [], []
    for child in children:
        found, spec = tree_flatten(child, is_leaf)
        leaves += found
        specs.append(spec)
    return leaves, TreeSpec(kind, context, specs)


def tree_unflatten(leaves, treespec):
    """The tree of a spec, with these leaves."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(
            f"tree_unflatten(leaves, treespec): `leaves` has length {len(leaves)} but the spec "
            f"refers to a pytree that holds {treespec.num_leaves} items."
        )
    return _build(iter(leaves), treespec)


def _build(leaves, spec):
    if spec.type is None:
        return next(leaves)
    return _node(spec.type)[1](
        [_build(leaves, child) for child in spec.children_specs], spec.context
    )


def tree_leaves(tree, is_leaf=None):
    """The leaves alone."""
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree, is_leaf=None):
    """The spec alone."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func, tree, *rests, is_leaf=None):
    """A tree of the function's results on the leaves of one or more trees of the same shape."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [tree_flatten(rest, is_leaf)[0] for rest in rests]
    return tree_unflatten([func(*group) for group in zip(leaves, *others, strict=False)], spec)


def tree_map_only(kind, func, tree, is_leaf=None):
    """tree_map on the leaves of one type."""
    return tree_map(
        lambda leaf: func(leaf) if isinstance(leaf, kind) else leaf, tree, is_leaf=is_leaf
    )


def tree_any(predicate, tree):
    """Whether the predicate holds for a leaf."""
    return any(map(predicate, tree_leaves(tree)))


def tree_all(predicate, tree):
    """Whether the predicate holds for all leaves."""
    return all(map(predicate, tree_leaves(tree)))


__getattr__ = module_getattr("torch.utils._pytree")
