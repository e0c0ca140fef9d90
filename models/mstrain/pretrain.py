# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A pre-training run from first to last step."""

import contextlib
import dataclasses
import math
import shlex
from pathlib import Path
from typing import NoReturn

import torch

from mstrain import checkpoint, state
from mstrain.config import Config
from mstrain.errors import StoppedError, UserError
from mstrain.inputs import Inputs, Loaded
from mstrain.process import start_processes
from mstrain.records import Records
from mstrain.stopping import StopRequest
from mstrain.trainer import StepRecord, Trainer


@dataclasses.dataclass(frozen=True)
class Outputs:
    """Where a run writes.

    Attributes:
        checkpoints: folder for checkpoints; also used when the run is interrupted.
        save_every: steps between checkpoints; 0 for none but the last.
        save_last: write a checkpoint after the last step.
        keep: how many checkpoints to keep.
        log_json: file for JSON lines, or None.
        tensorboard: folder for event files, or None.
    """

    checkpoints: Path
    save_every: int
    save_last: bool
    keep: int
    log_json: Path | None
    tensorboard: Path | None


def build_trainer(config: Config, loaded: Loaded) -> Trainer:
    """The trainer before its next step, its state restored where asked for."""
    trainer = Trainer(config, loaded.tokens)
    if loaded.resume is not None:
        state.restore(trainer, loaded.resume)
    elif loaded.init is not None:
        state.load_weights(trainer, loaded.init)
    return trainer


def _check_finite(record: StepRecord) -> None:
    """Raises UserError once the numbers are no longer numbers."""
    if not (math.isfinite(record.loss) and math.isfinite(record.grad_norm)):
        raise UserError(
            f"step {record.step}: loss {record.loss}, gradient norm {record.grad_norm}; "
            "go back to a checkpoint and lower --lr"
        )


def _save(trainer: Trainer, outputs: Outputs) -> Path:
    path = state.save(trainer, outputs.checkpoints)
    checkpoint.remove_older(outputs.checkpoints, trainer.steps_done, outputs.keep)
    print(f"checkpoint {path}", flush=True)
    return path


def _resume_command(path: Path, inputs: Inputs) -> str:
    """The command that carries a run on from a checkpoint."""
    words = ["mstrain", "pretrain", "--resume", str(path)]
    if inputs.data:
        words += ["--data", *map(str, inputs.data), "--text-key", inputs.text_key]
    return shlex.join(words)


def _stop(trainer: Trainer, inputs: Inputs, outputs: Outputs, signum: int) -> NoReturn:
    """Writes a checkpoint and raises StoppedError; the first process's says how to resume."""
    path = trainer.processes.first_does(lambda: _save(trainer, outputs))
    told = f"stopped after step {trainer.steps_done}"
    if path is not None:
        told += f"; resume with: {_resume_command(path, inputs)}"
    raise StoppedError(signum, told)


def _step(trainer: Trainer, records: Records | None) -> None:
    """Does one step and has the first process, which alone has records, write about it."""
    record = trainer.step()
    _check_finite(record)
    trainer.processes.first_does(lambda: records.write(record))


def _train(trainer: Trainer, inputs: Inputs, outputs: Outputs, records: Records | None) -> None:
    """Steps until the last one or until one of the processes is asked to stop."""
    last = trainer.config.train.steps
    together = trainer.processes
    saved_at = -1
    with StopRequest() as stop:
        while trainer.steps_done < last:
            _step(trainer, records)
            signals = [signum for signum in together.share(stop.signum) if signum is not None]
            if signals:
                _stop(trainer, inputs, outputs, signals[0])
            if outputs.save_every and trainer.steps_done % outputs.save_every == 0:
                together.first_does(lambda: _save(trainer, outputs))
                saved_at = trainer.steps_done
    if outputs.save_last and saved_at != trainer.steps_done:
        together.first_does(lambda: _save(trainer, outputs))


def _opened(
    config: Config, loaded: Loaded, outputs: Outputs, stack: contextlib.ExitStack
) -> Records:
    """The outputs of a run, ready to be written and closed with `stack`."""
    if outputs.save_last:
        checkpoint.make_folder(outputs.checkpoints)
    done = 0 if loaded.resume is None else loaded.resume.description["step"]
    records = Records(config.train.steps, done, outputs.log_json, outputs.tensorboard)
    return stack.enter_context(records)


def _run(config: Config, inputs: Inputs, loaded: Loaded, outputs: Outputs) -> None:
    together = start_processes()
    with contextlib.ExitStack() as stack:
        # Outputs are opened first: a place that cannot be written should not cost a model.
        records = together.first_does(lambda: _opened(config, loaded, outputs, stack))
        trainer = build_trainer(config, loaded)
        together.check_alike(state.facts(trainer))
        if together.rank == 0:
            share = f" on {together.count} processes" if together.count > 1 else ""
            print(
                f"{trainer.weight_count():,} weights, "
                f"{config.train.batch_size * config.train.seq_len:,} tokens a step{share}, "
                f"text of {len(loaded.tokens):,} tokens",
                flush=True,
            )
        _train(trainer, inputs, outputs, records)


def pretrain(config: Config, inputs: Inputs, loaded: Loaded, outputs: Outputs) -> None:
    """Trains, together with the other processes where a launcher started several.

    Args:
        config: model and schedule.
        inputs: where `loaded` came from, for the line that says how to resume.
        loaded: text and checkpoint to start from.
        outputs: where the first process writes.

    Raises:
        UserError: something the user can mend.
        StoppedError: a signal asked the run to stop; a checkpoint was written.
    """
    try:
        _run(config, inputs, loaded, outputs)
    except torch.distributed.DistError as error:
        raise UserError(
            f"the processes lost each other: {error}; see what the first to end says, and carry on "
            "from a checkpoint with --resume"
        ) from error
