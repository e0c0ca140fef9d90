# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What `bazel run //models:deepseekv3 -- ...` starts, started as Bazel does."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

LAUNCHER = Path(os.environ["MINDFORGE_LAUNCHER"]).absolute()


def run(*arguments: str, working: Path) -> subprocess.CompletedProcess[str]:
    """Starts the launcher for a user whose shell is in `working`."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "OMP_NUM_THREADS": "1",
        "RUNFILES_DIR": str(Path.cwd().parent),
        "BUILD_WORKING_DIRECTORY": str(working),
    }
    return subprocess.run(
        [LAUNCHER, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_the_target_trains_and_writes_where_its_user_is(tmp_path: Path) -> None:
    ran = run(
        "pretrain", "--preset", "tiny", "--steps", "2", "--log-json=l.jsonl", working=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    steps = [json.loads(line)["step"] for line in (tmp_path / "l.jsonl").read_text().splitlines()]
    assert steps == [1, 2]


def test_an_unknown_preset_is_one_line_and_a_failure(tmp_path: Path) -> None:
    ran = run("pretrain", "--preset", "gigantic", working=tmp_path)
    assert ran.returncode != 0
    lines = ran.stderr.strip().splitlines()
    assert len(lines) == 1
    assert "gigantic" in lines[0]
