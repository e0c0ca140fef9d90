# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""py_package: the files of some Python packages out of everything that targets depend on."""

def path_inside_wheel(file):
    """Returns where a file lies in a wheel: its path below its own repository.

    Args:
      file: a File of this or of an external repository.

    Returns:
      The runfiles path, without `../<repository>/` in front.
    """
    path = file.short_path
    return path.split("/", 2)[2] if path.startswith("../") else path

def _is_inside(path, folders):
    for folder in folders:
        if path == folder or path.startswith(folder + "/"):
            return True
    return False

def _py_package_impl(ctx):
    runfiles = [dep[DefaultInfo].default_runfiles.files for dep in ctx.attr.deps]
    runfiles += [dep[DefaultInfo].data_runfiles.files for dep in ctx.attr.deps]
    files = depset(transitive = runfiles)
    if ctx.attr.packages:
        folders = [name.replace(".", "/") for name in ctx.attr.packages]
        files = depset([f for f in files.to_list() if _is_inside(path_inside_wheel(f), folders)])
    return [DefaultInfo(files = files)]

py_package = rule(
    implementation = _py_package_impl,
    doc = "Collects the files that `deps` need at run time and that belong to the named packages.",
    attrs = {
        "deps": attr.label_list(doc = "Targets whose runfiles are searched."),
        "packages": attr.string_list(
            doc = "Dotted names; a package brings its sub-packages. Empty means every file.",
        ),
    },
)
