# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""py_wheel: one wheel from targets, with bytes that depend on nothing else.

Attributes are those of rules_python 0.25.0. Three things differ, each towards reproducible and
up-to-date wheels: the entries carry no time, the metadata is version 2.4 (so `license` is an SPDX
expression, and files that `extra_distinfo_files` puts under `licenses/` are listed as
License-File), and stamping is refused.
"""

load(":py_package.bzl", "path_inside_wheel")

PyWheelInfo = provider(
    doc = "A wheel and its canonical name.",
    fields = {
        "name_file": "File: holds the canonical file name of the wheel.",
        "wheel": "File: the wheel.",
    },
)

def _escaped(name):
    """Same as core_metadata.escaped_name, which checks it when the wheel is written."""
    characters = []
    for c in name.elems():
        if c in "-_.":
            if characters and characters[-1] != "_":
                characters.append("_")
        else:
            characters.append(c.lower())
    return "".join(characters)

def _file_name(ctx, version):
    attr = ctx.attr
    return "-".join([
        _escaped(attr.distribution),
        version.replace("-", "_"),
        attr.python_tag,
        attr.abi,
        attr.platform,
    ]) + ".whl"

def _check(ctx, version):
    if ctx.attr.stamp == 1:
        fail("%s: stamp = 1 would put the time of the build into the wheel; give a version instead" % ctx.label)
    for name, value in [("distribution", ctx.attr.distribution), ("version", version)]:
        if "{" in value:
            fail("%s: %s = %r is a stamp format; this py_wheel does not stamp" % (ctx.label, name, value))

def _single_file(target, name):
    files = target.files.to_list()
    if len(files) != 1:
        fail("extra_distinfo_files: %s gives %d files where %r needs one" % (target.label, len(files), name))
    return files[0]

def _entry_points(ctx):
    groups = {group: list(entries) for group, entries in ctx.attr.entry_points.items()}
    for name, function in ctx.attr.console_scripts.items():
        groups.setdefault("console_scripts", []).append("%s = %s" % (name, function))
    return groups

def _project(ctx, version):
    attr = ctx.attr
    return struct(
        author = attr.author,
        author_email = attr.author_email,
        classifiers = attr.classifiers,
        description_content_type = attr.description_content_type,
        distribution = attr.distribution,
        extra_requires = attr.extra_requires,
        homepage = attr.homepage,
        license = attr.license,
        project_urls = attr.project_urls,
        python_requires = attr.python_requires,
        requires = attr.requires,
        summary = attr.summary,
        version = version,
    )

def _py_wheel_impl(ctx):
    version = ctx.expand_make_variables("version", ctx.attr.version, {})
    _check(ctx, version)
    wheel = ctx.actions.declare_file(_file_name(ctx, version))
    name_file = ctx.actions.declare_file(ctx.label.name + ".name")
    spec = ctx.actions.declare_file(ctx.label.name + ".wheel.json")
    extra = [
        (name, _single_file(target, name))
        for target, name in ctx.attr.extra_distinfo_files.items()
    ]
    description = ctx.file.description_file
    ctx.actions.write(spec, json.encode(struct(
        abi = ctx.attr.abi,
        description_file = description.path if description else None,
        distinfo = [(name, file.path) for name, file in extra],
        entry_points = _entry_points(ctx),
        files = [(path_inside_wheel(f), f.path) for f in ctx.files.deps],
        platform = ctx.attr.platform,
        project = _project(ctx, version),
        python_tag = ctx.attr.python_tag,
        strip_path_prefixes = ctx.attr.strip_path_prefixes,
    )))
    ctx.actions.run(
        outputs = [wheel, name_file],
        inputs = ctx.files.deps + [file for _, file in extra] + [spec] + ([description] if description else []),
        executable = ctx.executable._writer,
        arguments = ["--spec", spec.path, "--out", wheel.path, "--name_file", name_file.path],
        mnemonic = "PyWheel",
        progress_message = "Writing wheel %s" % wheel.basename,
    )
    return [
        DefaultInfo(files = depset([wheel]), runfiles = ctx.runfiles([wheel])),
        PyWheelInfo(name_file = name_file, wheel = wheel),
    ]

py_wheel = rule(
    implementation = _py_wheel_impl,
    doc = "Builds a wheel from the files of `deps` (py_package, filegroup, py_library sources).",
    attrs = {
        "abi": attr.string(default = "none", doc = "ABI tag, 'none' for pure Python."),
        "author": attr.string(),
        "author_email": attr.string(),
        "classifiers": attr.string_list(),
        "console_scripts": attr.string_dict(doc = "Command name to 'module:function'."),
        "deps": attr.label_list(doc = "Targets whose files go into the wheel.", allow_files = True),
        "description_content_type": attr.string(doc = "Guessed from the file name when empty."),
        "description_file": attr.label(allow_single_file = True),
        "distribution": attr.string(mandatory = True, doc = "Project name, as an index spells it."),
        "entry_points": attr.string_list_dict(doc = "Group to lines 'name = module:function'."),
        "extra_distinfo_files": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "File to its path below .dist-info; `licenses/` entries become License-File.",
        ),
        "extra_requires": attr.string_list_dict(doc = "Extra to its requirements."),
        "homepage": attr.string(),
        "license": attr.string(doc = "SPDX licence expression."),
        "platform": attr.string(default = "any", doc = "Platform tag, 'any' for pure Python."),
        "project_urls": attr.string_dict(),
        "python_requires": attr.string(),
        "python_tag": attr.string(default = "py3"),
        "requires": attr.string_list(doc = "Requirements, as in Requires-Dist."),
        "stamp": attr.int(default = -1, values = [-1, 0, 1], doc = "1 is refused."),
        "strip_path_prefixes": attr.string_list(doc = "First match is cut off a path."),
        "summary": attr.string(doc = "One line."),
        "version": attr.string(mandatory = True, doc = "May hold $(MAKE) variables."),
        "_writer": attr.label(
            default = "@//tools/wheel:wheel_writer",
            executable = True,
            cfg = "exec",
        ),
    },
)
