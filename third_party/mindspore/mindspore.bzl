# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""mindspore_cc: what C++ needs of the MindSpore that @mindspore_env has installed."""

_SITE = "venv/lib/python3.11/site-packages/mindspore"

def _version(ctx, site):
    for line in ctx.read(site + "/version.py").splitlines():
        if line.startswith("__version__"):
            return line.split("=")[1].strip(" '\"")
    fail("{}/version.py has no line __version__ = ...".format(site))

def _mindspore_cc_impl(ctx):
    # The path of a file of the environment, so that a new environment makes a new repository.
    site = "{}/{}".format(ctx.path(Label("@mindspore_env//:BUILD.bazel")).dirname, _SITE)
    if not ctx.path(site + "/include").exists:
        fail("@mindspore_env has no {}/include; its wheel is not a full MindSpore".format(_SITE))
    for folder in ["include", "lib"]:
        ctx.symlink(site + "/" + folder, "mindspore/" + folder)
    version = _version(ctx, site)
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    ctx.file("version.bzl", "MINDSPORE_VERSION = \"{}\"\n".format(version))
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

mindspore_cc = repository_rule(
    implementation = _mindspore_cc_impl,
    doc = """MindSpore's C++ headers and libraries, as links into @mindspore_env.

    :headers      its C++ API
    mindspore/lib/*.so*, mindspore/lib/plugin/*   what an extension links against
    version.bzl   MINDSPORE_VERSION, the version that extensions are built for
    """,
    attrs = {"build_file": attr.label(
        allow_single_file = True,
        default = "//third_party/mindspore:mindspore.BUILD",
    )},
)
