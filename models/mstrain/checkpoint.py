# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoint files: named arrays and a description in one safetensors file.

A file appears under its name whole or not at all. Each array carries a CRC-32, so that a damaged
file is an error and never a wrong number.
"""

import dataclasses
import json
import os
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from safetensors import safe_open
from safetensors.numpy import save_file

from mstrain.errors import UserError

FORMAT = 1
_KEY = "mstrain"
_NAME = re.compile(r"step-(\d{8})\.safetensors")
_REMEDY = "take an older one with --resume FILE"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read.

    Attributes:
        path: where it was read from, for messages.
        arrays: its arrays by name.
        description: the JSON values kept beside them.
    """

    path: Path
    arrays: dict[str, np.ndarray]
    description: dict[str, Any]


def path_of_step(folder: Path, step: int) -> Path:
    """Where the checkpoint taken after a step lies."""
    return folder / f"step-{step:08d}.safetensors"


def _steps_in(folder: Path) -> list[int]:
    """Steps with a checkpoint in a folder, ascending."""
    names = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(name.group(1)) for name in names if name)


def latest(folder: Path) -> Path:
    """The checkpoint of the highest step in a folder; UserError if there is none."""
    steps = _steps_in(folder) if folder.is_dir() else []
    if not steps:
        raise UserError(f"no checkpoint in {folder}; name a file or a folder with --resume")
    return path_of_step(folder, steps[-1])


def remove_older(folder: Path, step: int, keep: int) -> None:
    """Removes checkpoints of earlier steps but the newest: with that of `step`, `keep` stay.

    Those of later steps belong to another run and are left alone.
    """
    earlier = [other for other in _steps_in(folder) if other < step]
    for other in earlier[: max(0, len(earlier) - (keep - 1))]:
        path_of_step(folder, other).unlink()


def _checksum(array: np.ndarray) -> str:
    return f"{zlib.crc32(array.tobytes()):08x}"


def _cannot_write(path: Path, error: Exception) -> UserError:
    reason = getattr(error, "strerror", None) or str(error)
    return UserError(
        f"cannot write checkpoint {path}: {reason}; free space or choose another --checkpoint-dir"
    )


def make_folder(folder: Path) -> None:
    """Makes a folder for checkpoints, so that a place that cannot be is told before training."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _write_whole(path: Path, arrays: dict[str, np.ndarray], text: str) -> None:
    """Writes beside the final name and renames; removes what a failure leaves."""
    partial = path.with_name(f".{path.name}.partial")
    partial.touch()
    try:
        mode = partial.stat().st_mode
        save_file(arrays, partial, metadata={_KEY: text})
        partial.chmod(mode)  # save_file makes files for the owner alone
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write(path: Path, arrays: Mapping[str, np.ndarray], description: Mapping[str, Any]) -> None:
    """Writes a checkpoint.

    Args:
        path: its final name; the folder is made.
        arrays: what to keep, any numeric dtype and shape.
        description: JSON values to keep beside the arrays.

    Raises:
        UserError: the file cannot be written; nothing is left behind.
    """
    whole = {name: array.copy(order="C") for name, array in arrays.items()}
    checksums = {name: _checksum(array) for name, array in whole.items()}
    text = json.dumps({"format": FORMAT, "crc32": checksums, **description}, sort_keys=True)
    make_folder(path.parent)
    try:
        _write_whole(path, whole, text)
    except (OSError, safetensors.SafetensorError) as error:
        raise _cannot_write(path, error) from error


def _read_file(path: Path) -> tuple[dict[str, np.ndarray], str | None]:
    """The arrays of a safetensors file and what was written beside them."""
    try:
        with path.open("rb"):  # names the reason in the system's words, which safe_open does not
            pass
        with safe_open(path, framework="numpy") as opened:
            text = (opened.metadata() or {}).get(_KEY)
            return {name: opened.get_tensor(name) for name in opened.keys()}, text  # noqa: SIM118
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"cannot read checkpoint {path}: {reason}; {_REMEDY}") from error
    except safetensors.SafetensorError as error:
        raise UserError(
            f"checkpoint {path} is truncated or damaged ({error}); {_REMEDY}"
        ) from error


def read(path: Path) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
        UserError: the file cannot be read, is cut short, damaged, or no checkpoint of this format.
    """
    arrays, text = _read_file(path)
    if text is None:
        raise UserError(f"{path} is a safetensors file but no mstrain checkpoint; {_REMEDY}")
    try:
        description = json.loads(text)
        checksums, version = description.pop("crc32"), description.pop("format")
    except (ValueError, KeyError) as error:
        raise UserError(f"checkpoint {path} is damaged in its description; {_REMEDY}") from error
    if version != FORMAT:
        raise UserError(
            f"checkpoint {path} has format {version}, this mstrain reads {FORMAT}; "
            "use the mstrain that wrote it"
        )
    for name in sorted(checksums.keys() | arrays.keys()):
        if name not in arrays or _checksum(arrays[name]) != checksums.get(name):
            raise UserError(f"checkpoint {path} is damaged at {name}; {_REMEDY}")
    return Checkpoint(path, arrays, description)
