# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The mixture of experts of torch_npu."""

import numpy

from mstorch import _dtypes
from mstorch._errors import missing
from mstorch._ops import (
    activation,
    creation,
    experts,
    indexing,
    linalg,
    pointwise,
    routing,
    views,
)
from mstorch._tensor import wrap
from mstorch.interop.torch_npu._lengths import group_sizes

_GMM = "torch_npu.npu_grouped_matmul"


def npu_moe_gating_top_k(
    x,
    k,
    *,
    bias=None,
    input_ids=None,
    tid2eid=None,
    k_group=1,
    group_count=1,
    group_select_mode=0,
    renorm=0,
    norm_type=0,
    out_flag=False,
    routed_scaling_factor=1.0,
    eps=1e-20,
):
    """The k largest scores of the k_group best groups, their experts (int32), and with out_flag all
    scores (float32; zeros without it).

    Scores are softmax (norm_type 0) or sigmoid (1), the latter divided by the sum of those chosen;
    `bias` only decides. A group counts its largest score (group_select_mode 0) or the sum of its
    two largest (1).
    """
    name = "torch_npu.npu_moe_gating_top_k"
    if input_ids is not None or tid2eid is not None:
        raise missing(name, "input_ids and tid2eid, experts looked up in a table")
    if renorm or norm_type not in (0, 1) or group_select_mode not in (0, 1):
        raise missing(
            name,
            f"renorm={renorm}, norm_type={norm_type}, group_select_mode={group_select_mode}; there "
            "are 0, 0 or 1, and 0 or 1",
        )
    chosen = routing.moe_gating(
        x,
        k,
        bias=None if bias is None else _wide(bias, x),
        groups=group_count,
        top_groups=k_group,
        group_top_k=group_select_mode + 1,
        score_function="sigmoid" if norm_type else "softmax",
        normalize=norm_type == 1,
        scale=routed_scaling_factor,
        eps=eps,
    )
    if out_flag:
        scores = _wide(x.detach(), x)
        scores = pointwise.sigmoid(scores) if norm_type else activation.softmax(scores, -1)
    else:
        scores = creation.zeros(*x._a.shape, dtype=_dtypes.float32)
    return chosen.probs, chosen.indices, scores


def npu_moe_gating_top_k_softmax(x, finished=None, k=1):
    """The k largest of softmax(x), their experts, and `j * rows + i` for choice j of row i."""
    if finished is not None:
        raise missing("torch_npu.npu_moe_gating_top_k_softmax", "finished; select the rows before")
    rows = views.reshape(x, (-1, x._a.shape[-1]))
    chosen = routing.moe_gating(rows, k)
    shape = (*x._a.shape[:-1], k)
    count = rows._a.shape[0]
    numbers = numpy.arange(count * k, dtype=numpy.int32).reshape(k, count).T
    return (
        views.reshape(chosen.probs, shape),
        views.reshape(chosen.indices, shape),
        wrap(numpy.ascontiguousarray(numbers).reshape(shape)),
    )


def _wide(tensor, like):
    kind = _dtypes.float64 if like.dtype == _dtypes.float64 else _dtypes.float32
    return views.cast(tensor, kind)


def npu_moe_token_permute(tokens, indices, num_out_tokens=None, padded_mode=False):
    """Tokens by expert, and (int32) the row of each token's each choice, one after the other.

    The first `num_out_tokens` rows alone, where that is neither None nor 0.
    """
    _refuse_padding("npu_moe_token_permute", padded_mode)
    choices = indices if indices._a.ndim == 2 else views.reshape(indices, (-1, 1))
    permuted = routing.moe_token_permute(tokens, choices, _number_of_experts(choices))
    rows = permuted.tokens[:num_out_tokens] if num_out_tokens else permuted.tokens
    return rows, views.reshape(permuted.positions, (-1,))


def npu_moe_token_unpermute(
    permuted_tokens, sorted_indices, probs=None, padded_mode=False, restore_shape=None
):
    """For each token the sum of its rows, times probs where they are given."""
    _refuse_padding("npu_moe_token_unpermute", padded_mode or restore_shape is not None)
    top_k = 1 if probs is None else probs._a.shape[1]
    positions = views.reshape(sorted_indices, (-1, top_k))
    weights = None if probs is None else _wide(probs, permuted_tokens)
    return routing.moe_token_unpermute(permuted_tokens, positions, weights)


def npu_moe_token_permute_with_routing_map(
    tokens, routing_map, *, probs=None, num_out_tokens=None, drop_and_pad=False
):
    """npu_moe_token_permute with a 1 in (tokens, experts) for each choice, as many in each row:
    rows, their probs (None without), and the row of each choice.
    """
    name = "npu_moe_token_permute_with_routing_map"
    _refuse_padding(name, drop_and_pad)
    count = tokens._a.shape[0]
    top_k = (count if num_out_tokens is None else num_out_tokens) // max(count, 1)
    experts_of = _choices(name, routing_map, top_k)
    weights = None if probs is None else _wide(_gathered(probs, experts_of), tokens)
    result = routing.moe_token_permute(tokens, experts_of, routing_map._a.shape[1], weights)
    chosen = None if probs is None else views.cast(result.probs, probs.dtype)
    return result.tokens, chosen, views.reshape(result.positions, (-1,))


def npu_moe_token_unpermute_with_routing_map(
    permuted_tokens,
    sorted_indices,
    restore_shape,
    *,
    probs=None,
    routing_map=None,
    drop_and_pad=False,
):
    """npu_moe_token_unpermute with probs in (tokens, experts), and the map of choices beside."""
    name = "npu_moe_token_unpermute_with_routing_map"
    _refuse_padding(name, drop_and_pad)
    top_k = sorted_indices._a.size // max(restore_shape[0], 1)
    positions = views.reshape(sorted_indices, (-1, top_k))
    weights = None
    if probs is not None:
        if routing_map is None:
            raise ValueError(f"torch_npu.{name}: probs need a routing_map")
        weights = _wide(_gathered(probs, _choices(name, routing_map, top_k)), permuted_tokens)
    return routing.moe_token_unpermute(permuted_tokens, positions, weights)


def _gathered(probs, experts_of):
    return indexing.gather(probs, 1, experts_of)


def _choices(name, routing_map, top_k):
    """(tokens, top_k): the experts of each token, in ascending order."""
    chosen = routing_map._a.astype(bool)
    if (chosen.sum(1) != top_k).any():
        raise ValueError(
            f"torch_npu.{name}: every row of routing_map must choose num_out_tokens // tokens = "
            f"{top_k} experts"
        )
    return wrap(numpy.nonzero(chosen)[1].reshape(chosen.shape[0], top_k))


def _number_of_experts(choices):
    return int(choices._a.max()) + 1 if choices._a.size else 1


def _refuse_padding(name, padded):
    if padded:
        raise missing(f"torch_npu.{name}", "the padded mode; permute without a capacity")


def npu_grouped_matmul(
    x,
    weight,
    *,
    bias=None,
    scale=None,
    offset=None,
    antiquant_scale=None,
    antiquant_offset=None,
    per_token_scale=None,
    group_list=None,
    activation_input=None,
    activation_quant_scale=None,
    activation_quant_offset=None,
    split_item=0,
    group_type=None,
    group_list_type=0,
    act_type=0,
    output_dtype=None,
    tuning_config=None,
):
    """Products of lists of matrices, or of the rows of one with the matrices of groups, a list.

    Groups end at the numbers of group_list, or have so many rows with group_list_type 1. One result
    for all with split_item 2 or 3. Of types of groups there are None and -1, no groups, and 0, of
    rows; nothing quantised, and no activation.
    """
    quantised = (scale, offset, antiquant_scale, antiquant_offset, per_token_scale)
    activated = (activation_input, activation_quant_scale, activation_quant_offset)
    if any(part for part in (*quantised, *activated)) or act_type or output_dtype is not None:
        raise missing(_GMM, "quantised matrices, activations and output_dtype")
    if group_type not in (None, -1, 0):
        raise missing(_GMM, f"group_type {group_type}; there are None, -1 and 0")
    counts = None if group_list is None else group_sizes(group_list, group_list_type)
    if len(x) == len(weight) == 1 and weight[0]._a.ndim == 3:
        return _one_with_groups(x[0], weight[0], bias, counts, split_item)
    if len(x) == 1 and len(weight) > 1:
        x = views.split(x[0], counts.tolist())
    results = [linalg.matmul(a, b) for a, b in zip(x, weight, strict=True)]
    if bias:
        results = [pointwise.add(y, b) for y, b in zip(results, bias, strict=True)]
    return [views.cat(results)] if split_item in (2, 3) else results


def _one_with_groups(x, weight, bias, counts, split_item):
    if counts is None:
        raise ValueError(f"{_GMM}: one x with a weight of three dimensions needs a group_list")
    result = experts.grouped_rows(x, weight, wrap(counts))
    if bias:
        groups = wrap(numpy.repeat(numpy.arange(counts.size), counts))
        result = pointwise.add(result, bias[0][groups])
    return [result] if split_item in (2, 3) else list(views.split(result, counts.tolist()))
