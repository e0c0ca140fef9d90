# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What every test of this workspace may rely on."""

import os
import pathlib
import sys


def test_runs_on_python_3_11() -> None:
    assert sys.version_info[:2] == (3, 11)


def test_the_folder_of_a_script_is_not_on_the_path() -> None:
    real_folder = str(pathlib.Path(__file__).resolve().parent)
    assert real_folder not in sys.path


def test_home_is_private() -> None:
    assert pathlib.Path(os.environ["HOME"]) == pathlib.Path(os.environ["TEST_TMPDIR"])
