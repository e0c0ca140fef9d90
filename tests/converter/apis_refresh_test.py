# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of torch's API are what the live torch and the live mstorch say."""

import os
import sys
from pathlib import Path

import pytest

import refresh
import torch2ms

_FOLDERS = {
    folder.name: folder
    for folder in (Path(torch2ms.__file__).parent / "mapping", Path(refresh.__file__).parent)
}


@pytest.fixture(scope="module")
def tables() -> dict[Path, str]:
    """What a refresh would write, by path."""
    return refresh.tables(os.environ["MINDFORGE_TORCH_PYTHON"])


@pytest.mark.parametrize("path", refresh.WRITTEN, ids=lambda path: path.name)
def test_the_table_is_up_to_date(path: Path, tables: dict[Path, str]) -> None:
    have = (_FOLDERS[path.parent.name] / path.name).read_text(encoding="utf-8")
    if have != tables[path]:
        pytest.fail(f"{path} is out of date: run `{refresh.COMMAND}` and commit the result")


def test_a_python_without_torch_is_an_error_that_names_it(capfd: pytest.CaptureFixture) -> None:
    with pytest.raises(RuntimeError, match=r"torch_names.py failed under \S+python"):
        refresh.tables(sys.executable)
    assert "No module named 'torch'" in capfd.readouterr().err
