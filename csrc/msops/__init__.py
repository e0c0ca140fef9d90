# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Compiled operators for MindSpore tensors, the same names on CPU and Ascend.

Every operator checks its arguments when it is called, is differentiable through MindSpore's
imperative autograd, and takes views as they are. Nothing is compiled at run time. The package loads
only under the MindSpore version that it was built for.
"""

from msops import parts
from msops._native import VersionInfo, version_info
from msops.activation import bias_gelu, gelu, swiglu
from msops.attention import fusion_attention, ring_attention_update
from msops.lookup import embedding
from msops.loss import vocab_cross_entropy
from msops.matmul import grouped_matmul, matmul_accumulate
from msops.moe import (
    MoeGatingOutput,
    MoePermuteOutput,
    moe_gating,
    moe_token_permute,
    moe_token_unpermute,
)
from msops.norm import add_rms_norm, layer_norm, rms_norm
from msops.optimizer import apply_adamw, global_norm
from msops.rotary import Yarn, rotary_position_embedding, rotary_tables

__all__ = [
    "MoeGatingOutput",
    "MoePermuteOutput",
    "VersionInfo",
    "Yarn",
    "add_rms_norm",
    "apply_adamw",
    "bias_gelu",
    "embedding",
    "fusion_attention",
    "gelu",
    "global_norm",
    "grouped_matmul",
    "layer_norm",
    "matmul_accumulate",
    "moe_gating",
    "moe_token_permute",
    "moe_token_unpermute",
    "parts",
    "ring_attention_update",
    "rms_norm",
    "rotary_position_embedding",
    "rotary_tables",
    "swiglu",
    "version_info",
    "vocab_cross_entropy",
]
