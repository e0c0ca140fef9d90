# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The converter by itself: its wheel in a fresh environment that holds nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

WHEEL = Path(os.environ["MINDFORGE_TORCH2MS_WHEEL"]).absolute()

# What to call each command with, in a directory that holds the source as `src`.
ARGUMENTS = {
    "api": ["api"],
    "check": ["check", "src", "--report", "check.json"],
    "convert": ["convert", "src", "out"],
    "diff": ["diff", "src"],
    "explain": ["explain", "torch.nn.functional.silu"],
    "launch": ["launch", "src", "scripts"],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a fresh environment `venv` that has the wheel, and a source."""
    place: Path = tmp_path_factory.mktemp("home")
    run(place, sys.executable, "-m", "venv", "venv")
    options = ["--quiet", "--no-index", "--disable-pip-version-check"]
    run(place, "venv/bin/python", "-m", "pip", "install", *options, str(WHEEL))
    (place / "src").mkdir()
    (place / "src/m.py").write_text("import torch\n\nx = torch.ones(2)\n")
    (place / "src/run.sh").write_text("torchrun --nproc_per_node 8 m.py\n")
    return place


def run(place: Path, *command: str) -> str:
    """What a command prints; it sees no environment of ours."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(place)}
    done = subprocess.run(
        command, cwd=place, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def torch2ms(place: Path, *arguments: str) -> str:
    return run(place, "venv/bin/torch2ms", *arguments)


def test_the_environment_holds_nothing_but_the_converter(home: Path) -> None:
    listed = run(home, "venv/bin/python", "-m", "pip", "list", "--format", "json")
    assert {row["name"] for row in json.loads(listed)} <= {"pip", "setuptools", "torch2ms"}


def test_the_command_and_the_module_tell_the_version_of_the_wheel(home: Path) -> None:
    version = WHEEL.name.split("-")[1]
    assert torch2ms(home, "--version") == f"torch2ms {version}\n"
    assert run(home, "venv/bin/python", "-m", "torch2ms", "--version") == f"torch2ms {version}\n"


def test_every_command_runs(home: Path) -> None:
    commands = re.findall(r"^    (\w+) ", torch2ms(home, "--help"), re.MULTILINE)
    assert {"api", "check", "convert", "diff", "launch"} <= set(commands) <= set(ARGUMENTS)
    for command in commands:
        assert torch2ms(home, *ARGUMENTS[command]), command
    assert (home / "out/m.py").read_text() == "import mstorch as torch\n\nx = torch.ones(2)\n"
    assert (home / "out/run.sh").read_text() == (home / "scripts/run.sh").read_text()
    assert (home / "out/run.sh").read_text().startswith("msrun ")
    assert json.loads((home / "check.json").read_text())["numbers"]["converted"] == 2


def test_the_report_is_written_as_a_page(home: Path) -> None:
    torch2ms(home, "check", "src", "--report", "report.html")
    assert (home / "report.html").read_bytes().startswith(b"<!doctype html>")


def test_an_sdist_is_converted(home: Path) -> None:
    with tarfile.open(home / "demo-1.0.tar.gz", "w:gz") as archive:
        archive.add(home / "src", "demo-1.0")
    torch2ms(home, "convert", "demo-1.0.tar.gz", "demo")
    assert (home / "demo/m.py").read_text().startswith("import mstorch as torch\n")


def test_the_package_is_typed_and_its_functions_are_there(home: Path) -> None:
    program = (
        "import torch2ms, pathlib\n"
        "assert (pathlib.Path(torch2ms.__file__).parent / 'py.typed').exists()\n"
        "print(torch2ms.convert_source('import torch\\n')[0], end='')"
    )
    assert run(home, "venv/bin/python", "-c", program) == "import mstorch as torch\n"
