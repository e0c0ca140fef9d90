# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The model is what the configuration says, and depends on the seed alone."""

import numpy as np
import pytest

from mstrain import state
from mstrain.config import Config, load_preset, with_settings
from mstrain.counting import count_weights
from mstrain.trainer import Trainer

TOKENS = (np.arange(4000) % 251).astype(np.uint16)


def tiny(**settings: object) -> Config:
    dotted = {key.replace("__", "."): value for key, value in settings.items()}
    return with_settings("test", load_preset("tiny"), dotted)


def weights_of(trainer: Trainer) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in state.model_arrays(trainer)}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"model__layers": 3, "model__dense_layers": 2},
        {"model__dense_layers": 0},
        {"model__shared_experts": 2},
        {"model__shared_experts": 0},
        {"model__mtp_layers": 0},
        {"model__mtp_layers": 2},
        {"model__heads": 2, "model__v_dim": 24, "model__qk_nope_dim": 20},
    ],
)
def test_the_number_of_weights_follows_from_the_configuration(settings) -> None:
    config = tiny(**settings)
    trainer = Trainer(config, TOKENS)
    counted = count_weights(config.model)
    assert trainer.weight_count() == counted.main + counted.mtp


def test_a_seed_decides_the_weights() -> None:
    first, again = (weights_of(Trainer(tiny(), TOKENS)) for _ in range(2))
    other = weights_of(Trainer(tiny(train__seed=7), TOKENS))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    name = "model/embedding.word_embeddings.weight"
    assert not np.array_equal(first[name], other[name])


def test_weights_start_with_the_spread_asked_for() -> None:
    weights = weights_of(Trainer(tiny(), TOKENS))
    embedding = weights["model/embedding.word_embeddings.weight"]
    assert embedding.std() == pytest.approx(tiny().model.init_std, rel=0.05)
    assert abs(embedding.mean()) < 0.002


def test_a_step_changes_every_weight_and_is_repeatable() -> None:
    trainer = Trainer(tiny(), TOKENS)
    before = weights_of(trainer)
    record = trainer.step()
    after = weights_of(trainer)
    unchanged = [name for name in before if np.array_equal(before[name], after[name])]
    assert all("experts.local_experts" in name for name in unchanged)
    repeated = Trainer(tiny(), TOKENS).step()
    assert (record.loss, record.mtp_loss, record.grad_norm) == (
        repeated.loss,
        repeated.mtp_loss,
        repeated.grad_norm,
    )


def test_without_mtp_layers_there_is_no_mtp_loss() -> None:
    assert Trainer(tiny(model__mtp_layers=0), TOKENS).step().mtp_loss is None


def test_an_untrained_model_knows_nothing() -> None:
    record = Trainer(tiny(), TOKENS).step()
    assert record.loss == pytest.approx(np.log(272), abs=0.3)
    assert record.mtp_loss == pytest.approx(np.log(272), abs=0.3)
