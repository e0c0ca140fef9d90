# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The bundle as its receiver uses it: unpack, install into a fresh environment, train.

Third-party wheels come from the pinned ones that the build has fetched, so no index is asked; apart
from that the commands are those of the bundle's README.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

BUNDLE = Path(os.environ["MINDFORGE_BUNDLE"]).absolute()
THIRD_PARTY = [Path(path).absolute() for path in os.environ["MINDFORGE_WHEELHOUSE"].split()]
IMPORTS = ["mindspore", "mstorch", "msops", "mstrain", "megatron.core", "torch2ms"]


@dataclass(frozen=True)
class Installed:
    """An unpacked bundle and the environment that its wheels are installed in."""

    folder: Path
    python: Path

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a command in the bundle's folder, with nothing of Bazel in the environment."""
        environment = {
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
            "HOME": str(self.folder.parent),
            "PYTHON": str(self.python),
        }
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )

    def succeed(self, *command: str | Path) -> str:
        """Runs a command that must not fail and returns what it printed."""
        ran = self.run(*command)
        assert ran.returncode == 0, f"{command}:\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The bundle, installed once for all tests; removed afterwards, for it is 3 GB."""
    place = tmp_path_factory.mktemp("receiver")
    folder = place / "bundle"
    with tarfile.open(BUNDLE) as archive:
        archive.extractall(folder, filter="data")
    subprocess.run([sys.executable, "-m", "venv", place / "venv"], check=True)
    made = Installed(folder, place / "venv/bin/python")
    pip = [made.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", f"--find-links={THIRD_PARTY[0].parent}", "--no-compile"]
    made.succeed(*pip, *offline, "--require-hashes", "-r", "third_party.lock")
    ours = ["--no-index", "--find-links", "wheelhouse", "--no-deps", "--require-hashes"]
    made.succeed(*pip, *ours, "-r", "requirements.lock")
    yield made
    shutil.rmtree(place)


def test_the_environment_is_complete_and_has_no_torch(installed: Installed) -> None:
    installed.succeed(installed.python, "-m", "pip", "check")
    listed = json.loads(installed.succeed(installed.python, "-m", "pip", "list", "--format=json"))
    names = {entry["name"].lower() for entry in listed}
    assert {"mindspore", "mstorch", "msops", "mstrain", "megatron-core-mindspore"} <= names
    assert not {name for name in names if name.startswith(("torch", "nvidia"))} - {"torch2ms"}
    assert "No module named 'torch'" in installed.run(installed.python, "-c", "import torch").stderr


def test_every_package_imports_from_the_environment(installed: Installed) -> None:
    imports = "; ".join(f"import {name}" for name in IMPORTS)
    files = ", ".join(f"{name}.__file__" for name in IMPORTS)
    printed = installed.succeed(installed.python, "-c", f"{imports}; print({files}, sep='\\n')")
    for path in printed.splitlines()[-len(IMPORTS) :]:
        assert Path(path).is_relative_to(installed.python.parent.parent)


def test_the_launch_script_trains_three_steps(installed: Installed, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    arguments = ["--preset", "tiny", "--steps", "3", "--log-json", str(log)]
    installed.succeed("./pretrain.sh", *arguments)
    steps = [json.loads(line) for line in log.read_text().splitlines()]
    assert [step["step"] for step in steps] == [1, 2, 3]
    assert all(math.isfinite(step["loss"]) and step["loss"] > 0 for step in steps)
    assert steps[2]["loss"] != steps[0]["loss"]


def test_the_bundled_config_starts_the_same_run_as_its_preset(
    installed: Installed, tmp_path: Path
) -> None:
    losses = []
    for choice in (["--preset", "tiny"], ["--config", "configs/tiny.toml"]):
        log = tmp_path / f"{choice[0]}.jsonl"
        command = [installed.python.parent / "mstrain", "pretrain", *choice]
        installed.succeed(*command, "--steps", "1", "--log-json", log)
        losses.append([json.loads(line)["loss"] for line in log.read_text().splitlines()])
    assert losses[0] == losses[1]
    assert len(losses[0]) == 1


def test_the_launch_script_without_its_environment_says_what_to_install(
    installed: Installed,
) -> None:
    script = installed.folder / "pretrain.sh"
    bare = {"PATH": os.environ["PATH"], "PYTHON": "/usr/bin/false"}
    ran = subprocess.run(
        [script], cwd=installed.folder, env=bare, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "README.md" in ran.stderr


def test_the_bundle_holds_what_its_readme_lists(installed: Installed) -> None:
    present = {path.name for path in installed.folder.iterdir()}
    assert {
        "README.md",
        "LICENSE",
        "THIRD_PARTY_NOTICES.md",
        "configs",
        "pretrain.sh",
        "requirements.lock",
        "third_party.lock",
        "wheelhouse",
    } == present - {"mstrain-checkpoints"}
    assert len(list((installed.folder / "wheelhouse").glob("*.whl"))) == 5
