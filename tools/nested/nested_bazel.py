# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A copy of the workspace with a Bazel and an output base of its own.

Benchmarks edit files and start from nothing; the reproducibility test builds at another path. Both
do so in a copy, so that nobody's checkout, server or outputs are touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import source_tree

# What a `bazel run` or `bazel test` around us sets for its child and the copy must not inherit.
_OUTER = ("TEST_", "BUILD_WO", "RUNFILES_", "PYTHON", "BAZEL_TEST", "JAVA_RUNFILES")


class NestedBuildError(RuntimeError):
    """A build in the copy failed; the message holds what Bazel printed."""


def copy_sources(root: Path, destination: Path) -> None:
    """Copies the source files of a workspace into an empty folder."""
    for path in source_tree.source_files(root):
        target = destination / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, target)


def outer_environment() -> dict[str, str]:
    """Returns the environment without what the outer Bazel added."""
    return {k: v for k, v in os.environ.items() if not k.startswith(_OUTER)}


@dataclass
class NestedBazel:
    """Bazel in a copy of the workspace.

    Attributes:
        root: the copy.
        output_base: where its outputs and repositories go.
        startup: further startup options.
        options: further options of every build.
        environment: environment of Bazel; the outer one cleaned up if not given.
    """

    root: Path
    output_base: Path
    startup: Sequence[str] = ()
    options: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=outer_environment)

    def run(self, command: str, *arguments: str) -> str:
        """Runs a Bazel command in the copy and returns its standard output.

        Raises:
            NestedBuildError: the command failed.
        """
        ran = subprocess.run(
            ["bazel", f"--output_base={self.output_base}", *self.startup, command, *arguments],
            cwd=self.root,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise NestedBuildError(f"bazel {command} {' '.join(arguments)}:\n{ran.stderr}")
        return ran.stdout

    def build(self, *targets: str) -> None:
        """Builds targets in the copy."""
        self.run("build", "--color=no", "--curses=no", *self.options, "--", *targets)

    def outputs(self) -> Path:
        """Returns the folder that `bazel-bin` of the copy stands for."""
        return Path(self.run("info", *self.options, "bazel-bin").strip())

    def close(self) -> None:
        """Stops the copy's server and removes its outputs; the copy itself stays."""
        self.run("shutdown")
        # Bazel takes the write permission off its outputs' folders.
        subprocess.run(["chmod", "-R", "u+w", str(self.output_base)], check=True)
        shutil.rmtree(self.output_base)
