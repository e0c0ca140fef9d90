# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What `bazel run //:format` does to a workspace, and what the lint then says about it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import format as formatter
import style_tools
from style_tools import FORMATS, LINTS, Toolbox

UGLY = {
    "a.py": "import sys\nimport os\nx = [ 1,2 ]\nprint(os, sys, x)\n",
    "b.cc": "int  main( ){return 0;}\n",
    "BUILD.bazel": 'filegroup(srcs = [],  name="x")\n',
}
PRETTY = {
    "a.py": "import os\nimport sys\n\nx = [1, 2]\nprint(os, sys, x)\n",
    "b.cc": "int main() { return 0; }\n",
    "BUILD.bazel": 'filegroup(\n    name = "x",\n    srcs = [],\n)\n',
}


def located(variable: str) -> Path:
    """The absolute path of the tool whose $(rootpath) is in an environment variable."""
    return Path(re.sub(r"^external/", "../", os.environ[variable])).absolute()


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    for name, text in UGLY.items():
        (tmp_path / name).write_text(text)
    (tmp_path / ".clang-format").write_text("BasedOnStyle: Google\n")
    return Toolbox(
        tmp_path,
        located("MINDFORGE_TOOLS_PYTHON"),
        located("MINDFORGE_BUILDIFIER"),
    )


def complaints(box: Toolbox) -> set[str]:
    """Names of the checks that are not content with the three files."""
    files = [Path(name) for name in UGLY]
    return {
        style.name
        for style in [*FORMATS, *LINTS]
        if style_tools.run(style.check(box), style.select(files), box.root)
    }


def test_every_formatter_complains_before_and_none_after_a_format(box: Toolbox) -> None:
    assert complaints(box) >= {style.name for style in FORMATS}
    assert formatter.format_tree(box) == []
    assert complaints(box) == set()
    assert {name: (box.root / name).read_text() for name in PRETTY} == PRETTY


def test_a_second_format_changes_nothing(box: Toolbox) -> None:
    formatter.format_tree(box)
    before = {path.name: path.stat().st_mtime_ns for path in box.root.iterdir()}
    formatter.format_tree(box)
    after = {path.name: path.stat().st_mtime_ns for path in box.root.iterdir()}
    assert {k: v for k, v in before.items() if after[k] != v and not k.startswith(".")} == {}


def test_the_lints_catch_what_no_formatter_mends(box: Toolbox) -> None:
    formatter.format_tree(box)
    (box.root / "a.py").write_text("import os\n")
    (box.root / "BUILD.bazel").write_text('load(":x.bzl", "unused")\n')
    assert complaints(box) >= {"python lint", "bazel lint"}


def test_a_file_that_cannot_be_parsed_is_reported_and_kept(box: Toolbox) -> None:
    (box.root / "a.py").write_text("def (:\n")
    (complaint, *_) = [c for c in formatter.format_tree(box) if c.startswith("python: ")]
    assert "a.py" in complaint
    assert (box.root / "a.py").read_text() == "def (:\n"


def test_outside_of_bazel_run_it_says_how_to_start_it() -> None:
    command = [sys.executable, formatter.__file__, "--python=x", "--buildifier=y"]
    environment = {k: v for k, v in os.environ.items() if k != "BUILD_WORKSPACE_DIRECTORY"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (2, "format: start me with: bazel run //:format\n")
