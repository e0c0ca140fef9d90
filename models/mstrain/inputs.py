# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a run reads, checked before anything large is built."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mstrain import checkpoint
from mstrain.config import Config, config_from_values, first_difference
from mstrain.errors import UserError
from mstrain.text import VOCABULARY, default_text, load_tokens

# A run may be carried on further than it was meant to go; all else shapes the loss curve.
MAY_CHANGE = frozenset({"train.steps"})


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The files of a run.

    Attributes:
        data: text files; empty for the text that comes with the package.
        text_key: key of the text in JSON lines.
        resume: checkpoint to carry on from, or None.
        init: checkpoint to take only the weights of, or None.
    """

    data: tuple[Path, ...] = ()
    text_key: str = "text"
    resume: Path | None = None
    init: Path | None = None


@dataclasses.dataclass(frozen=True)
class Loaded:
    """The contents of those files.

    Attributes:
        tokens: the text, uint16, shape [n].
        resume: the checkpoint to carry on from, or None.
        init: the checkpoint to take only the weights of, or None.
    """

    tokens: np.ndarray
    resume: checkpoint.Checkpoint | None = None
    init: checkpoint.Checkpoint | None = None


def stored_config(path: Path, description: Mapping[str, Any]) -> Config:
    """The configuration that a checkpoint was written with."""
    return config_from_values(f"checkpoint {path}", description.get("config", {}))


def check_same_run(stored: checkpoint.Checkpoint, config: Config) -> None:
    """Raises UserError if a checkpoint is of another configuration or has nothing left to do."""
    theirs = stored_config(stored.path, stored.description)
    key = first_difference(theirs, config, MAY_CHANGE)
    if key is not None:
        table, _, field = key.partition(".")
        values = [getattr(getattr(each, table), field) for each in (theirs, config)]
        raise UserError(
            f"checkpoint {stored.path} was written with {key} = {values[0]}, this run has "
            f"{values[1]}; leave --preset and the other options out to take the checkpoint's"
        )
    step = stored.description["step"]
    if step >= config.train.steps:
        raise UserError(
            f"checkpoint {stored.path} is at step {step} of {config.train.steps}; "
            "raise --steps to carry on"
        )


def load(config: Config, inputs: Inputs) -> Loaded:
    """Reads all inputs of a run.

    Raises:
        UserError: a file cannot be read, is damaged, or does not belong to this configuration.
    """
    if config.model.vocab_size < VOCABULARY:
        raise UserError(
            f"model.vocab_size is {config.model.vocab_size}; the byte tokenizer needs {VOCABULARY}"
        )
    resume = None if inputs.resume is None else checkpoint.read(inputs.resume)
    if resume is not None:
        check_same_run(resume, config)
    return Loaded(
        tokens=load_tokens(inputs.data or (default_text(),), inputs.text_key),
        resume=resume,
        init=None if inputs.init is None else checkpoint.read(inputs.init),
    )
