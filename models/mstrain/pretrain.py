# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A pre-training run from first to last step."""

import dataclasses
import math
import shlex
from pathlib import Path

from mstrain import checkpoint, state
from mstrain.config import Config
from mstrain.errors import StoppedError, UserError
from mstrain.inputs import Inputs, Loaded
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


def _train(trainer: Trainer, inputs: Inputs, outputs: Outputs, records: Records) -> None:
    """Steps until the last one or until asked to stop."""
    last = trainer.config.train.steps
    saved_at = -1
    with StopRequest() as stop:
        while trainer.steps_done < last:
            record = trainer.step()
            _check_finite(record)
            records.write(record)
            done = trainer.steps_done
            if stop.signum is not None:
                command = _resume_command(_save(trainer, outputs), inputs)
                raise StoppedError(
                    stop.signum, f"stopped after step {done}; resume with: {command}"
                )
            if outputs.save_every and done % outputs.save_every == 0:
                _save(trainer, outputs)
                saved_at = done
    if outputs.save_last and saved_at != trainer.steps_done:
        _save(trainer, outputs)


def pretrain(config: Config, inputs: Inputs, loaded: Loaded, outputs: Outputs) -> None:
    """Trains.

    Args:
        config: model and schedule.
        inputs: where `loaded` came from, for the line that says how to resume.
        loaded: text and checkpoint to start from.
        outputs: where to write.

    Raises:
        UserError: something the user can mend.
        StoppedError: a signal asked the run to stop; a checkpoint was written.
    """
    done = 0 if loaded.resume is None else loaded.resume.description["step"]
    if outputs.save_last:
        checkpoint.make_folder(outputs.checkpoints)
    # Outputs are opened first: a place that cannot be written should not cost a model.
    with Records(config.train.steps, done, outputs.log_json, outputs.tensorboard) as records:
        trainer = build_trainer(config, loaded)
        print(
            f"{trainer.weight_count():,} weights, "
            f"{config.train.batch_size * config.train.seq_len:,} tokens a step, "
            f"text of {len(loaded.tokens):,} tokens",
            flush=True,
        )
        _train(trainer, inputs, outputs, records)
