# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""DeepSeek-V3 out of megatron-core's classes."""

import torch
from megatron.core import tensor_parallel
from megatron.core.models.gpt import GPTModel
from megatron.core.models.gpt.gpt_layer_specs import (
    get_gpt_decoder_block_spec,
    get_gpt_mtp_block_spec,
)
from megatron.core.transformer import MLATransformerConfig

from mstrain.config import ModelConfig

# Megatron's fused kernels are CUDA extensions; each has a plain counterpart.
_WITHOUT_FUSED_KERNELS = {
    "apply_rope_fusion": False,
    "bias_activation_fusion": False,
    "bias_dropout_fusion": False,
    "gradient_accumulation_fusion": False,
    "masked_softmax_fusion": False,
    "moe_grouped_gemm": False,
    "moe_permute_fusion": False,
    "persist_layer_norm": False,
}


def _attention_values(model: ModelConfig) -> dict[str, object]:
    """Multi-head latent attention with YaRN positions."""
    return {
        "num_attention_heads": model.heads,
        "q_lora_rank": model.q_lora_rank,
        "kv_lora_rank": model.kv_lora_rank,
        "qk_head_dim": model.qk_nope_dim,
        "qk_pos_emb_head_dim": model.qk_rope_dim,
        "v_head_dim": model.v_dim,
        "qk_layernorm": True,
        "rope_type": "yarn",
        "rotary_base": model.rope_theta,
        "rotary_scaling_factor": model.rope_factor,
        "max_position_embeddings": model.rope_original_length,
        "beta_fast": model.rope_beta_fast,
        "beta_slow": model.rope_beta_slow,
        "mscale": model.rope_mscale,
        "mscale_all_dim": model.rope_mscale_all_dim,
        "attention_dropout": 0.0,
        "hidden_dropout": 0.0,
    }


def _expert_values(model: ModelConfig) -> dict[str, object]:
    """Routed experts in groups, balanced by a bias instead of a loss, and the shared expert."""
    shared = model.shared_experts * model.expert_ffn
    return {
        "num_moe_experts": model.experts,
        "moe_ffn_hidden_size": model.expert_ffn,
        "moe_shared_expert_intermediate_size": shared or None,
        "moe_layer_freq": [int(layer >= model.dense_layers) for layer in range(model.layers)],
        "moe_router_topk": model.experts_per_token,
        "moe_router_num_groups": model.expert_groups,
        "moe_router_group_topk": model.kept_groups,
        "moe_router_topk_scaling_factor": model.routed_scaling,
        "moe_router_score_function": "sigmoid",
        "moe_router_enable_expert_bias": True,
        "moe_router_bias_update_rate": model.expert_bias_rate,
        "moe_router_load_balancing_type": "none",
        "moe_aux_loss_coeff": 0.0,
        "moe_token_dispatcher_type": "alltoall",
        "moe_router_dtype": "fp32",
    }


def megatron_config(model: ModelConfig) -> MLATransformerConfig:
    """Megatron's description of the model, float32, weights initialised on the CPU."""
    return MLATransformerConfig(
        num_layers=model.layers,
        hidden_size=model.hidden,
        ffn_hidden_size=model.dense_ffn,
        add_bias_linear=False,
        gated_linear_unit=True,
        activation_func=torch.nn.functional.silu,
        normalization="RMSNorm",
        layernorm_epsilon=model.norm_eps,
        init_method_std=model.init_std,
        mtp_num_layers=model.mtp_layers or None,
        mtp_loss_scaling_factor=model.mtp_loss_weight,
        use_cpu_initialization=True,
        **_attention_values(model),
        **_expert_values(model),
        **_WITHOUT_FUSED_KERNELS,
    )


def build_model(model: ModelConfig, seq_len: int, seed: int) -> GPTModel:
    """Builds the model with weights that depend on the seed alone.

    Args:
        model: its shape.
        seq_len: longest sequence, in tokens.
        seed: seed of the weights and of Megatron's random streams.
    """
    torch.manual_seed(seed)
    tensor_parallel.model_parallel_cuda_manual_seed(seed)
    config = megatron_config(model)
    decoder = get_gpt_decoder_block_spec(
        config, use_transformer_engine=False, normalization="RMSNorm"
    )
    mtp = None
    if model.mtp_layers:
        mtp = get_gpt_mtp_block_spec(config, decoder, use_transformer_engine=False)
    return GPTModel(
        config=config,
        transformer_layer_spec=decoder,
        mtp_block_spec=mtp,
        vocab_size=model.vocab_size,
        max_sequence_length=seq_len,
        position_embedding_type="rope",
        share_embeddings_and_output_weights=False,
    )
