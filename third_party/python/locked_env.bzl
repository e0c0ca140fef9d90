# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual environment from a hash-locked requirements file."""

load(":local_python.bzl", "find_python")

_BUILD = """# Written by //third_party/python:locked_env.bzl.
load("@bazel_tools//tools/python:toolchain.bzl", "py_runtime_pair")

package(default_visibility = ["//visibility:public"])

exports_files([
    "python",
    "defs.bzl",
])

py_runtime(
    name = "runtime",
    interpreter_path = "{interpreter}",
    python_version = "PY3",
    stub_shebang = "#!{python} -P",
)

py_runtime_pair(
    name = "pair",
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":pair",
    toolchain_type = "@bazel_tools//tools/python:toolchain_type",
)

filegroup(
    name = "wheelhouse",
    srcs = glob(["wheelhouse/*.whl"], allow_empty = True),
)
"""

def _run(ctx, what, command):
    ctx.report_progress(what)
    result = ctx.execute(command, timeout = 3600)
    if result.return_code:
        fail("{}: {}\n{}".format(ctx.name, what, result.stderr))

def _locked_env_impl(ctx):
    host = find_python(ctx)
    lock = ctx.path(ctx.attr.lock)
    venv = str(ctx.path("venv"))
    python = venv + "/bin/python"
    _run(ctx, "creating", [host.executable, "-m", "venv", venv])
    _run(ctx, "installing", [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "--requirement",
        lock,
    ])
    ctx.file("python", "#!/bin/sh\nexec '{}' -P \"$@\"\n".format(python))
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    ctx.file("BUILD.bazel", _BUILD.format(
        python = python,
        interpreter = ctx.path("python"),
    ))
    ctx.file("defs.bzl", "AVAILABLE = True\nTORCH_AVAILABLE = True\n")

locked_env = repository_rule(
    implementation = _locked_env_impl,
    attrs = {
        "lock": attr.label(mandatory = True, allow_single_file = [".txt"]),
        "optional": attr.bool(),
    },
    environ = ["MINDFORGE_PYTHON", "PATH"],
)
