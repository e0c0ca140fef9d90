# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.vmap."""

import functools
import itertools

from mstorch import _random
from mstorch._batching import Batched, batch, running
from mstorch._errors import missing
from mstorch._tensor import Tensor
from mstorch.utils import _pytree

# Each call has a level of its own; those of calls inside of others are higher.
_levels = itertools.count(1)


def vmap(func, in_dims=0, out_dims=0, randomness="error", *, chunk_size=None):
    """A function that maps `func` over a dimension of its arguments.

    `in_dims` says which dimension, for all arguments or for each, nested as they are; None for one
    that is not mapped over, as arguments by name never are. `out_dims` says where the results have
    it. Random numbers cannot be drawn inside.
    """
    if randomness != "error":
        raise missing("torch.vmap", f"randomness={randomness!r}")
    if chunk_size is not None:
        raise missing("torch.vmap", "chunk_size")

    @functools.wraps(func)
    def mapped(*args, **kwargs):
        return _mapped(func, in_dims, out_dims, args, kwargs)

    return mapped


def _mapped(func, in_dims, out_dims, args, kwargs):
    pairs = _with_dims(in_dims, args)
    sizes = {value.shape[dim] for value, dim in pairs if dim is not None}
    if len(sizes) != 1:
        raise ValueError(
            "vmap: expected at least one tensor to map over"
            if not sizes
            else f"vmap: Expected all tensors to have the same size in the mapped dimension, got "
            f"sizes {sorted(sizes)}"
        )
    size = sizes.pop()
    if not size:
        raise missing("torch.vmap", "a mapped dimension of size 0")
    level = next(_levels)
    values = [value if dim is None else batch(value.movedim(dim, 0), level) for value, dim in pairs]
    args = _pytree.tree_unflatten(values, _pytree.tree_structure(args))
    before = _random.default_generator.get_state()
    with running():
        results = func(*args, **kwargs)
        if not before.equal(_random.default_generator.get_state()):
            raise RuntimeError(
                "vmap: called random operation while in randomness error mode. Draw the random "
                "numbers outside of vmap"
            )
        return _results(results, out_dims, size, level)


def _with_dims(dims, tree):
    """The leaves of a tree, each with the dimension to map over, from the front, or None."""
    leaves, spec = _pytree.tree_flatten(tree)
    spread = _spread(dims, spec)
    if spread is None:
        raise ValueError(
            f"vmap: in_dims is not compatible with the structure of inputs: in_dims={dims!r}"
        )
    return [(leaf, _counted(leaf, dim)) for leaf, dim in zip(leaves, spread, strict=True)]


def _spread(dims, spec):
    """One dimension a leaf; None where the nesting of the dimensions is not that of the leaves."""
    if dims is None or isinstance(dims, int):
        return [dims] * spec.num_leaves
    children, own = _pytree.tree_flatten(dims, is_leaf=lambda node: node is not dims)
    if own.type is not spec.type or len(children) != len(spec.children_specs):
        return None
    parts = [
        _spread(child, part) for child, part in zip(children, spec.children_specs, strict=True)
    ]
    return None if None in parts else [dim for part in parts for dim in part]


def _counted(leaf, dim):
    if dim is None:
        return None
    if not isinstance(leaf, Tensor):
        raise ValueError(
            f"vmap: Got in_dim={dim} for an input that is not a Tensor but {type(leaf).__name__}. "
            "Please use None there"
        )
    ndim = leaf.dim()
    if not -ndim <= dim < ndim:
        raise ValueError(
            f"vmap: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality "
            f"{ndim} so expected in_dim to satisfy -{ndim} <= in_dim < {ndim}."
        )
    return dim % ndim


def _results(results, out_dims, size, level):
    leaves, spec = _pytree.tree_flatten(results)
    dims = _spread(out_dims, spec)
    if dims is None and not spec.is_leaf() and isinstance(out_dims, tuple) and len(out_dims) == 1:
        dims = _spread(out_dims[0], spec)
    if dims is None:
        raise ValueError(
            f"vmap: out_dims is not compatible with the structure of outputs: out_dims={out_dims!r}"
        )
    found = [_result(leaf, dim, size, level) for leaf, dim in zip(leaves, dims, strict=True)]
    return _pytree.tree_unflatten(found, spec)


def _result(leaf, dim, size, level):
    if not isinstance(leaf, Tensor):
        raise ValueError(
            f"vmap: a function must only return Tensors, got type {type(leaf).__name__}"
        )
    if isinstance(leaf, Batched) and leaf._level == level:
        if dim is None:
            raise ValueError("vmap: out_dims is None for an output that is mapped over")
        return leaf._value.movedim(0, dim)
    return leaf if dim is None else leaf.expand(size, *leaf.shape).movedim(0, dim)
