# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the figures of a step go: a line on the terminal, a line of JSON, TensorBoard."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from mstrain.errors import UserError
from mstrain.trainer import StepRecord

JSON_FIELDS = ("step", "loss", "grad_norm", "lr", "tokens_per_s")


@contextlib.contextmanager
def _told_in_one_line(option: str, path: Path) -> Iterator[None]:
    """Turns a failure of the file system into a line that names the option."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot write {option} {path}: {error.strerror}; free space or choose another place"
        ) from error


def _lines_up_to(path: Path, step: int) -> list[str]:
    """The lines of an earlier log up to a step: those after it are about to be done again."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    try:
        return [line for line in lines if json.loads(line)["step"] <= step]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is no log of mstrain; name another file with --log-json"
        ) from error


class Records:
    """Writes the record of each step; a context manager that closes what it opened."""

    def __init__(
        self, steps: int, done: int, log_json: Path | None, tensorboard: Path | None
    ) -> None:
        """Opens the outputs.

        Args:
            steps: last step of the run, for the progress line.
            done: steps done before; their lines in `log_json` are kept, all others replaced.
            log_json: file for JSON lines, or None.
            tensorboard: folder for event files, or None.
        """
        self._steps = steps
        self._log_path, self._board_path = log_json, tensorboard
        self._log: IO[str] | None = None
        self._board: Any = None
        if log_json is not None:
            with _told_in_one_line("--log-json", log_json):
                kept = _lines_up_to(log_json, done) if done else []
                self._log = log_json.open("w", encoding="utf-8")
                self._log.writelines(kept)
                self._log.flush()
        if tensorboard is not None:
            # Imported late: few runs need it and it takes a while.
            from tensorboardX import SummaryWriter

            with _told_in_one_line("--tensorboard", tensorboard):
                self._board = SummaryWriter(str(tensorboard))

    def __enter__(self) -> "Records":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._log is not None and self._log_path is not None:
            # Closing writes what could not be written before, and fails again where it failed.
            with _told_in_one_line("--log-json", self._log_path):
                self._log.close()
        if self._board is not None:
            self._board.close()

    def write(self, record: StepRecord) -> None:
        """Writes one step everywhere. Raises UserError if a place is full."""
        mtp = "" if record.mtp_loss is None else f"  mtp {record.mtp_loss:.4f}"
        print(
            f"step {record.step}/{self._steps}  loss {record.loss:.4f}{mtp}"
            f"  grad norm {record.grad_norm:.3f}  lr {record.lr:.2e}"
            f"  {record.tokens_per_s:.0f} tokens/s",
            flush=True,
        )
        if self._log is not None and self._log_path is not None:
            with _told_in_one_line("--log-json", self._log_path):
                line = {field: getattr(record, field) for field in JSON_FIELDS}
                self._log.write(json.dumps(line) + "\n")
                self._log.flush()
        if self._board is not None and self._board_path is not None:
            with _told_in_one_line("--tensorboard", self._board_path):
                self._write_events(record)

    def _write_events(self, record: StepRecord) -> None:
        fields = [*JSON_FIELDS[1:], *(["mtp_loss"] if record.mtp_loss is not None else [])]
        for field in fields:
            self._board.add_scalar(field, getattr(record, field), record.step)
        self._board.flush()
