# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""pinned_archive: a repository made of one pinned archive."""

load("//third_party:upstreams.bzl", "UPSTREAMS")
load("//third_party/fetch:fetcher.bzl", "UNAVAILABLE", "run_fetcher", "skipped", "workspace_path")

def _pinned_archive_impl(ctx):
    table = "third_party/upstreams.bzl"
    arguments = [
        "archive",
        ctx.path("."),
        "--table={}/{}".format(workspace_path(ctx), table),
        "--origin=" + table,
        "--pin=" + ctx.attr.pin,
        "--strip-prefix=" + ctx.attr.strip_prefix,
    ] + ["--include=" + pattern for pattern in ctx.attr.include]
    result = run_fetcher(ctx, "fetching " + ctx.attr.pin, arguments)
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    if result.return_code == UNAVAILABLE and ctx.attr.unavailable_build_file:
        # buildifier: disable=print
        print(skipped(ctx, result.stderr))
        ctx.file("BUILD.bazel", ctx.read(ctx.attr.unavailable_build_file))
    elif result.return_code:
        fail(result.stderr.strip())
    else:
        ctx.file("BUILD.bazel", ctx.read(ctx.attr.build_file))

_pinned_archive = repository_rule(
    implementation = _pinned_archive_impl,
    attrs = {
        "build_file": attr.label(mandatory = True, allow_single_file = True),
        "include": attr.string_list(),
        "pin": attr.string(mandatory = True),

        # What the pin says: a changed pin makes this repository again, and no other.
        "pinned": attr.string_dict(mandatory = True),
        "strip_prefix": attr.string(),
        "unavailable_build_file": attr.label(allow_single_file = True),
    },
)

def pinned_archive(
        name,
        build_file,
        pin = None,
        strip_prefix = "",
        include = [],
        unavailable_build_file = None):
    """Defines a repository made of the content of one pinned archive.

    The bytes come from the download cache, see third_party/fetch/cache.py, or else from pip or npm
    as the machine has them set up. {version} in strip_prefix stands for the pin's version.

    Args:
      name: name of the repository.
      build_file: label of the file that becomes its BUILD file.
      pin: name of the pin in upstreams.bzl; the repository's own name if not given.
      strip_prefix: folder of the archive whose content is wanted.
      include: patterns of the paths to unpack (`*` stays in one folder, `**` does not); all if
        empty. Patterns are matched after strip_prefix.
      unavailable_build_file: for an archive that the build can do without. Where it cannot be had,
        this becomes the BUILD file, and the reason is printed. It defines every target that
        dependents name, since Bazel 4 looks at them even where it skips the dependents, and a
        constraint_value :available that holds nowhere. The other build file has :available as an
        alias of a constraint that always holds. Dependents list it in target_compatible_with.
    """
    entry = UPSTREAMS[pin or name]
    _pinned_archive(
        name = name,
        build_file = build_file,
        include = include,
        pin = pin or name,
        pinned = {key: value for key, value in entry.items() if key != "licence"},
        strip_prefix = strip_prefix.format(version = entry["version"]),
        unavailable_build_file = unavailable_build_file,
    )
