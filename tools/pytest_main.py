# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs pytest for one Bazel test: arguments are pytest's own."""

import os
import pathlib
import sys

import pytest


class Shard:
    """Keeps every n-th of the chosen cases for this shard, and says how many there are."""

    def __init__(self, index: int, total: int) -> None:
        self.index = index
        self.total = total
        self.chosen = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        self.chosen = len(items)
        print(f"collected {self.chosen} cases, shard {self.index + 1} of {self.total}")
        others = [item for i, item in enumerate(items) if i % self.total != self.index]
        config.hook.pytest_deselected(items=others)
        items[:] = items[self.index :: self.total]


def from_runfiles(rootpath: str) -> str:
    """The absolute path of a file that BUILD names by $(rootpath)."""
    root = pathlib.Path(os.environ["TEST_SRCDIR"])
    if rootpath.startswith("external/"):
        return str(root / rootpath.removeprefix("external/"))
    return str(root / os.environ["TEST_WORKSPACE"] / rootpath)


def main(arguments: list[str]) -> int:
    """Runs pytest as Bazel's test protocol wants it, and returns its exit status."""
    temporary = pathlib.Path(os.environ["TEST_TMPDIR"])
    os.environ.setdefault("HOME", str(temporary))
    if torch := os.environ.get("MINDFORGE_TORCH_PYTHON"):
        os.environ["MINDFORGE_TORCH_PYTHON"] = from_runfiles(torch)
    if sharded := os.environ.get("TEST_SHARD_STATUS_FILE"):
        pathlib.Path(sharded).touch()
    options = [
        f"--rootdir={pathlib.Path.cwd()}",
        f"--basetemp={temporary / 'pytest'}",
        "--import-mode=importlib",
        "--strict-markers",
        "--color=no",
        "-p",
        "no:cacheprovider",
        "-ra",
    ]
    if report := os.environ.get("XML_OUTPUT_FILE"):
        options.append(f"--junitxml={report}")
    if chosen := os.environ.get("TESTBRIDGE_TEST_ONLY"):
        options += ["-k", chosen]
    shard = Shard(
        int(os.environ.get("TEST_SHARD_INDEX", "0")), int(os.environ.get("TEST_TOTAL_SHARDS", "1"))
    )
    status = pytest.main(options + arguments, plugins=[shard])
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and shard.chosen:
        return 0  # There are cases, all of them in other shards.
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
