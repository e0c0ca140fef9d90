# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of torch's API are what the live torch and the live mstorch say."""

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import refresh
import torch2ms
from torch2ms import apis

_FOLDERS = {
    folder.name: folder
    for folder in (
        Path(torch2ms.__file__).parent / "mapping",
        Path(refresh.__file__).parent,
        Path(refresh.__file__).parents[2] / "docs",
    )
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


def _needed(api: Callable) -> list[None]:
    """Something for each argument that must be given."""
    parameters = inspect.signature(api).parameters.values()
    return [None for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]


def test_what_is_only_named_raises_not_implemented_error_when_it_is_called() -> None:
    called = [
        row.name
        for row in apis.api(status="unsupported")
        if apis.asked(row.name).served == "named" and row.kind in ("class", "function")
    ]
    assert called
    for name in called:
        module, _, last = name.replace("torch", "mstorch", 1).rpartition(".")
        api = getattr(importlib.import_module(module), last)
        with pytest.raises(NotImplementedError, match="is not implemented by mstorch"):
            api(*_needed(api))


def test_nothing_that_carries_the_mark_of_an_absent_api_is_called_served() -> None:
    """Found the other way round: from the modules of mstorch, not from the names of torch."""
    import mstorch
    from mstorch._errors import absent_because

    assert mstorch
    absent = {
        f"{name}.{last}".replace("mstorch", "torch", 1)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "mstorch"
        for last, value in vars(module).items()
        if callable(value) and absent_because(value) is not None
    }
    known = absent & set(apis.names())
    assert known
    assert [name for name in sorted(known) if apis.row(name).on_adapter] == []
