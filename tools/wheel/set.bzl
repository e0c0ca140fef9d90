# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""wheel_set: wheels side by side in one folder, with SHA256SUMS."""

def _wheel_set_impl(ctx):
    folder = ctx.label.name
    sums = ctx.actions.declare_file(folder + "/SHA256SUMS")
    copies = [ctx.actions.declare_file("%s/%s" % (folder, f.basename)) for f in ctx.files.wheels]
    ctx.actions.run(
        outputs = copies + [sums],
        inputs = ctx.files.wheels,
        executable = ctx.executable._tool,
        arguments = ["--sums", sums.path] + [f.path for f in ctx.files.wheels],
        mnemonic = "WheelSet",
        progress_message = "Collecting %d wheels" % len(copies),
    )
    files = depset(copies + [sums])
    return [DefaultInfo(files = files, runfiles = ctx.runfiles(transitive_files = files))]

wheel_set = rule(
    implementation = _wheel_set_impl,
    doc = "Puts wheels into a folder of the target's name, with their checksums.",
    attrs = {
        "wheels": attr.label_list(allow_files = [".whl"], mandatory = True),
        "_tool": attr.label(
            default = "//tools/wheel:wheel_set",
            executable = True,
            cfg = "exec",
        ),
    },
)
