# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs pytest for one Bazel test: arguments are pytest's own."""

import os
import pathlib
import sys

import pytest


class Collected:
    """Says how many cases were collected, and keeps those of this shard."""

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        total = int(os.environ.get("TEST_TOTAL_SHARDS", "1"))
        index = int(os.environ.get("TEST_SHARD_INDEX", "0"))
        print(f"collected {len(items)} cases, shard {index + 1} of {total}")
        config.hook.pytest_deselected(items=[x for i, x in enumerate(items) if i % total != index])
        items[:] = items[index::total]


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
    if status := os.environ.get("TEST_SHARD_STATUS_FILE"):
        pathlib.Path(status).touch()
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
    return int(pytest.main(options + arguments, plugins=[Collected()]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
