# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Which program wrote a wheel: with --override_repository=rules_python=DIR it is not ours."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

import core_metadata


def ours(wheel: Path) -> bool:
    """Says whether a wheel was written by this workspace's writer."""
    with zipfile.ZipFile(wheel) as archive:
        (entry,) = [n for n in archive.namelist() if n.endswith(".dist-info/WHEEL")]
        return f"Generator: {core_metadata.GENERATOR}" in archive.read(entry).decode()


def only_ours(files: Iterable[Path]) -> pytest.MarkDecorator:
    """A mark that skips tests where the wheels among the files are another writer's."""
    others = [path.name for path in files if path.suffix == ".whl" and not ours(path)]
    return pytest.mark.skipif(bool(others), reason="another rules_python wrote these wheels")
