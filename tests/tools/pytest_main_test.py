# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The runner of every test: what it reports to Bazel, and when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

RUNNER = Path("tools/pytest_main.py").absolute()


class Project:
    """A folder with one test file, run as Bazel would run it."""

    def __init__(self, folder: Path, content: str) -> None:
        self.folder = folder
        self.report = folder / "report.xml"
        (folder / "sample_test.py").write_text(content)
        (folder / "tmp").mkdir()

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Runs the file."""
        bazel = {
            "TEST_TMPDIR": str(self.folder / "tmp"),
            "TEST_SRCDIR": "/runfiles",
            "TEST_WORKSPACE": "mindforge",
            "XML_OUTPUT_FILE": str(self.report),
        }
        ours = ("HOME", "MINDFORGE_TORCH_PYTHON", "TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS")
        kept = {key: value for key, value in os.environ.items() if key not in ours}
        return subprocess.run(
            [sys.executable, "-P", RUNNER, "sample_test.py", *arguments],
            cwd=self.folder,
            env=kept | bazel | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def reported(self) -> list[str]:
        """The names of the cases in the report."""
        return [str(case.get("name")) for case in ElementTree.parse(self.report).iter("testcase")]


@pytest.fixture
def four(tmp_path) -> Project:
    names = ("one", "two", "three", "four")
    return Project(tmp_path, "".join(f"def test_{name}():\n    pass\n\n" for name in names))


def test_each_case_is_reported(four) -> None:
    result = four.run()
    assert result.returncode == 0, result.stdout
    assert four.reported() == ["test_one", "test_two", "test_three", "test_four"]
    assert "collected 4 cases, shard 1 of 1" in result.stdout


def test_a_failed_case_fails_the_test(tmp_path) -> None:
    project = Project(tmp_path, "def test_no():\n    assert 1 == 2\n")
    assert project.run().returncode == 1


@pytest.mark.parametrize("content", ["", "def helper():\n    pass\n"])
def test_a_file_without_cases_fails(tmp_path, content: str) -> None:
    assert Project(tmp_path, content).run().returncode != 0


def test_a_file_that_cannot_be_imported_fails(tmp_path) -> None:
    assert Project(tmp_path, "import no_such_module\n").run().returncode != 0


def test_shards_share_the_cases(four) -> None:
    seen = []
    for index in range(3):
        status = four.folder / f"status{index}"
        result = four.run(
            TEST_TOTAL_SHARDS="3", TEST_SHARD_INDEX=str(index), TEST_SHARD_STATUS_FILE=str(status)
        )
        assert result.returncode == 0, result.stdout
        assert status.exists()
        seen += four.reported()
    assert sorted(seen) == ["test_four", "test_one", "test_three", "test_two"]


def test_a_shard_without_cases_passes(tmp_path) -> None:
    project = Project(tmp_path, "def test_only():\n    pass\n")
    result = project.run(TEST_TOTAL_SHARDS="2", TEST_SHARD_INDEX="1")
    assert result.returncode == 0, result.stdout


def test_the_filter_chooses_cases(four) -> None:
    assert four.run(TESTBRIDGE_TEST_ONLY="one or two").returncode == 0
    assert four.reported() == ["test_one", "test_two"]


def test_a_filter_that_fits_nothing_fails(four) -> None:
    assert four.run(TESTBRIDGE_TEST_ONLY="nothing").returncode != 0


def test_further_arguments_are_pytests_own(four) -> None:
    assert four.run("-k", "three").returncode == 0
    assert four.reported() == ["test_three"]


def test_the_reference_is_named_by_an_absolute_path(tmp_path) -> None:
    project = Project(
        tmp_path,
        "import os\n\ndef test_path():\n"
        "    found = os.environ['MINDFORGE_TORCH_PYTHON']\n"
        "    assert found == '/runfiles/torch_env/python'\n",
    )
    result = project.run(MINDFORGE_TORCH_PYTHON="external/torch_env/python")
    assert result.returncode == 0, result.stdout
