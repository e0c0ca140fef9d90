# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The published model is described as its authors published it, and the counting rule agrees."""

from pathlib import Path

from mstrain.config import load_preset, model_from_values, read_toml
from mstrain.counting import count_weights

# The table of the technical report and the model's own configuration.
PUBLISHED = {
    "vocab_size": 129_280,
    "hidden": 7_168,
    "layers": 61,
    "dense_layers": 3,
    "dense_ffn": 18_432,
    "heads": 128,
    "q_lora_rank": 1_536,
    "kv_lora_rank": 512,
    "qk_nope_dim": 128,
    "qk_rope_dim": 64,
    "v_dim": 128,
    "experts": 256,
    "expert_ffn": 2_048,
    "shared_experts": 1,
    "experts_per_token": 8,
    "expert_groups": 8,
    "kept_groups": 4,
    "routed_scaling": 2.5,
    "expert_bias_rate": 0.001,
    "mtp_layers": 1,
    "mtp_loss_weight": 0.3,
    "norm_eps": 1e-6,
    "rope_theta": 10_000.0,
    "rope_factor": 40.0,
    "rope_original_length": 4_096,
    "rope_beta_fast": 32.0,
    "rope_beta_slow": 1.0,
    "rope_mscale": 1.0,
    "rope_mscale_all_dim": 1.0,
    "init_std": 0.006,
}
# What the presets may not change: they are the same model, smaller.
SAME_IN_PRESETS = (
    "routed_scaling", "expert_bias_rate", "shared_experts", "mtp_layers", "mtp_loss_weight",
    "norm_eps", "rope_theta", "rope_factor", "rope_original_length", "rope_beta_fast",
    "rope_beta_slow", "rope_mscale", "rope_mscale_all_dim",
)  # fmt: skip


def published_values() -> dict:
    return read_toml(Path("models/deepseekv3/published.toml"))["model"]


def test_the_published_shape_is_written_down_right() -> None:
    assert published_values() == PUBLISHED


def test_the_published_shape_passes_the_checks_of_any_other() -> None:
    assert model_from_values("published", published_values()).hidden == 7_168


def test_the_published_model_has_671_billion_weights_and_37_active() -> None:
    weights = count_weights(model_from_values("published", published_values()))
    assert round(weights.main / 1e9) == 671
    assert round(weights.active / 1e9) in (
        37,
        38,
    )  # 37 as published, which leaves the embedding out


def test_the_presets_scale_the_published_model_and_change_nothing_else() -> None:
    for name in ("tiny", "small"):
        preset = load_preset(name).model
        for key in SAME_IN_PRESETS:
            assert getattr(preset, key) == PUBLISHED[key], (name, key)
