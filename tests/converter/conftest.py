# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What the converter's tests share."""

from collections.abc import Callable

import pytest

from torch2ms.python_file import FileResult, Settings, convert


@pytest.fixture
def to_adapter() -> Callable[[str], str]:
    """Convert one file's text for target adapter."""

    def run(text: str) -> str:
        data, result = convert(text.encode("utf-8"), "file.py", Settings("adapter"))
        assert result.unparsable is None, result.unparsable
        return data.decode("utf-8")

    return run


@pytest.fixture
def result_of() -> Callable[[str], FileResult]:
    """The record of one file's conversion for target adapter."""

    def run(text: str) -> FileResult:
        return convert(text.encode("utf-8"), "file.py", Settings("adapter"))[1]

    return run
