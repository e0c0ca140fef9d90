# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How many weights a model has, from its configuration alone."""

import dataclasses

from mstrain.config import ModelConfig


@dataclasses.dataclass(frozen=True)
class WeightCount:
    """Weights of a model.

    Attributes:
        main: all weights of the main model.
        active: those of the main model that one token meets.
        mtp: weights of the multi-token-prediction layers, without the shared embedding and head.
    """

    main: int
    active: int
    mtp: int


def _attention(m: ModelConfig) -> int:
    """Multi-head latent attention: down and up projections, their norms, the output projection."""
    query = m.hidden * m.q_lora_rank + m.q_lora_rank
    query += m.q_lora_rank * m.heads * (m.qk_nope_dim + m.qk_rope_dim)
    key_value = m.hidden * (m.kv_lora_rank + m.qk_rope_dim) + m.kv_lora_rank
    key_value += m.kv_lora_rank * m.heads * (m.qk_nope_dim + m.v_dim)
    return query + key_value + m.heads * m.v_dim * m.hidden


def _layer(m: ModelConfig, feed_forward: int) -> int:
    """One transformer layer: attention, feed-forward part and the two norms before them."""
    return _attention(m) + feed_forward + 2 * m.hidden


def count_weights(m: ModelConfig) -> WeightCount:
    """Counts the trained weights of a model; the experts' selection bias is not one of them."""
    expert = 3 * m.hidden * m.expert_ffn
    router = m.experts * m.hidden
    shared = m.shared_experts * expert
    moe_layer = _layer(m, m.experts * expert + shared + router)
    active_layer = _layer(m, m.experts_per_token * expert + shared + router)
    dense_layer = _layer(m, 3 * m.hidden * m.dense_ffn)
    outside = 2 * m.vocab_size * m.hidden + m.hidden
    dense, moe = m.dense_layers, m.layers - m.dense_layers
    mtp_layer = moe_layer + 2 * m.hidden * m.hidden + 3 * m.hidden
    return WeightCount(
        main=outside + dense * dense_layer + moe * moe_layer,
        active=outside + dense * dense_layer + moe * active_layer,
        mtp=m.mtp_layers * mtp_layer,
    )
