# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Locks are written from what the resolver says, with the hash of a wheel that was really had."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from third_party.fetch.cache import Cache
from third_party.fetch.lockfile import read_lock
from third_party.python import lock as lock_tool

TABLE = """UPSTREAMS = {{
    "sample": {{
        "kind": "pypi",
        "name": "sample",
        "version": "1.0",
        "file": "sample-1.0-py3-none-any.whl",
        "sha256": "{}",
    }},
    "npm_tool": {{"kind": "npm", "name": "@a/b", "version": "3"}},
}}
"""

# A Python whose pip-tools notes its arguments and gives a prepared answer.
RESOLVER = """#!/bin/sh
cat pins > "{folder}/pins-seen"
echo "$@" > "{folder}/arguments"
for last; do :; done
test "$last" = env.in || exit 1
cp "{folder}/answer" env.txt
"""


@pytest.fixture
def workspace(tmp_path, monkeypatch, index) -> Path:
    wheel = index.add_wheel("sample", "1.0")
    folder = tmp_path / "workspace/third_party"
    (folder / "python").mkdir(parents=True)
    (folder / "upstreams.bzl").write_text(TABLE.format(wheel.sha256))
    (folder / "python/env.in").write_text("sample\n")
    tools = tmp_path / "tools-python"
    tools.write_text(RESOLVER.format(folder=tmp_path))
    tools.chmod(0o755)
    answer(tmp_path, "sample==1.0\n    # via -r env.in\n")
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(folder.parent))
    monkeypatch.setenv("MINDFORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index.folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def answer(tmp_path: Path, text: str) -> None:
    (tmp_path / "answer").write_text(text)


def run(tmp_path: Path, *arguments: str) -> int:
    return lock_tool.main([f"--tools-python={tmp_path / 'tools-python'}", *arguments])


def test_a_lock_holds_version_hash_and_file(tmp_path, workspace, index) -> None:
    assert run(tmp_path) == 0
    wheel = index.pin("sample", "1.0", "sample-1.0-py3-none-any.whl")
    (locked,) = read_lock(workspace / "python/env.txt", "env.txt")
    assert (locked.version, locked.sha256, locked.file) == (wheel.version, wheel.sha256, wheel.file)
    assert Cache(tmp_path / "cache").path(wheel).is_file()


def test_comments_of_the_resolver_are_kept(tmp_path, workspace) -> None:
    assert run(tmp_path) == 0
    assert "    # via -r env.in\n" in (workspace / "python/env.txt").read_text()


def test_what_is_pinned_constrains_the_resolver(tmp_path, workspace) -> None:
    assert run(tmp_path) == 0
    assert (tmp_path / "pins-seen").read_text() == "sample==1.0\n"


def test_a_pin_that_only_the_cache_has_is_offered_to_the_resolver(
    tmp_path, workspace, index
) -> None:
    assert run(tmp_path) == 0
    assert "--find-links" not in (tmp_path / "arguments").read_text()
    assert run(tmp_path) == 0
    wheel = index.pin("sample", "1.0", "sample-1.0-py3-none-any.whl")
    folder = Cache(tmp_path / "cache").path(wheel).parent
    assert f"--find-links={folder}" in (tmp_path / "arguments").read_text()


def test_locking_again_changes_nothing_and_downloads_nothing(
    tmp_path, workspace, index, monkeypatch
) -> None:
    assert run(tmp_path) == 0
    before = (workspace / "python/env.txt").read_bytes()
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert run(tmp_path) == 0
    assert (workspace / "python/env.txt").read_bytes() == before


def test_upgrading_is_asked_of_the_resolver(tmp_path, workspace) -> None:
    assert run(tmp_path) == 0
    assert "--upgrade" not in (tmp_path / "arguments").read_text()
    assert run(tmp_path, "--upgrade", "env") == 0
    assert "--upgrade" in (tmp_path / "arguments").read_text()


def test_a_failed_resolution_changes_nothing(tmp_path, workspace, capsys) -> None:
    assert run(tmp_path) == 0
    before = (workspace / "python/env.txt").read_bytes()
    (tmp_path / "tools-python").write_text("#!/bin/sh\necho 'no version fits' >&2\nexit 2\n")
    assert run(tmp_path) == 1
    assert capsys.readouterr().err.endswith("lock: env.in cannot be resolved: no version fits\n")
    assert (workspace / "python/env.txt").read_bytes() == before


def test_a_wheel_that_is_not_to_be_had_changes_nothing(tmp_path, workspace, capsys) -> None:
    answer(tmp_path, "absent==9.9\n")
    assert run(tmp_path) == 1
    assert "absent==9.9" in capsys.readouterr().err
    assert not (workspace / "python/env.txt").exists()


def test_an_unknown_lock_is_an_error(tmp_path, workspace, capsys) -> None:
    assert run(tmp_path, "nope") == 1
    assert "nope.in" in capsys.readouterr().err


def test_the_tools_environment_has_the_resolver() -> None:
    names = [wheel.name for wheel in read_lock(Path("third_party/python/tools.txt"), "tools.txt")]
    assert "pip-tools" in names
    assert sys.version_info[:2] == (3, 11)
