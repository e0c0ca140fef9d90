# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a user gets wrong is told in one line, with an exit status that is not zero."""

from pathlib import Path

import pytest

from mstrain import checkpoint
from mstrain.cli import main

TEXT = "Some text to train on, longer than one sample. " * 20


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


def complaint_of(capsys, *arguments: object) -> str:
    """Runs pretrain, checks that it fails in one line, and returns the line."""
    try:
        status = main(["pretrain", *map(str, arguments)])
    except SystemExit as stopped:
        status = stopped.code
    printed = capsys.readouterr()
    assert status in (1, 2)
    assert printed.out == ""
    assert printed.err.count("\n") == 1, printed.err
    assert printed.err.startswith("mstrain")
    return printed.err


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ([], "give --preset NAME (small, tiny) or --config FILE"),
        (["--preset", "huge"], "unknown preset 'huge'; choose one of: small, tiny"),
        (["--preset", "tiny", "--sped", "3"], "unrecognized arguments: --sped 3; see"),
        (["--preset", "tiny", "--config", "a.toml"], "not allowed with argument --preset"),
        (["--preset", "tiny", "--steps", "many"], "argument --steps: invalid int value: 'many'"),
        (["--preset", "tiny", "--steps", "-1"], "steps is -1; it must be 0 or more"),
        (["--preset", "tiny", "--lr", "nan"], "lr is nan; it must be more than 0 and finite"),
        (["--preset", "tiny", "--set", "lr"], "'lr' is not KEY=VALUE"),
        (["--preset", "tiny", "--set", "train.lr=[oops"], "is not KEY=VALUE"),
        (["--preset", "tiny", "--set", "train.sped=1"], "unknown key train.sped"),
        (["--preset", "tiny", "--set", "model.vocab_size=200"], "byte tokenizer needs 257"),
        (["--preset", "tiny", "--data", "absent.txt"], "cannot read data absent.txt"),
        (["--preset", "tiny", "--keep", "0"], "argument --keep: 0 is below 1"),
        (["--preset", "tiny", "--save-every", "-5"], "argument --save-every: -5 is below 0"),
        (["--config", "absent.toml"], "cannot read absent.toml: No such file or directory"),
        (["--preset", "tiny", "--resume", "absent"], "no checkpoint in absent; name a file"),
        (["--preset", "tiny", "--init", "absent"], "cannot read checkpoint absent"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(capsys, arguments, complaint) -> None:
    assert complaint in complaint_of(capsys, *arguments)


def test_a_text_shorter_than_a_sample_is_refused(capsys, text: Path) -> None:
    told = complaint_of(capsys, "--preset", "tiny", "--data", text, "--seq-len", 5000)
    assert "give more text or a smaller --seq-len" in told


def test_a_damaged_checkpoint_is_refused(capsys, text: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{}")
    told = complaint_of(capsys, "--preset", "tiny", "--data", text, "--resume", damaged)
    assert f"checkpoint {damaged} is truncated or damaged" in told


def test_a_checkpoint_without_a_configuration_is_refused(capsys, tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "a.safetensors", {}, {"step": 1})
    told = complaint_of(capsys, "--preset", "tiny", "--resume", tmp_path / "a.safetensors")
    assert "the table [model] is missing" in told


def test_a_log_that_cannot_be_written_is_refused(capsys, text: Path, tmp_path: Path) -> None:
    log = tmp_path / "absent" / "log.jsonl"
    told = complaint_of(capsys, "--preset", "tiny", "--data", text, "--log-json", log)
    assert f"cannot write --log-json {log}: No such file or directory" in told


def test_events_that_cannot_be_written_are_refused(capsys, text: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    board = tmp_path / "file" / "events"
    told = complaint_of(capsys, "--preset", "tiny", "--data", text, "--tensorboard", board)
    assert f"cannot write --tensorboard {board}" in told


def test_a_checkpoint_folder_that_cannot_be_made_is_refused(
    capsys, text: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "run"
    told = complaint_of(capsys, "--preset", "tiny", "--data", text, "--checkpoint-dir", folder)
    assert f"cannot write checkpoint {folder}" in told
