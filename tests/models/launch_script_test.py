# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The bundle's launch script hands its arguments on, and says what is missing."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path("models/deepseekv3/pretrain.sh").absolute()


def interpreter(folder: Path, has_mstrain: bool) -> Path:
    """A stand-in for Python that prints its arguments, one a line."""
    path = folder / "python with a space"
    path.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = -c ]; then exit {0 if has_mstrain else 1}; fi\n'
        "printf '%s\\n' \"$@\"\n"
        "exit 7\n"
    )
    path.chmod(0o755)
    return path


def launch(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHON": str(python)}
    return subprocess.run([SCRIPT, *arguments], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    "arguments", [[], ["--preset", "tiny"], ["--data", "a b", "", "*", "$HOME"]]
)
def test_arguments_and_exit_status_are_handed_on(tmp_path: Path, arguments: list[str]) -> None:
    done = launch(interpreter(tmp_path, has_mstrain=True), *arguments)
    assert done.stdout.splitlines() == ["-m", "mstrain", "pretrain", *arguments]
    assert done.returncode == 7


def test_an_environment_without_the_wheels_is_told_in_one_line(tmp_path: Path) -> None:
    python = interpreter(tmp_path, has_mstrain=False)
    done = launch(python, "--preset", "tiny")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"{python} does not find mstrain; install the wheels as README.md says" in done.stderr
