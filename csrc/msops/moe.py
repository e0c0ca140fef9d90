# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A mixture of experts: the choice of experts, and the way of tokens to them and back."""

from typing import Literal, NamedTuple

import mindspore

from msops._native import native
from msops.arguments import check_choice, check_flag, check_integer, check_number, check_tensor

SCORE_FUNCTIONS = {"sigmoid": False, "softmax": True}
DROP_POLICIES = {"position": False, "probs": True}


class MoeGatingOutput(NamedTuple):
    """What `moe_gating` returns."""

    probs: mindspore.Tensor
    """(tokens, top_k), the dtype of the logits: the weights of the chosen experts."""
    indices: mindspore.Tensor
    """(tokens, top_k), int32: the chosen experts, in descending order of what decided."""
    tokens_per_expert: mindspore.Tensor
    """(experts,), int64: how many tokens chose each."""
    score_sums: mindspore.Tensor
    """(experts,), float32: the sum of the scores of all tokens, each token's summing to 1."""


class MoePermuteOutput(NamedTuple):
    """What `moe_token_permute` returns."""

    tokens: mindspore.Tensor
    """(rows, columns): the tokens, by expert."""
    probs: mindspore.Tensor | None
    """(rows,): their probabilities, by expert; None where none were given."""
    positions: mindspore.Tensor
    """(tokens, top_k), int32: the row of each choice, -1 where it was dropped."""
    tokens_per_expert: mindspore.Tensor
    """(experts,), int64: how many rows of each expert hold a token."""


def moe_gating(
    logits: mindspore.Tensor,
    top_k: int,
    *,
    score_function: Literal["sigmoid", "softmax"] = "softmax",
    bias: mindspore.Tensor | None = None,
    groups: int = 1,
    top_groups: int | None = None,
    group_top_k: int | None = None,
    normalize: bool = False,
    scale: float = 1.0,
    eps: float = 1e-20,
) -> MoeGatingOutput:
    """The choice of experts by a router.

        s      = sigmoid(logits) or softmax(logits), over experts
        r      = s + bias
        chosen = the top_k largest r, in the top_groups groups whose group_top_k largest sum to most
        probs  = (s[chosen] / (sum(s[chosen]) + eps) if normalize else s[chosen]) * scale
        score_sums = sum over tokens of s, with sigmoid of s / (sum(s) + eps)

    Source: DeepSeek-AI, "DeepSeek-V3 Technical Report", 2024, equations 12 to 20, and
    Megatron-core, `moe_utils.topk_routing_with_score_function` and `group_limited_topk`.
    Megatron's softmax over what was chosen alone is softmax here with `normalize`. The auxiliary
    loss of E experts over T tokens is E / (top_k * T * T) * sum(score_sums * tokens_per_expert).
    Differentiable in `logits`, once, through probs and score_sums; the choice itself has no
    gradient, and neither has `bias`.

    Args:
        logits: (tokens, experts), any strides; float16, bfloat16 or float32, on the CPU also
            float64.
        top_k: how many experts a token chooses.
        score_function: what makes scores of logits.
        bias: (experts,), decides and does not weigh; float32, float64 where logits are.
        groups: how many groups of equal size the experts form, in order.
        top_groups: how many of them a token may choose from; all by default.
        group_top_k: how many experts a group's score sums; top_k // top_groups by default, as in
            Megatron-core. On Ascend 1 or 2.
        normalize: whether the weights of a token sum to `scale`.
        scale: factor of the weights.
        eps: keeps sums from being 0.

    Returns:
        A MoeGatingOutput. All is computed in float32 and rounded once. Of equal r the first expert
        wins; NaN counts as the largest, so that it is seen. On the CPU, on one machine, equal
        inputs give equal bits, gradients included, with any number of threads.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
        ValueError: the shapes or numbers do not fit.
    """
    check_tensor("moe_gating", "logits", logits)
    if bias is not None:
        check_tensor("moe_gating", "bias", bias)
    for name, value in {"scale": scale, "eps": eps}.items():
        check_number("moe_gating", name, value)
    check_flag("moe_gating", "normalize", normalize)
    check_choice("moe_gating", "score_function", score_function, SCORE_FUNCTIONS)
    limit = groups if top_groups is None else top_groups
    for name, value in {"top_k": top_k, "groups": groups, "top_groups": limit}.items():
        check_integer("moe_gating", name, value)
    if group_top_k is None:
        group_top_k = max(top_k // max(limit, 1), 1) if limit < groups else 1
    check_integer("moe_gating", "group_top_k", group_top_k)
    softmax = SCORE_FUNCTIONS[score_function]
    return MoeGatingOutput(
        *native().moe_gating(
            logits, bias, top_k, groups, limit, group_top_k, softmax, normalize, scale, eps
        )
    )


def moe_token_permute(
    tokens: mindspore.Tensor,
    indices: mindspore.Tensor,
    num_experts: int,
    probs: mindspore.Tensor | None = None,
    *,
    capacity: int | None = None,
    drop_policy: Literal["position", "probs"] = "position",
) -> MoePermuteOutput:
    """Lays tokens out by expert: those of one follow each other, in the order of tokens.

        result.tokens[result.positions[t, j]] = tokens[t]          likewise probs[t, j]

    Source: Megatron-core, `moe_utils.permute`, and its token dropping (S. Lepikhin et al.,
    "GShard", 2020, section 2.2). Differentiable in `tokens` and `probs`, once.

    Args:
        tokens: (tokens, columns), any strides; float16, bfloat16 or float32, on the CPU also
            float64.
        indices: (tokens, top_k), the experts of each token; int32 or int64. -1 is nowhere.
        num_experts: how many experts there are.
        probs: (tokens, top_k); float32, float64 where tokens are.
        capacity: rows of every expert, the rest of them zeros; further choices are dropped. Without
            it, nothing is dropped, and there are tokens * top_k rows: those that no choice fills
            are zeros at the end. Not on Ascend.
        drop_policy: which choices of an expert are dropped: the last, or the least probable.

    Returns:
        A MoePermuteOutput. On the CPU, on one machine, equal inputs give equal bits, gradients
        included, with any number of threads.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
        ValueError: the shapes do not fit.
        IndexError: an index names no expert; seen on the CPU alone, and where a result is read.
    """
    check_tensor("moe_token_permute", "tokens", tokens)
    check_tensor("moe_token_permute", "indices", indices)
    if probs is not None:
        check_tensor("moe_token_permute", "probs", probs)
    check_choice("moe_token_permute", "drop_policy", drop_policy, DROP_POLICIES)
    check_integer("moe_token_permute", "num_experts", num_experts)
    if capacity is not None:
        check_integer("moe_token_permute", "capacity", capacity)
        if capacity < 1:
            raise ValueError(
                f"msops.moe_token_permute: capacity must be at least 1, got {capacity}"
            )
    if num_experts * (capacity or 1) >= 2**31:
        raise ValueError(
            f"msops.moe_token_permute: positions are int32, and {num_experts} experts"
            f"{f' of {capacity} rows' if capacity else ''} are more than that"
        )
    permuted, permuted_probs, positions, counts = native().moe_token_permute(
        tokens, indices, probs, num_experts, capacity or 0, DROP_POLICIES[drop_policy]
    )
    return MoePermuteOutput(permuted, None if probs is None else permuted_probs, positions, counts)


def moe_token_unpermute(
    permuted: mindspore.Tensor,
    positions: mindspore.Tensor,
    probs: mindspore.Tensor | None = None,
) -> mindspore.Tensor:
    """Brings the results of experts back to their tokens.

        y[t] = sum over j of probs[t, j] * permuted[positions[t, j]]

    Source: Megatron-core, `moe_utils.unpermute`. Differentiable in `permuted` and `probs`, once.

    Args:
        permuted: (rows, columns), any strides; float16, bfloat16 or float32, on the CPU also
            float64.
        positions: (tokens, top_k), int32, from `moe_token_permute`. What is below 0 or no row was
            dropped and adds nothing. No two may be equal: that is seen on the CPU alone, by the
            gradient.
        probs: (tokens, top_k), ones by default; float32, float64 where permuted is.

    Returns:
        (tokens, columns), the dtype of permuted: summed in float32 and rounded once. On the CPU, on
        one machine, equal inputs give equal bits, gradients included, with any number of threads.

    Raises:
        TypeError: an argument is no tensor, or has another dtype.
        ValueError: the shapes do not fit.
    """
    check_tensor("moe_token_unpermute", "permuted", permuted)
    check_tensor("moe_token_unpermute", "positions", positions)
    if probs is not None:
        check_tensor("moe_token_unpermute", "probs", probs)
    return native().moe_token_unpermute(permuted, positions, probs)
