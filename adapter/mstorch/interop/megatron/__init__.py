# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What recipes put in the place of parts of megatron-core: the same results, by msops.

Where Megatron rounds half types after every operator, these round once.
"""

import numpy

from mstorch import _dtypes
from mstorch._ops import activation, gated, indexing, rotary, routing, scatter, views
from mstorch._tensor import wrap
from mstorch.interop.megatron._vocabulary import vocab_parallel_cross_entropy

__all__ = [
    "bias_gelu",
    "permute",
    "rotate",
    "route",
    "routes",
    "swiglu",
    "unpermute",
    "vocab_parallel_cross_entropy",
]


def swiglu(x, bias=None, weights=None):
    """`silu(a) * b`, a and b the halves of `x + bias`, times a weight a row: the dtype of x.

    `weights` has the shape of x with 1 as its last dimension.
    """
    if bias is not None and bias.dtype != x.dtype:
        x, bias = x + bias, None
    return gated.swiglu(x, bias, weights)


def bias_gelu(x, bias):
    """gelu of `x + bias`, in the approximation by tanh."""
    if bias.dtype != x.dtype:
        return activation.gelu(x + bias, "tanh")
    return activation.bias_gelu(x, bias, "tanh")


def rotate(t, cos, sin, interleaved=False, multi_latent_attention=False):
    """t with the first columns, as many as `cos` has, turned: by halves or by neighbours; those of
    multi-latent attention are first laid out in halves.
    """
    if multi_latent_attention and interleaved:
        size = cos.shape[-1]
        t = views.cat((t[..., :size:2], t[..., 1:size:2], t[..., size:]), -1)
        multi_latent_attention = False
    layout = "interleaved" if interleaved else "half"
    layout = "interleaved_half" if multi_latent_attention else layout
    return rotary.rotary_position_embedding(t, cos, sin, layout)


def permute(tokens, routing_map, probs=None):
    """Tokens by expert, their probs (None without), and the number of each one's token.

    `routing_map` and `probs` are (tokens, experts).
    """
    chosen = routing_map._a.astype(bool)
    experts_of = _experts_of(chosen)
    weights = None if probs is None else _weights(probs, experts_of)
    result = routing.moe_token_permute(tokens, wrap(experts_of), chosen.shape[1], weights)
    count = int(chosen.sum())
    numbers = wrap(numpy.nonzero(chosen.T)[1])
    if probs is None:
        return result.tokens[:count], None, numbers
    return result.tokens[:count], views.cast(result.probs[:count], probs.dtype), numbers


def unpermute(permuted, numbers, restore_shape, probs=None, routing_map=None):
    """The sum of the rows of each token, times probs where they are given; `numbers` is what
    `permute` gave, the token of each row.
    """
    rows = numpy.argsort(numbers._a, kind="stable")
    counts = numpy.bincount(numbers._a, minlength=restore_shape[0])
    positions = _in_rows(counts, rows.astype(numpy.int32))
    weights = None
    if probs is not None:
        weights = _weights(probs, _experts_of(routing_map._a.astype(bool)))
    return routing.moe_token_unpermute(permuted, wrap(positions), weights)


def _experts_of(chosen):
    """(tokens, most choices of a token): experts in ascending order, then -1."""
    return _in_rows(chosen.sum(1), numpy.nonzero(chosen)[1])


def _in_rows(counts, values):
    """Values one after the other in rows of so many, filled up with -1."""
    width = max(int(counts.max(initial=0)), 1)
    table = numpy.full((counts.size, width), -1, values.dtype)
    table[numpy.arange(width) < counts[:, None]] = values
    return table


def _weights(probs, experts_of):
    """The probs of these experts as msops wants them; what -1 has is not used."""
    wide = probs if probs.dtype == _dtypes.float64 else views.cast(probs, _dtypes.float32)
    return indexing.gather(wide, 1, wrap(numpy.maximum(experts_of, 0)))


def routes(logits, score_function, use_pre_softmax):
    """Whether `route` gives what Megatron's router does: with half types it rounds the scores, and
    without use_pre_softmax it chooses by logits.
    """
    exact = logits.dtype in (_dtypes.float32, _dtypes.float64)
    return exact and (
        score_function == "sigmoid" or (score_function == "softmax" and use_pre_softmax)
    )


def route(
    logits,
    top_k,
    *,
    num_groups=None,
    group_topk=None,
    scaling_factor=None,
    score_function="softmax",
    expert_bias=None,
):
    """(tokens, experts): the probs of what is chosen and 0 elsewhere, what is chosen, and how many
    tokens chose each expert.
    """
    sigmoid = score_function == "sigmoid"
    chosen = routing.moe_gating(
        logits,
        top_k,
        bias=expert_bias if sigmoid else None,
        groups=num_groups if group_topk else 1,
        top_groups=group_topk or None,
        score_function=score_function,
        normalize=sigmoid and top_k > 1,
        scale=scaling_factor or 1.0,
    )
    indices = views.cast(chosen.indices, _dtypes.int64)
    empty = wrap(numpy.zeros(logits._a.shape, logits._a.dtype))
    probs = scatter.scatter(empty, 1, indices, chosen.probs)
    selected = numpy.zeros(logits._a.shape, bool)
    numpy.put_along_axis(selected, indices._a, True, 1)
    return probs, wrap(selected), chosen.tokens_per_expert
