# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""locked_env: a virtual environment made from a hash-locked requirements file."""

load("//third_party/fetch:fetcher.bzl", "UNAVAILABLE", "host_python", "run_fetcher", "skipped", "source_path")

_BUILD = """# Written by //third_party/python:locked_env.bzl.
load("@bazel_tools//tools/python:toolchain.bzl", "py_runtime_pair")

package(default_visibility = ["//visibility:public"])

exports_files(["python"])

filegroup(
    name = "wheelhouse",
    srcs = glob(["wheelhouse/*.whl"]),
)

# A constraint that always holds: see the other BUILD file that this repository may have.
alias(
    name = "available",
    actual = "@platforms//os:linux",
)

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
"""

_NOT_AVAILABLE_BUILD = """# Written by //third_party/python:locked_env.bzl: a wheel could not be had.
package(default_visibility = ["//visibility:public"])

exports_files(["python"])

filegroup(name = "wheelhouse")

constraint_setting(name = "fetched")

# Nothing is compatible with this: what needs the environment is skipped by wildcard builds.
constraint_value(
    name = "available",
    constraint_setting = ":fetched",
)
"""

# -P: the folder of a script is not put on sys.path, so that imports come from runfiles alone. Bazel
# does not look into the environment: the path of the wrapper, which goes into every action that uses
# it, changes with the lock and with the interpreter.
_WRAPPER = """#!/bin/sh
# {digest}
exec '{python}' -P "$@"
"""

_NOT_AVAILABLE_WRAPPER = """#!/bin/sh
echo '{name}: a wheel of {lock} could not be had; to try again: bazel sync --only={name}' >&2
exit 1
"""

def _checked(ctx, what, result):
    if result.return_code:
        fail("{}: {} failed:\n{}".format(ctx.name, what, (result.stdout + result.stderr).strip()))

def _fetch_wheels(ctx, lock):
    """Puts the wheels into wheelhouse/ and returns None, or why one of them is not to be had."""
    options = ["--lock={}".format(ctx.path(lock)), "--origin=" + source_path(lock)]
    listed = run_fetcher(ctx, "reading the lock", ["missing"] + options)
    _checked(ctx, "reading the lock", listed)
    missing = listed.stdout.splitlines()
    for i, name in enumerate(missing):
        progress = "fetching {} ({} of {})".format(name, i + 1, len(missing))
        fetched = run_fetcher(ctx, progress, ["wheels", "wheelhouse", "--only=" + name] + options)
        if fetched.return_code == UNAVAILABLE:
            return fetched.stderr.strip()
        if fetched.return_code:
            fail(fetched.stderr.strip())
    checked = run_fetcher(ctx, "checking the wheels", ["wheels", "wheelhouse"] + options)
    if checked.return_code == UNAVAILABLE:
        return checked.stderr.strip()
    if checked.return_code:
        fail(checked.stderr.strip())
    return None

def _install(ctx, lock):
    venv = str(ctx.path("venv"))
    python = venv + "/bin/python"
    ctx.report_progress("creating the environment")
    _checked(ctx, "venv", ctx.execute([host_python(ctx), "-m", "venv", venv]))
    ctx.report_progress("installing")
    _checked(ctx, "pip install", ctx.execute([
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-compile",
        "--find-links={}".format(ctx.path("wheelhouse")),
        "--require-hashes",
        "--disable-pip-version-check",
        "--requirement={}".format(ctx.path(lock)),
    ], timeout = 3600))

    # Sandboxed actions cannot write bytecode here, so it must be there; it is never checked against
    # its source, which nobody edits. A template that is no Python makes compileall return 1.
    ctx.report_progress("compiling")
    ctx.execute([
        python,
        "-m",
        "compileall",
        "-qq",
        "-j2",
        "--invalidation-mode=unchecked-hash",
        venv + "/lib",
    ], timeout = 3600)
    return python

def _locked_env_impl(ctx):
    lock = ctx.attr.lock
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    reason = _fetch_wheels(ctx, lock)
    if not reason:
        python = _install(ctx, lock)
        digest = "%d" % hash(ctx.read(lock) + ctx.read(Label("@local_python//:interpreter")))
        wrapper = "runtime/{}/python".format(digest.replace("-", "m"))
        content = _WRAPPER.format(digest = digest, python = python)
        ctx.file("python", content)
        ctx.file(wrapper, content)
        ctx.file("BUILD.bazel", _BUILD.format(interpreter = ctx.path(wrapper), python = python))
        return
    required = ctx.attr.required_by and ctx.os.environ.get(ctx.attr.required_by) == "1"
    if required or not ctx.attr.optional:
        fail(reason)

    # buildifier: disable=print
    print(skipped(ctx, reason))
    ctx.file("python", _NOT_AVAILABLE_WRAPPER.format(name = ctx.name, lock = source_path(lock)))
    ctx.file("BUILD.bazel", _NOT_AVAILABLE_BUILD)

_ATTRS = {
    "lock": attr.label(mandatory = True, allow_single_file = [".txt"]),
    "optional": attr.bool(default = False),
    "required_by": attr.string(),
}

locked_env = repository_rule(
    implementation = _locked_env_impl,
    doc = """A virtual environment with exactly the wheels of a lock.

    :python      a file: runs the environment's Python
    :wheelhouse  the locked wheels, for installations without an index
    :toolchain   the environment as a Python toolchain
    :available   what targets that need the environment put into target_compatible_with
    """,
    attrs = _ATTRS,
)

_TORCH_REQUIRED = "MINDFORGE_REQUIRE_TORCH"

_reference_env = repository_rule(
    implementation = _locked_env_impl,
    attrs = _ATTRS,
    environ = [_TORCH_REQUIRED],
)

def reference_env(name, lock):
    """A locked_env with PyTorch, which may be absent.

    Where a wheel cannot be had the repository still loads, and one line says which; with
    MINDFORGE_REQUIRE_TORCH=1 in the environment that is an error.

    Args:
      name: name of the repository.
      lock: its requirements file.
    """
    _reference_env(
        name = name,
        lock = lock,
        optional = True,
        required_by = _TORCH_REQUIRED,
    )
