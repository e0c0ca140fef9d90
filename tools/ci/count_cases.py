# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts the test cases of one `bazel test` run.

    count_cases.py --bazel-status=STATUS EVENTS

EVENTS is what --build_event_json_file wrote: it names this run's reports and no older ones. Prints
the failed cases, what was skipped, and as the last line `N passed, N failed`. A target that failed
without a failed case of its own (it crashed, ran out of time or did not build) counts as one.

Exit status: 0 if Bazel succeeded and nothing failed, else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FAILED = ("failure", "error")


@dataclass
class Count:
    """Cases of a run: how many passed, and the names of the others."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, other: Count) -> None:
        """Takes in the cases of another count."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def count_events(events: Iterable[dict[str, Any]]) -> Count:
    """Counts the cases that the events of one run report."""
    last_attempts: dict[tuple[str, int, int], dict[str, Any]] = {}
    total = Count()
    for event in events:
        name, identity = next(iter(event["id"].items()))
        label = identity.get("label", "")
        if name == "testResult":
            key = (label, identity.get("run", 1), identity.get("shard", 0))
            # A test that Bazel was stopped in, or before, has a reason in place of a result.
            stopped = {"status": event.get("aborted", {}).get("reason", "NO_STATUS")}
            last_attempts[key] = event.get("testResult", stopped)
        elif name == "targetCompleted":
            if event.get("aborted", {}).get("reason") == "SKIPPED":
                total.skipped.append(f"{label} (cannot run on this machine)")
            elif not event.get("completed", {}).get("success"):
                total.failed.append(f"{label} (did not build)")
    for (label, _, shard), result in sorted(last_attempts.items()):
        sharded = any(key[0] == label and key[2] != shard for key in last_attempts)
        total.add(_count_result(f"{label} shard {shard}" if sharded else label, result))
    return total


def _count_result(label: str, result: dict[str, Any]) -> Count:
    reports = [
        Path(urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path))
        for output in result.get("testActionOutput", [])
        if output["name"] == "test.xml"
    ]
    count = Count()
    for report in reports:
        count.add(_count_report(label, report))
    status = result.get("status", "NO_STATUS")
    if status not in ("PASSED", "FLAKY") and not count.failed:
        count.failed.append(f"{label} ({status})")
    return count


def _count_report(label: str, report: Path) -> Count:
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        return Count(failed=[f"{label} (unreadable report: {error})"])
    count = Count()
    for case in cases:
        name = f"{label} {case.get('classname', '')}::{case.get('name', '')}"
        if any(case.find(kind) is not None for kind in _FAILED):
            count.failed.append(name)
        elif case.find("skipped") is not None:
            count.skipped.append(name)
        else:
            count.passed += 1
    return count


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a run: one JSON object a line, the last maybe cut short by a killed Bazel."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            print(f"count_cases: {path} ends in the middle of an event", file=sys.stderr)
            return


def main(arguments: list[str]) -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="count_cases", description=__doc__)
    parser.add_argument("--bazel-status", type=int, required=True)
    parser.add_argument("events", type=Path)
    options = parser.parse_args(arguments)
    count = count_events(read_events(options.events))
    for name in count.skipped:
        print(f"skipped: {name}")
    for name in count.failed:
        print(f"FAILED: {name}")
    if options.bazel_status and not count.failed:
        print(f"FAILED: the command ended with status {options.bazel_status}")
    print(f"{count.passed} passed, {len(count.failed)} failed")
    return 1 if options.bazel_status or count.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
