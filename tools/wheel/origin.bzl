# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""wheel_origin: provenance.json and the bill of materials of a wheel."""

def _path_inside_wheel(file):
    path = file.short_path
    return path.split("/", 2)[2] if path.startswith("../") else path

def _wheel_origin_impl(ctx):
    spec = ctx.actions.declare_file(ctx.label.name + ".spec.json")
    manifest = ctx.file.manifest
    files = ctx.files.contents
    ctx.actions.write(spec, json.encode(struct(
        distribution = ctx.attr.distribution,
        files = [(_path_inside_wheel(f), f.path) for f in files],
        license = ctx.attr.license,
        manifest = manifest.path if manifest else None,
        pins = json.decode(ctx.attr.pins),
        producer_version = ctx.attr.producer_version,
        requires = ctx.attr.requires,
        version = ctx.attr.version,
    )))
    outputs = [ctx.outputs.provenance, ctx.outputs.sbom]
    ctx.actions.run(
        outputs = outputs,
        inputs = files + [spec] + ([manifest] if manifest else []),
        executable = ctx.executable._tool,
        arguments = [
            "--spec",
            spec.path,
            "--provenance",
            ctx.outputs.provenance.path,
            "--sbom",
            ctx.outputs.sbom.path,
        ],
        mnemonic = "WheelOrigin",
        progress_message = "Stating the origin of %s" % ctx.attr.distribution,
    )
    return [DefaultInfo(files = depset(outputs))]

wheel_origin = rule(
    implementation = _wheel_origin_impl,
    doc = "Writes where a wheel's contents come from.",
    attrs = {
        "contents": attr.label_list(allow_files = True, doc = "What goes into the wheel."),
        "distribution": attr.string(mandatory = True),
        "license": attr.string(mandatory = True, doc = "SPDX licence expression of the wheel."),
        "manifest": attr.label(
            allow_single_file = [".json"],
            doc = "The converter's manifest, for wheels of converted sources.",
        ),
        "pins": attr.string(
            default = "[]",
            doc = "JSON list of wheel_origin.Pin fields.",
        ),
        "producer_version": attr.string(mandatory = True),
        "provenance": attr.output(mandatory = True),
        "requires": attr.string_list(),
        "sbom": attr.output(mandatory = True),
        "version": attr.string(mandatory = True),
        "_tool": attr.label(
            default = "//tools/wheel:wheel_origin",
            executable = True,
            cfg = "exec",
        ),
    },
)
