# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How long the build of a bundle takes: cold, with nothing to do, and after one edit.

Prints one JSON line a case, see record.py. It works in a copy of the workspace with an output base
of its own; the download cache is the user's and is expected to be warm, which a build before the
measurement, such as the one that `bazel run` does for the bundle, sees to.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nested_bazel
import record
from nested_bazel import NestedBazel, NestedBuildError


@dataclass(frozen=True)
class Edit:
    """One edit: the case's name, the file, and the line that is appended, with {n} for the run."""

    name: str
    path: str
    line: str


EDITS = [
    Edit("converter rule", "converter/torch2ms/rewrite.py", "_EDIT = {n}"),
    Edit("adapter file", "adapter/mstorch/__init__.py", "_EDIT = {n}"),
    Edit(
        "C++ kernel",
        "csrc/cpu/threads.cc",
        'extern const char kEdit[]; const char kEdit[] = "{n}";',
    ),
]


def timed(work: Callable[[], None]) -> float:
    """Returns how many seconds the work took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cold_builds(bazel: NestedBazel, target: str, runs: int) -> list[float]:
    """Returns the seconds of builds with an empty output base and a new server; the last stays."""
    seconds = []
    for run in range(runs):
        if run:
            bazel.close()
        seconds.append(timed(lambda: bazel.build(target)))
    return seconds


def edited_builds(bazel: NestedBazel, target: str, edit: Edit, runs: int) -> list[float]:
    """Returns the seconds of builds after each of several edits; the file is put back."""
    path = bazel.root / edit.path
    original = path.read_text(encoding="utf-8")
    seconds = []
    for run in range(runs):
        path.write_text(f"{original}\n{edit.line.format(n=run)}\n", encoding="utf-8")
        seconds.append(timed(lambda: bazel.build(target)))
    path.write_text(original, encoding="utf-8")
    bazel.build(target)
    return seconds


def measure(bazel: NestedBazel, target: str, runs: int, cold_runs: int) -> None:
    """Measures every case and prints its line as soon as it is known."""

    def report(case: str, seconds: list[float], **params: object) -> None:
        line = record.measured(f"build/{case}", seconds, {"target": target, **params}).line()
        print(line, flush=True)

    report("cold", cold_builds(bazel, target, cold_runs), download_cache="warm")
    report("no-op", [timed(lambda: bazel.build(target)) for _ in range(runs)])
    for edit in EDITS:
        seconds = edited_builds(bazel, target, edit, runs)
        report(f"after editing one {edit.name}", seconds, file=edit.path)
    bundle = bazel.outputs() / (target.removeprefix("//").replace(":", "/") + ".tar")
    size = record.Record("build/bundle size", {"target": target, "bytes": bundle.stat().st_size})
    print(size.line(), flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: [--target LABEL] [--runs N] [--cold-runs N]."""
    parser = argparse.ArgumentParser(description="Measure builds of a bundle.")
    parser.add_argument("--target", default="//models:deepseekv3")
    parser.add_argument("--runs", type=int, default=3, help="runs of no-op and edited builds")
    parser.add_argument("--cold-runs", type=int, default=1)
    args = parser.parse_args(argv)
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if root is None:
        print("build: start me with: bazel run //tools/bench:build", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="mindforge-bench-") as scratch:
        bazel = NestedBazel(Path(scratch, "workspace"), Path(scratch, "output_base"))
        nested_bazel.copy_sources(Path(root), bazel.root)
        try:
            measure(bazel, args.target, args.runs, args.cold_runs)
        except NestedBuildError as error:
            print(f"build: {error}", file=sys.stderr)
            return 1
        finally:
            bazel.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
