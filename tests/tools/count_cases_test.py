# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Test cases are counted from the reports of one run, and a failure is never lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import count_cases

PASSING = '<testcase classname="m" name="test_good"/>'
FAILING = '<testcase classname="m" name="test_bad"><failure message="no"/></testcase>'
ERRING = '<testcase classname="m" name="test_worse"><error message="no"/></testcase>'
SKIPPED = '<testcase classname="m" name="test_idle"><skipped message="no"/></testcase>'


class Run:
    """The events of a `bazel test` run under construction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[dict[str, Any]] = [{"id": {"started": {}}}]

    def test(self, label: str, status: str, *cases: str, attempt: int = 1, shard: int = 1) -> None:
        """Adds the result of a test target, its report holding the cases given."""
        report = self.folder / f"test {len(self.events)}.xml"
        report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
        identity = {"label": label, "run": 1, "attempt": attempt, "shard": shard}
        outputs = [{"name": "test.xml", "uri": report.as_uri()}]
        result = {"status": status, "testActionOutput": outputs}
        self.events.append({"id": {"testResult": identity}, "testResult": result})

    def target(self, label: str, **outcome: Any) -> None:
        """Adds the completion of a target."""
        self.events.append({"id": {"targetCompleted": {"label": label}}, **outcome})

    def write(self) -> str:
        """Writes the events as Bazel does and returns the path."""
        path = self.folder / "events.json"
        path.write_text("".join(json.dumps(event) + "\n" for event in self.events))
        return str(path)


@pytest.fixture
def run(tmp_path) -> Run:
    return Run(tmp_path)


def last_line(capsys) -> str:
    return capsys.readouterr().out.splitlines()[-1]


def test_cases_of_all_targets_are_summed(run, capsys) -> None:
    run.target("//a:t", completed={"success": True})
    run.test("//a:t", "PASSED", PASSING, PASSING)
    run.test("//b:t", "PASSED", PASSING, SKIPPED)
    assert count_cases.main(["--bazel-status=0", run.write()]) == 0
    assert last_line(capsys) == "3 passed, 0 failed"


def test_failures_and_errors_are_named(run, capsys) -> None:
    run.test("//a:t", "FAILED", PASSING, FAILING, ERRING)
    assert count_cases.main(["--bazel-status=3", run.write()]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "FAILED: //a:t m::test_bad",
        "FAILED: //a:t m::test_worse",
        "1 passed, 2 failed",
    ]


def test_skipped_cases_are_named_and_not_counted(run, capsys) -> None:
    run.test("//a:t", "PASSED", SKIPPED)
    run.target("//b:t", aborted={"reason": "SKIPPED"})
    assert count_cases.main(["--bazel-status=0", run.write()]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "skipped: //b:t (cannot run on this machine)",
        "skipped: //a:t m::test_idle",
        "0 passed, 0 failed",
    ]


@pytest.mark.parametrize("status", ["TIMEOUT", "FAILED", "REMOTE_FAILURE", "INCOMPLETE"])
def test_a_target_that_failed_without_a_failed_case_counts_as_one(run, capsys, status) -> None:
    run.test("//a:t", status, PASSING)
    assert count_cases.main(["--bazel-status=3", run.write()]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"FAILED: //a:t ({status})",
        "1 passed, 1 failed",
    ]


def test_a_target_that_did_not_build_counts_as_one(run, capsys) -> None:
    run.target("//a:t", completed={})
    run.target("//b:t", aborted={"reason": "ANALYSIS_FAILURE"})
    assert count_cases.main(["--bazel-status=1", run.write()]) == 1
    assert last_line(capsys) == "0 passed, 2 failed"


def test_a_test_that_bazel_was_stopped_in_counts_as_one(run, capsys) -> None:
    identity = {"label": "//a:t", "run": 1, "attempt": 1, "shard": 1}
    run.events.append({"id": {"testResult": identity}, "aborted": {"reason": "USER_INTERRUPTED"}})
    assert count_cases.main(["--bazel-status=8", run.write()]) == 1
    assert capsys.readouterr().out == "FAILED: //a:t (USER_INTERRUPTED)\n0 passed, 1 failed\n"


def test_the_last_attempt_of_a_flaky_test_counts(run, capsys) -> None:
    run.test("//a:t", "FAILED", FAILING, attempt=1)
    run.test("//a:t", "PASSED", PASSING, attempt=2)
    assert count_cases.main(["--bazel-status=0", run.write()]) == 0
    assert last_line(capsys) == "1 passed, 0 failed"


def test_every_shard_counts(run, capsys) -> None:
    run.test("//a:t", "PASSED", PASSING, shard=1)
    run.test("//a:t", "FAILED", FAILING, shard=2)
    count_cases.main(["--bazel-status=3", run.write()])
    out = capsys.readouterr().out.splitlines()
    assert out == ["FAILED: //a:t shard 2 m::test_bad", "1 passed, 1 failed"]


def test_reports_of_older_runs_do_not_count(run, capsys) -> None:
    run.test("//removed:t", "FAILED", FAILING)
    run.events.clear()
    run.events.append({"id": {"started": {}}})
    run.test("//a:t", "PASSED", PASSING)
    assert count_cases.main(["--bazel-status=0", run.write()]) == 0
    assert last_line(capsys) == "1 passed, 0 failed"


def test_an_unreadable_report_is_a_failure(run, capsys) -> None:
    run.test("//a:t", "PASSED", "<unclosed>")
    assert count_cases.main(["--bazel-status=0", run.write()]) == 1
    assert last_line(capsys) == "0 passed, 1 failed"


def test_a_command_that_failed_before_any_test_is_a_failure(tmp_path, capsys) -> None:
    events = tmp_path / "events.json"
    events.touch()
    assert count_cases.main(["--bazel-status=1", str(events)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAILED: the command ended with status 1",
        "0 passed, 0 failed",
    ]


def test_events_that_end_in_the_middle_are_counted_so_far(run, capsys) -> None:
    run.test("//a:t", "PASSED", PASSING)
    path = Path(run.write())
    path.write_text(path.read_text() + '{"id": {"testRes')
    assert count_cases.main(["--bazel-status=8", str(path)]) == 1
    assert last_line(capsys) == "1 passed, 0 failed"
