# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
""".ci/run: README's test command, then one line that says how many cases passed and failed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILES = [".ci/run", "tools/ci/count_cases.py"]

BAZEL = """#!/bin/sh
wanted="torch=$MINDFORGE_REQUIRE_TORCH chromium=$MINDFORGE_REQUIRE_CHROMIUM"
wanted="$wanted testsuite=$MINDFORGE_REQUIRE_TESTSUITE"
echo "$@ $wanted in $PWD" > "{folder}/called"
for option; do
  case "$option" in --build_event_json_file=*) cp "{folder}/events" "${{option#*=}}" ;; esac
done
exit {status}
"""


@pytest.fixture
def workspace(tmp_path) -> Path:
    for file in FILES:
        (tmp_path / "ws" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "ws" / file)
    script(tmp_path / "ws/tools/setup", "#!/bin/sh\nexit 0\n")
    return tmp_path / "ws"


def script(path: Path, content: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)


def run(workspace: Path, status: int, *cases: str) -> subprocess.CompletedProcess[str]:
    folder = workspace.parent
    (folder / "report.xml").write_text(f"<testsuites>{''.join(cases)}</testsuites>")
    outputs = [{"name": "test.xml", "uri": (folder / "report.xml").as_uri()}]
    outcome = "FAILED" if status else "PASSED"
    event = {
        "id": {"testResult": {"label": "//a:t"}},
        "testResult": {"status": outcome, "testActionOutput": outputs},
    }
    (folder / "events").write_text(json.dumps(event) + "\n")
    script(folder / "bin/bazel", BAZEL.format(folder=folder, status=status))
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [workspace / ".ci/run"],
        cwd="/",
        env={"PATH": path, "MINDFORGE_PYTHON": sys.executable, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_success_ends_with_the_count(workspace) -> None:
    result = run(workspace, 0, '<testcase name="a"/>', '<testcase name="b"/>')
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "2 passed, 0 failed"


def test_a_failure_is_named_and_fails(workspace) -> None:
    result = run(workspace, 3, '<testcase name="a"/>', '<testcase name="b"><failure/></testcase>')
    assert result.returncode == 1
    assert result.stdout.splitlines()[-2:] == ["FAILED: //a:t ::b", "1 passed, 1 failed"]


def test_every_test_is_asked_for_and_the_reference_and_the_browser_are_required(workspace) -> None:
    run(workspace, 0, '<testcase name="a"/>')
    called = (workspace.parent / "called").read_text()
    assert called.startswith("test ")
    assert f" //... torch=1 chromium=1 testsuite=1 in {workspace}\n" in called


def test_a_failed_setup_fails_before_any_test(workspace) -> None:
    script(workspace / "tools/setup", "#!/bin/sh\nexit 1\n")
    result = run(workspace, 0, '<testcase name="a"/>')
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1] == "0 passed, 0 failed"
    assert not (workspace.parent / "called").exists()


def test_nothing_is_left_in_the_temporary_folder(workspace) -> None:
    before = set(workspace.parent.iterdir())
    run(workspace, 0, '<testcase name="a"/>')
    new = {path.name for path in set(workspace.parent.iterdir()) - before}
    assert new == {"report.xml", "events", "bin", "called"}
