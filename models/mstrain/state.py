# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The state of a run as named arrays, and back."""

import dataclasses
import itertools
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from megatron.core.tensor_parallel import get_cuda_rng_tracker

from mstrain import checkpoint
from mstrain.checkpoint import Checkpoint
from mstrain.errors import UserError
from mstrain.trainer import Trainer


def model_arrays(trainer: Trainer) -> Iterator[tuple[str, np.ndarray]]:
    """Weights and expert biases by name."""
    for name, value in trainer.model.state_dict().items():
        if isinstance(value, torch.Tensor):
            yield f"model/{name}", value.detach().numpy()


def _weight_names(trainer: Trainer) -> list[str]:
    """Names of the weights in the order in which the optimizer numbers them."""
    names = {id(weight): name for name, weight in trainer.model.named_parameters()}
    return [names[id(w)] for group in trainer.optimizer.param_groups for w in group["params"]]


def _optimizer_arrays(trainer: Trainer) -> Iterator[tuple[str, np.ndarray]]:
    names = _weight_names(trainer)
    for number, entries in trainer.optimizer.state_dict()["state"].items():
        for key, value in entries.items():
            yield f"optimizer/{names[number]}/{key}", value.detach().numpy()


def _random_arrays() -> Iterator[tuple[str, np.ndarray]]:
    yield "random/default", torch.get_rng_state().numpy()
    for name, state in get_cuda_rng_tracker().get_states().items():
        yield f"random/{name}", state.numpy()


def _arrays(trainer: Trainer) -> dict[str, np.ndarray]:
    parts = (model_arrays(trainer), _optimizer_arrays(trainer), _random_arrays())
    return dict(itertools.chain(*parts))


def facts(trainer: Trainer) -> dict[str, Any]:
    """What processes that train together must have in common: all of the state."""
    config = dataclasses.asdict(trainer.config)
    checksum = 0
    for array in _arrays(trainer).values():
        checksum = zlib.crc32(array.tobytes(), checksum)
    return {
        "step": trainer.steps_done,
        **{f"{table}.{key}": config[table][key] for table in config for key in config[table]},
        "text": trainer.sampler.fingerprint(),
        "state": f"of checksum {checksum:08x}",
    }


def save(trainer: Trainer, folder: Path) -> Path:
    """Writes a checkpoint of the run as it stands and returns its path."""
    path = checkpoint.path_of_step(folder, trainer.steps_done)
    description = {
        "step": trainer.steps_done,
        "config": dataclasses.asdict(trainer.config),
        "text": trainer.sampler.fingerprint(),
    }
    checkpoint.write(path, _arrays(trainer), description)
    return path


def _part(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays of one part of a checkpoint, without its prefix."""
    return {n.removeprefix(prefix): array for n, array in arrays.items() if n.startswith(prefix)}


def load_weights(trainer: Trainer, stored: Checkpoint) -> None:
    """Puts a checkpoint's weights and expert biases into the model.

    Raises:
        UserError: a weight is missing, unknown or of another shape.
    """
    theirs = _part(stored.arrays, "model/")
    ours = _part(dict(model_arrays(trainer)), "model/")
    for name in sorted(theirs.keys() | ours.keys()):
        shapes = [side[name].shape if name in side else "missing" for side in (theirs, ours)]
        if shapes[0] != shapes[1]:
            raise UserError(
                f"checkpoint {stored.path} does not fit the model: {name} is {shapes[0]} there and "
                f"{shapes[1]} here; use the preset or configuration it was written with"
            )
    trainer.model.load_state_dict({n: torch.from_numpy(a) for n, a in theirs.items()})


def _load_optimizer(trainer: Trainer, stored: Checkpoint) -> None:
    entries: dict[int, dict[str, torch.Tensor]] = {}
    numbers = {name: number for number, name in enumerate(_weight_names(trainer))}
    for full_name, array in _part(stored.arrays, "optimizer/").items():
        name, _, key = full_name.rpartition("/")
        entries.setdefault(numbers[name], {})[key] = torch.from_numpy(array)
    groups = trainer.optimizer.state_dict()["param_groups"]
    trainer.optimizer.load_state_dict({"state": entries, "param_groups": groups})


def _load_random(stored: Checkpoint) -> None:
    states = _part(stored.arrays, "random/")
    default = states.pop("default")
    if default.shape != tuple(torch.get_rng_state().shape):
        raise UserError(
            f"checkpoint {stored.path} holds the state of another kind of random generator; "
            "start from its weights with --init"
        )
    torch.set_rng_state(torch.from_numpy(default))
    get_cuda_rng_tracker().set_states({n: torch.from_numpy(s) for n, s in states.items()})


def restore(trainer: Trainer, stored: Checkpoint) -> None:
    """Takes up the run where a checkpoint left it.

    Raises:
        UserError: the checkpoint was trained on another text or under another framework.
    """
    text = trainer.sampler.fingerprint()
    if stored.description["text"] != text:
        raise UserError(
            f"checkpoint {stored.path} was trained on another text "
            f"({stored.description['text']}; this one has {text}); "
            "give the same --data or start from its weights with --init"
        )
    load_weights(trainer, stored)
    _load_optimizer(trainer, stored)
    _load_random(stored)
    trainer.steps_done = stored.description["step"]
