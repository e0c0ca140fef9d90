# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""local_chromium: the machine's Chromium and its WebDriver server, for tests of pages."""

load("//third_party/fetch:fetcher.bzl", "skipped")

_PROGRAMS = ["chromium", "chromedriver"]
_REQUIRED = "MINDFORGE_REQUIRE_CHROMIUM"

_BUILD = """# Written by //third_party/chromium:chromium.bzl.
package(default_visibility = ["//visibility:public"])

exports_files(["chromium", "chromedriver"])

# A constraint that always holds: see the other BUILD file that this repository may have.
alias(
    name = "available",
    actual = "@platforms//os:linux",
)
"""

_NOT_AVAILABLE_BUILD = """# Written by //third_party/chromium:chromium.bzl: not on this machine.
package(default_visibility = ["//visibility:public"])

exports_files(["chromium", "chromedriver"])

constraint_setting(name = "installed")

# Nothing is compatible with this: what needs the browser is skipped by wildcard builds.
constraint_value(
    name = "available",
    constraint_setting = ":installed",
)
"""

_NOT_AVAILABLE_PROGRAM = """#!/bin/sh
echo '{name} is not on PATH; to install it: {required}=1 ./tools/setup' >&2
exit 1
"""

def _local_chromium_impl(ctx):
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    missing = [name for name in _PROGRAMS if not ctx.which(name)]
    if not missing:
        for name in _PROGRAMS:
            ctx.symlink(ctx.which(name), name)
        ctx.file("BUILD.bazel", _BUILD)
        return
    reason = "There is no {} on PATH; to install it: {}=1 ./tools/setup".format(
        " and no ".join(missing),
        _REQUIRED,
    )
    if ctx.os.environ.get(_REQUIRED) == "1":
        fail(reason)

    # buildifier: disable=print
    print(skipped(ctx, reason))
    for name in _PROGRAMS:
        program = _NOT_AVAILABLE_PROGRAM.format(name = name, required = _REQUIRED)
        ctx.file(name, program)
    ctx.file("BUILD.bazel", _NOT_AVAILABLE_BUILD)

local_chromium = repository_rule(
    implementation = _local_chromium_impl,
    doc = """The machine's Chromium, which may be absent.

    Without it the repository still loads, and one line says what to install; with
    MINDFORGE_REQUIRE_CHROMIUM=1 in the environment that is an error.

    :chromium      a file: the browser
    :chromedriver  a file: the program that drives it for a WebDriver client
    :available     what targets that need them put into target_compatible_with
    """,
    configure = True,
    environ = [_REQUIRED, "PATH"],
    local = True,
)
