# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration is taken whole or refused with the key, the place and the remedy."""

import dataclasses
from pathlib import Path

import pytest

from mstrain.config import (
    Config,
    config_from_values,
    first_difference,
    load_config,
    load_preset,
    preset_names,
    with_settings,
)
from mstrain.errors import UserError


def values_of_tiny() -> dict:
    return dataclasses.asdict(load_preset("tiny"))


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid(name: str) -> None:
    assert isinstance(load_preset(name), Config)


def test_tiny_and_small_are_among_the_presets() -> None:
    assert {"tiny", "small"} <= set(preset_names())


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"unknown preset 'huge'.*small, tiny"):
        load_preset("huge")


@pytest.mark.parametrize("table", ["model", "train"])
def test_a_missing_key_is_named(table: str) -> None:
    for key in values_of_tiny()[table]:
        values = values_of_tiny()
        del values[table][key]
        with pytest.raises(UserError, match=rf"here: {table}\.{key} is missing"):
            config_from_values("here", values)


@pytest.mark.parametrize("table", ["model", "train"])
def test_an_unknown_key_is_named(table: str) -> None:
    values = values_of_tiny()
    values[table]["hiden"] = 1
    with pytest.raises(UserError, match=rf"here: unknown key {table}\.hiden; known: "):
        config_from_values("here", values)


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(UserError, match="unknown table or key modle"):
        config_from_values("here", {**values_of_tiny(), "modle": {}})


def test_a_missing_table_is_named() -> None:
    values = values_of_tiny()
    del values["train"]
    with pytest.raises(UserError, match=r"the table \[train\] is missing"):
        config_from_values("here", values)


@pytest.mark.parametrize(
    "key, value, complaint",
    [
        ("model.hidden", "64", "give a whole number"),
        ("model.hidden", 64.0, "give a whole number"),
        ("model.hidden", True, "give a whole number"),
        ("model.hidden", 0, "more than 0"),
        ("model.layers", -1, "more than 0"),
        ("model.norm_eps", float("nan"), "finite"),
        ("model.rope_factor", float("inf"), "finite"),
        ("train.lr", "fast", "give a number"),
        ("train.lr", 0.0, "more than 0"),
        ("train.steps", -1, "0 or more"),
        ("model.dense_layers", 2, "dense_layers must be below layers"),
        ("model.qk_rope_dim", 7, "must be even"),
        ("model.experts", 6, "multiple of expert_groups"),
        ("model.kept_groups", 5, "must not exceed expert_groups"),
        ("model.experts_per_token", 6, "fit into the experts of the kept groups"),
        ("model.experts_per_token", 3, "multiple of kept_groups"),
        ("train.min_lr", 1.0, "must not exceed lr"),
        ("train.warmup_steps", 500, "below decay_steps"),
        ("train.beta2", 1.0, "below 1"),
        ("train.seed", 2**31, "must not exceed"),
        ("train.speed", 1, "unknown key train.speed"),
        ("speed", 1, "unknown key speed"),
    ],
)
def test_a_value_that_cannot_be_is_refused(key: str, value: object, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        with_settings("here", load_preset("tiny"), {key: value})
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("here")


@pytest.mark.parametrize(
    "key, value",
    [
        ("model.shared_experts", 0),
        ("model.mtp_layers", 0),
        ("model.dense_layers", 0),
        ("train.steps", 0),
        ("train.seed", 0),
        ("train.weight_decay", 0),
        ("train.lr", 1),
        ("train.min_lr", 0.0),
    ],
)
def test_a_value_at_its_limit_is_taken(key: str, value: float) -> None:
    changed = with_settings("here", load_preset("tiny"), {key: value})
    table, _, field = key.partition(".")
    assert getattr(getattr(changed, table), field) == value


def test_a_file_that_is_not_toml_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[model\nhidden = 3\n")
    with pytest.raises(UserError, match=r"mine\.toml is not TOML"):
        load_config(path)


def test_a_file_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load_config(tmp_path / "absent.toml")


def test_the_first_difference_names_a_key_and_passes_over_the_ignored() -> None:
    tiny = load_preset("tiny")
    longer = with_settings("here", tiny, {"train.steps": 99})
    assert first_difference(tiny, tiny, frozenset()) is None
    assert first_difference(tiny, longer, frozenset()) == "train.steps"
    assert first_difference(tiny, longer, frozenset({"train.steps"})) is None
