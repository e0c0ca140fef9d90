# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a run is made of: the shape of the model and how it is trained.

A configuration is TOML with the tables [model] and [train]. Every key of the two dataclasses must
be there and no other may be, so that a misspelt key is an error and not a silent default.
"""

import dataclasses
import importlib.resources
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mstrain.errors import UserError


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The shape of a DeepSeek-V3 model. Sizes are counts of elements, rates are per step."""

    vocab_size: int
    hidden: int
    layers: int
    dense_layers: int
    dense_ffn: int
    heads: int
    q_lora_rank: int
    kv_lora_rank: int
    qk_nope_dim: int
    qk_rope_dim: int
    v_dim: int
    experts: int
    expert_ffn: int
    shared_experts: int
    experts_per_token: int
    expert_groups: int
    kept_groups: int
    routed_scaling: float
    expert_bias_rate: float
    mtp_layers: int
    mtp_loss_weight: float
    norm_eps: float
    rope_theta: float
    rope_factor: float
    rope_original_length: int
    rope_beta_fast: float
    rope_beta_slow: float
    rope_mscale: float
    rope_mscale_all_dim: float
    init_std: float


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How the model is trained. The schedule does not depend on `steps`, so that a run can be
    stopped early or carried on without another learning-rate curve."""

    steps: int
    seq_len: int
    batch_size: int
    seed: int
    lr: float
    min_lr: float
    warmup_steps: int
    decay_steps: int
    weight_decay: float
    beta1: float
    beta2: float
    adam_eps: float
    clip_norm: float


@dataclasses.dataclass(frozen=True)
class Config:
    """One run, whole."""

    model: ModelConfig
    train: TrainConfig


# Keys for which zero means something; all other integers start at one.
_MAY_BE_ZERO = frozenset(
    {"dense_layers", "shared_experts", "mtp_layers", "seed", "steps", "warmup_steps"}
)
# Real numbers for which zero means something; all others are above zero.
_MAY_BE_ZERO_REAL = frozenset(
    {"expert_bias_rate", "mtp_loss_weight", "min_lr", "weight_decay", "beta1", "beta2"}
)
# Torch and MindSpore both take seeds of 32 bits; Megatron adds small offsets to it.
_LARGEST_SEED = 2**31 - 1


def _checked_value(where: str, key: str, kind: type, value: Any) -> int | float:
    """Returns the value of one key as its kind, or raises UserError naming key and place."""
    wanted = "a whole number" if kind is int else "a number"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or (kind is int and not isinstance(value, int)):
        raise UserError(f"{where}: {key} is {value!r}; give {wanted}")
    least_allowed = key in (_MAY_BE_ZERO if kind is int else _MAY_BE_ZERO_REAL)
    if not (0 <= value < float("inf")) or (value == 0 and not least_allowed):
        bound = "0 or more" if least_allowed else "more than 0"
        raise UserError(f"{where}: {key} is {value!r}; it must be {bound} and finite")
    return kind(value)


def _table(where: str, name: str, cls: type, values: Any) -> Any:
    """Builds one dataclass from one TOML table."""
    if not isinstance(values, Mapping):
        raise UserError(f"{where}: the table [{name}] is missing; see the presets for its keys")
    fields = {field.name: field.type for field in dataclasses.fields(cls)}
    for key in values:
        if key not in fields:
            raise UserError(f"{where}: unknown key {name}.{key}; known: {', '.join(fields)}")
    for key in fields:
        if key not in values:
            raise UserError(f"{where}: {name}.{key} is missing; add it to [{name}]")
    place = f"{where} [{name}]"
    return cls(**{key: _checked_value(place, key, fields[key], values[key]) for key in fields})


def _check_model(where: str, model: ModelConfig) -> None:
    """Raises UserError where sizes do not fit each other."""
    rules = [
        (model.dense_layers < model.layers, "dense_layers must be below layers: one layer is MoE"),
        (model.qk_rope_dim % 2 == 0, "qk_rope_dim must be even: positions rotate pairs"),
        (
            model.experts % model.expert_groups == 0,
            "experts must be a multiple of expert_groups",
        ),
        (model.kept_groups <= model.expert_groups, "kept_groups must not exceed expert_groups"),
        (
            model.experts_per_token <= model.kept_groups * (model.experts // model.expert_groups),
            "experts_per_token must fit into the experts of the kept groups",
        ),
        (
            model.experts_per_token % model.kept_groups == 0,
            "experts_per_token must be a multiple of kept_groups: groups are ranked by that many",
        ),
    ]
    for holds, rule in rules:
        if not holds:
            raise UserError(f"{where} [model]: {rule}")


def _check_train(where: str, train: TrainConfig) -> None:
    """Raises UserError where the numbers of the schedule contradict each other."""
    rules = [
        (train.min_lr <= train.lr, f"min_lr {train.min_lr} must not exceed lr {train.lr}"),
        (
            train.warmup_steps < train.decay_steps,
            f"warmup_steps {train.warmup_steps} must be below decay_steps {train.decay_steps}",
        ),
        (train.beta1 < 1 and train.beta2 < 1, "beta1 and beta2 must be below 1"),
        (train.seed <= _LARGEST_SEED, f"seed must not exceed {_LARGEST_SEED}"),
    ]
    for holds, rule in rules:
        if not holds:
            raise UserError(f"{where} [train]: {rule}")


def model_from_values(where: str, values: Any) -> ModelConfig:
    """Builds and checks the [model] table `values`; `where` names its place in errors."""
    model: ModelConfig = _table(where, "model", ModelConfig, values)
    _check_model(where, model)
    return model


def config_from_values(where: str, values: Mapping[str, Any]) -> Config:
    """Builds and checks a whole configuration; `where` names its place in errors."""
    for key in values:
        if key not in ("model", "train"):
            raise UserError(f"{where}: unknown table or key {key}; known: model, train")
    model = model_from_values(where, values.get("model"))
    train: TrainConfig = _table(where, "train", TrainConfig, values.get("train"))
    _check_train(where, train)
    return Config(model=model, train=train)


def with_settings(where: str, config: Config, settings: Mapping[str, Any]) -> Config:
    """Returns `config` with dotted keys such as "train.lr" replaced, checked anew."""
    values = dataclasses.asdict(config)
    for dotted, value in settings.items():
        table, _, key = dotted.partition(".")
        if table not in values or key not in values[table]:
            raise UserError(f"{where}: unknown key {dotted}; write model.KEY or train.KEY")
        values[table][key] = value
    return config_from_values(where, values)


def read_toml(path: Path) -> dict[str, Any]:
    """Reads a TOML file, turning what can go wrong into one line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}; compare it with a preset") from error


def load_config(path: Path) -> Config:
    """Reads and checks a configuration file."""
    return config_from_values(str(path), read_toml(path))


def preset_names() -> list[str]:
    """Names of the presets that come with the package, sorted."""
    folder = importlib.resources.files("mstrain") / "presets"
    return sorted(Path(p.name).stem for p in folder.iterdir() if p.name.endswith(".toml"))


def load_preset(name: str) -> Config:
    """Reads and checks a preset of the package."""
    if name not in preset_names():
        raise UserError(f"unknown preset {name!r}; choose one of: {', '.join(preset_names())}")
    resource = importlib.resources.files("mstrain") / "presets" / f"{name}.toml"
    return config_from_values(f"preset {name}", tomllib.loads(resource.read_text("utf-8")))


def first_difference(left: Config, right: Config, ignore: frozenset[str]) -> str | None:
    """The first dotted key in which two configurations differ, or None; `ignore` holds keys."""
    for table in ("model", "train"):
        mine, theirs = getattr(left, table), getattr(right, table)
        for field in dataclasses.fields(mine):
            key = f"{table}.{field.name}"
            if key not in ignore and getattr(mine, field.name) != getattr(theirs, field.name):
                return key
    return None
