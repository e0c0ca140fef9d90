# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Public API for building wheels: the names and attributes of rules_python 0.25's packaging.bzl."""

load("//python/private:py_package.bzl", _py_package = "py_package")
load("//python/private:py_wheel.bzl", _PyWheelInfo = "PyWheelInfo", _py_wheel_rule = "py_wheel")

PyWheelInfo = _PyWheelInfo
py_package = _py_package
py_wheel_rule = _py_wheel_rule

_COMMON = ["compatible_with", "deprecation", "exec_compatible_with", "tags", "target_compatible_with", "testonly", "visibility"]

def _py_wheel_dist_impl(ctx):
    info = ctx.attr.wheel[PyWheelInfo]
    folder = ctx.actions.declare_directory(ctx.attr.out)
    ctx.actions.run_shell(
        outputs = [folder],
        inputs = [info.wheel, info.name_file],
        arguments = [info.wheel.path, info.name_file.path, folder.path],
        command = 'mkdir -p "$3" && cp "$1" "$3/$(cat "$2")"',
        mnemonic = "PyWheelDist",
        progress_message = "Collecting %s" % info.wheel.basename,
    )
    return [DefaultInfo(files = depset([folder]), runfiles = ctx.runfiles([folder]))]

py_wheel_dist = rule(
    implementation = _py_wheel_dist_impl,
    doc = "A folder that holds one wheel under its canonical name.",
    attrs = {
        "out": attr.string(mandatory = True, doc = "Name of the folder."),
        "wheel": attr.label(mandatory = True, providers = [PyWheelInfo]),
    },
)

def py_wheel(name, twine = None, publish_args = [], dist_folder = None, **kwargs):
    """Builds a wheel, and `<name>.dist`, a folder with it under its canonical name.

    Args:
      name: name of the target.
      twine: refused; publishing is left to the tools of whoever publishes.
      publish_args: arguments for twine.
      dist_folder: name of the folder of `<name>.dist`, `<name>_dist` unless given.
      **kwargs: attributes of py_wheel_rule.
    """
    if twine or publish_args:
        fail("py_wheel %s: publishing with twine is not part of this implementation; upload the built file" % name)
    py_wheel_dist(
        name = name + ".dist",
        out = dist_folder or name + "_dist",
        wheel = name,
        **{key: kwargs[key] for key in _COMMON if key in kwargs}
    )
    _py_wheel_rule(name = name, **kwargs)
