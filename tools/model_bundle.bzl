# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""model_bundle: a model as one tar for a cluster, and as a program to run from here.

`bazel build` of the target gives `<name>.tar`: the files below, `wheelhouse/`, `requirements.lock`
(the wheels with their hashes) and `third_party.lock` (what the wheels need besides one another, cut
out of a hash-locked requirements file). `bazel run` of the same target runs `program` in the
directory the user is in.
"""

_LAUNCHER = """#!/usr/bin/env bash
# Runs {label} in the directory that the user called Bazel from.
set -euo pipefail
runfiles="$(cd "${{RUNFILES_DIR:-$0.runfiles}}" && pwd)"
cd "${{BUILD_WORKING_DIRECTORY:-$PWD}}"
exec "$runfiles/{program}" "$@"
"""

def _runfiles_path(ctx, file):
    path = file.short_path
    return path[3:] if path.startswith("../") else ctx.workspace_name + "/" + path

def _bundle_paths(target, path):
    files = target.files.to_list()
    if path.endswith("/"):
        return [(path + f.basename, f) for f in files]
    if len(files) != 1:
        fail("model_bundle: %s gives %d files; end %r with / to make it a folder" % (target.label, len(files), path))
    return [(path, files[0])]

def _tar(ctx):
    tar = ctx.actions.declare_file(ctx.label.name + ".tar")
    spec = ctx.actions.declare_file(ctx.label.name + ".bundle.json")
    placed = []
    for target, path in ctx.attr.files.items():
        placed += _bundle_paths(target, path)
    ctx.actions.write(spec, json.encode(struct(
        files = [(path, file.path) for path, file in placed],
        lock = ctx.file.lock.path,
        wheels = [f.path for f in ctx.files.wheels],
    )))
    ctx.actions.run(
        outputs = [tar],
        inputs = [file for _, file in placed] + ctx.files.wheels + [spec, ctx.file.lock],
        executable = ctx.executable._writer,
        arguments = ["--spec", spec.path, "--out", tar.path],
        mnemonic = "ModelBundle",
        progress_message = "Writing bundle %s" % tar.basename,
    )
    return tar

def _model_bundle_impl(ctx):
    # Not named like the target: a package of that name beside it has outputs of its own.
    launcher = ctx.actions.declare_file(ctx.label.name + ".launch")
    ctx.actions.write(launcher, _LAUNCHER.format(
        label = str(ctx.attr.program.label),
        program = _runfiles_path(ctx, ctx.executable.program),
    ), is_executable = True)
    runfiles = ctx.runfiles([launcher, ctx.executable.program])
    return [DefaultInfo(
        executable = launcher,
        files = depset([_tar(ctx)]),
        runfiles = runfiles.merge(ctx.attr.program[DefaultInfo].default_runfiles),
    )]

model_bundle = rule(
    implementation = _model_bundle_impl,
    doc = "Builds a bundle and runs its program.",
    executable = True,
    attrs = {
        "files": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Files to their path in the bundle; a path that ends with / is a folder.",
        ),
        "lock": attr.label(
            allow_single_file = [".txt", ".lock"],
            mandatory = True,
            doc = "Hash-locked requirements that hold everything third-party.",
        ),
        "program": attr.label(
            cfg = "target",
            executable = True,
            mandatory = True,
            doc = "What `bazel run` runs.",
        ),
        "wheels": attr.label_list(allow_files = [".whl"], mandatory = True),
        "_writer": attr.label(
            default = "//tools/bundle:bundle_writer",
            executable = True,
            cfg = "exec",
        ),
    },
)
