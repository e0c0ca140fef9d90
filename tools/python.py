# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts Python where every library of the workspace imports: `bazel run //tools:python -- FILE`.

The arguments are Python's own (FILE, -c, -m, -i ...); without any it is a prompt. Relative paths
are resolved in the directory that the user called Bazel from.
"""

import os
import sys


def main() -> None:
    """Replaces this process by the interpreter, with the runfiles on its module search path."""
    # Bazel's launcher has put the import paths of all dependencies into PYTHONPATH, which stays.
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", os.getcwd()))
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])


if __name__ == "__main__":
    main()
