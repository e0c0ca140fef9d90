# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""vendor_index: which converted trees there are, and where their files lie in the runfiles."""

_MANIFEST = "torch2ms-manifest.json"

def _runfiles_path(ctx, file):
    path = file.short_path
    return path[3:] if path.startswith("../") else ctx.workspace_name + "/" + path

def _entry(ctx, target):
    paths = [_runfiles_path(ctx, f) for f in target[DefaultInfo].files.to_list()]
    manifests = [p for p in paths if p.endswith("/" + _MANIFEST)]
    if len(manifests) != 1:
        fail("vendor_index: %s has %d files named %s, not one" % (target.label, len(manifests), _MANIFEST))
    root = manifests[0][:-len(_MANIFEST)]
    outside = [p for p in paths if not p.startswith(root)]
    if outside:
        fail("vendor_index: %s is not inside %s" % (outside[0], root))
    return struct(
        files = sorted([p[len(root):] for p in paths]),
        root = root[:-1],
    )

def _vendor_index_impl(ctx):
    index = ctx.actions.declare_file(ctx.label.name + ".json")
    trees = {name: _entry(ctx, target) for target, name in ctx.attr.trees.items()}
    ctx.actions.write(index, json.encode(trees))
    files = depset([index], transitive = [t[DefaultInfo].files for t in ctx.attr.trees])
    return [DefaultInfo(files = depset([index]), runfiles = ctx.runfiles(transitive_files = files))]

vendor_index = rule(
    implementation = _vendor_index_impl,
    doc = "Writes a JSON index of converted trees and takes the trees along as runfiles.",
    attrs = {
        "trees": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "Targets whose files are one converted tree with its manifest, to its name.",
            mandatory = True,
        ),
    },
)
