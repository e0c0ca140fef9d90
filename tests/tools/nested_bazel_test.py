# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Copies of the workspace with a Bazel of their own; a script stands in for Bazel here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import nested_bazel
from nested_bazel import NestedBazel, NestedBuildError

SCRIPT = """#!/bin/sh
echo "$PWD $*"
[ "$2" != build ] || { echo 'ERROR: no such target' >&2; exit 1; }
"""


@pytest.fixture
def bazel(tmp_path: Path) -> NestedBazel:
    program = tmp_path / "bin/bazel"
    program.parent.mkdir()
    program.write_text(SCRIPT)
    program.chmod(0o755)
    (tmp_path / "copy").mkdir()
    (tmp_path / "base").mkdir()
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    return NestedBazel(tmp_path / "copy", tmp_path / "base", environment=environment)


def test_a_command_runs_in_the_copy_with_its_own_output_base(bazel: NestedBazel) -> None:
    printed = bazel.run("info", "release")
    assert printed == f"{bazel.root} --output_base={bazel.output_base} info release\n"


def test_a_failed_build_is_an_error_with_what_bazel_said(bazel: NestedBazel) -> None:
    with pytest.raises(NestedBuildError, match="no such target"):
        bazel.build("//:x")


def test_closing_removes_write_protected_outputs_and_keeps_the_copy(bazel: NestedBazel) -> None:
    protected = bazel.output_base / "folder"
    protected.mkdir()
    (protected / "file").write_text("")
    protected.chmod(0o555)
    bazel.close()
    assert not bazel.output_base.exists()
    assert bazel.root.exists()


def test_the_copy_holds_sources_and_nothing_that_is_ignored(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "pkg").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", root], check=True)
    (root / ".gitignore").write_text("*.log\n")
    (root / "pkg/run.sh").write_text("#!/bin/sh\n")
    (root / "pkg/run.sh").chmod(0o755)
    (root / "pkg/x.log").write_text("")
    nested_bazel.copy_sources(root, tmp_path / "copy")
    copied = sorted(p for p in (tmp_path / "copy").rglob("*") if p.is_file())
    assert [str(p.relative_to(tmp_path / "copy")) for p in copied] == [".gitignore", "pkg/run.sh"]
    assert os.access(tmp_path / "copy/pkg/run.sh", os.X_OK)


def test_the_outer_bazels_variables_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_TMPDIR", "x")
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", "x")
    monkeypatch.setenv("PYTHONPATH", "x")
    monkeypatch.setenv("MINDFORGE_CACHE", "kept")
    handed_on = nested_bazel.outer_environment()
    assert not {"TEST_TMPDIR", "BUILD_WORKSPACE_DIRECTORY", "PYTHONPATH"} & set(handed_on)
    assert handed_on["MINDFORGE_CACHE"] == "kept"
