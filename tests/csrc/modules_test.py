# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The compiled modules hold all of msops that they call."""

import re
import subprocess
from pathlib import Path

import pytest

MODULES = Path.cwd() / "csrc/msops"


def symbols(module: str) -> list[list[str]]:
    """The dynamic symbols of a module, each as the columns that readelf prints."""
    command = ["readelf", "--wide", "--dyn-syms", str(MODULES / module)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split() for line in found.splitlines() if re.match(r" *\d+:", line)]


@pytest.mark.parametrize("module", ["_C.so", "_C_ascend.so"])
def test_no_function_of_ours_is_left_to_be_found_when_the_module_is_loaded(module):
    undefined = [columns[7] for columns in symbols(module) if len(columns) > 7 and "UND" in columns]
    assert any("mindspore" in name for name in undefined), "MindSpore's are found then"
    assert not [name for name in undefined if "mindforge" in name]
