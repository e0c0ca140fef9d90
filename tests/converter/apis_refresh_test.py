# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of torch's API are what the live torch says."""

import os
from pathlib import Path

import pytest

import refresh
import torch2ms

_TABLES = refresh.tables(os.environ["MINDFORGE_TORCH_PYTHON"])


@pytest.mark.parametrize("path", _TABLES, ids=lambda path: path.name)
def test_the_table_is_up_to_date(path: Path) -> None:
    have = (Path(torch2ms.__file__).parent / "mapping" / path.name).read_text(encoding="utf-8")
    assert have == _TABLES[path], f"{path} is out of date: run `{refresh.COMMAND}` and commit it"
