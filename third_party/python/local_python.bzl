# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The Python that stands behind `python3`: its headers, and its path for repository rules."""

_BUILD = """# Written by //third_party/python:local_python.bzl.

package(default_visibility = ["//visibility:public"])

exports_files(["interpreter"])

cc_library(
    name = "headers",
    hdrs = glob(["include/**/*.h"]),
    includes = ["include"],
)
"""

_PROBE = """
import os, sys, sysconfig
print(os.path.realpath(sys.executable))
print("%d.%d" % sys.version_info[:2])
print(sysconfig.get_paths()["include"])
"""

def _find_python(ctx):
    wanted = ctx.os.environ.get("MINDFORGE_PYTHON")
    found = wanted or ctx.which("python3")
    if not found:
        fail("there is no python3 on PATH. Run ./tools/setup, or set MINDFORGE_PYTHON.")
    result = ctx.execute([found, "-I", "-c", _PROBE])
    if result.return_code:
        fail("{} does not run:\n{}".format(found, result.stderr))
    executable, version, include = result.stdout.strip().split("\n")
    if version != "3.11":
        fail(("{} is Python {}; MindForge needs 3.11. Set MINDFORGE_PYTHON to the path of a " +
              "python3.11.").format(found, version))
    return struct(executable = executable, include = include)

def _local_python_impl(ctx):
    python = _find_python(ctx)
    if not ctx.path(python.include + "/Python.h").exists:
        fail(("{} has no C headers: {}/Python.h is missing. Run ./tools/setup " +
              "(Debian: apt-get install python3-dev).").format(python.executable, python.include))
    ctx.symlink(python.include, "include")
    ctx.file("interpreter", python.executable + "\n", executable = False)
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    ctx.file("BUILD.bazel", _BUILD)

local_python = repository_rule(
    implementation = _local_python_impl,
    doc = """The machine's Python 3.11, behind any shim or virtual environment.

    :headers are its C headers. The file :interpreter holds its path: repository rules that read it
    run again when the Python changes, and not at every change of PATH.
    """,
    environ = ["MINDFORGE_PYTHON", "PATH"],
    configure = True,
    local = True,
)
