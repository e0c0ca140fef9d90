# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The locked environments hold what their locks say and nothing of each other."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from third_party.fetch.lockfile import read_lock

LOCKS = Path("third_party/python")

_VERSIONS = """
import json
from importlib import metadata
found = metadata.distributions()
print(json.dumps({d.metadata["Name"].lower().replace("_", "-"): d.version for d in found}))
"""


def locked(name: str) -> dict[str, str]:
    wheels = read_lock(LOCKS / f"{name}.txt", name)
    return {wheel.name.lower().replace("_", "-"): wheel.version for wheel in wheels}


def installed(python: str) -> dict[str, str]:
    ran = subprocess.run([python, "-c", _VERSIONS], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def run_torch(code: str) -> str:
    python = os.environ["MINDFORGE_TORCH_PYTHON"]
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_tests_run_in_the_mindspore_environment() -> None:
    here = installed(sys.executable)
    assert {name: here.get(name) for name in locked("mindspore")} == locked("mindspore")


def test_torch_cannot_be_imported_beside_mindspore() -> None:
    assert importlib.util.find_spec("torch") is None


def test_an_environment_has_nothing_but_its_lock_and_the_installer() -> None:
    here = {d.metadata["Name"].lower().replace("_", "-") for d in metadata.distributions()}
    assert here - set(locked("mindspore")) <= {"pip", "setuptools"}


def test_bytecode_is_there_for_sandboxes_that_cannot_write_it() -> None:
    spec = importlib.util.find_spec("mindspore")
    assert spec is not None
    assert spec.cached is not None
    assert Path(spec.cached).is_file()


def test_the_reference_is_a_process_with_torch_and_without_mindspore() -> None:
    assert installed(os.environ["MINDFORGE_TORCH_PYTHON"]).items() >= locked("torch").items()
    absent = "import importlib.util; print(importlib.util.find_spec('mindspore'))"
    assert run_torch(absent) == "None"


def test_the_reference_is_the_build_without_cuda() -> None:
    assert run_torch("import torch; print(torch.version.cuda)") == "None"
