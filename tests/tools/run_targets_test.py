# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What `bazel run //tools:python` and `bazel run //tools:vendor` start, started as Bazel does."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

PYTHON = Path(os.environ["MINDFORGE_PYTHON_TARGET"]).absolute()
VENDOR = Path(os.environ["MINDFORGE_VENDOR_TARGET"]).absolute()
TREES = Path(os.environ["MINDFORGE_TREES"])
LIBRARIES = ["megatron.core", "mindspore", "msops", "mstorch", "mstrain", "torch2ms"]


def run(program: Path, *arguments: str, working: Path) -> subprocess.CompletedProcess[str]:
    """Starts a program as `bazel run` would, for a user whose shell is in `working`."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "BUILD_WORKING_DIRECTORY": str(working),
    }
    return subprocess.run(
        [program, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_every_library_imports_in_the_python_target(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/neighbour.py").write_text("VALUE = 41\n")
    imports = "\n".join(f"import {name}" for name in [*LIBRARIES, "neighbour"])
    report = "print(json.dumps([os.getcwd(), sys.argv, neighbour.VALUE]))"
    (tmp_path / "folder/probe.py").write_text(f"import json, os, sys\n{imports}\n{report}\n")
    ran = run(PYTHON, "folder/probe.py", "-x", "a b", working=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == [
        str(tmp_path),
        ["folder/probe.py", "-x", "a b"],
        41,
    ]


def test_the_python_target_hands_on_options_input_and_exit_status(tmp_path: Path) -> None:
    assert run(PYTHON, "-c", "import sys; sys.exit(7)", working=tmp_path).returncode == 7
    assert run(PYTHON, "absent.py", working=tmp_path).returncode == 2


def test_torch_cannot_be_imported_in_the_python_target(tmp_path: Path) -> None:
    ran = run(PYTHON, "-c", "import torch", working=tmp_path)
    assert "No module named 'torch'" in ran.stderr


def test_the_vendor_target_writes_a_converted_tree_and_its_manifest(tmp_path: Path) -> None:
    index = ["--index", str(TREES)]
    ran = run(VENDOR, *index, "megatron_core", "out", working=tmp_path)
    assert ran.returncode == 0, ran.stderr
    manifest = json.loads((tmp_path / "out/torch2ms-manifest.json").read_text())
    assert manifest["files"]
    for entry in manifest["files"]:
        assert (tmp_path / "out" / entry["path"]).is_file()
    text = (tmp_path / "out/megatron/core/transformer/module.py").read_text()
    assert "import mstorch as torch" in text


def test_the_vendor_target_answers_an_unknown_name_with_one_line(tmp_path: Path) -> None:
    ran = run(VENDOR, "--index", str(TREES), "nothing", "out", working=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr == (
        "vendor: there is no converted tree 'nothing'; there are: megatron_core, mstrain\n"
    )
    assert not (tmp_path / "out").exists()
