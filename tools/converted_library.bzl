# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""converted_library: Python sources written for PyTorch, as a library that runs on MindSpore."""

load("@rules_python//python:defs.bzl", "py_library")

_TORCH2MS = "@mindforge//converter/torch2ms:torch2ms_bin"
_ADAPTER = "@mindforge//adapter/mstorch"
_MANIFEST = "torch2ms-manifest.json"

def converted_library(
        name,
        srcs,
        strip_prefix = "",
        target = "adapter",
        recipes = None,
        upstream = None,
        deps = [],
        data = [],
        imports = None,
        visibility = None,
        tags = [],
        testonly = False):
    """Converts Python sources with torch2ms and makes a py_library of the result.

    The converted files are outputs under `<name>/`, each with a label of its own, beside
    `<name>/torch2ms-manifest.json` (label `<name>_manifest`), which says what was done to each file.
    The build fails if a recipe does not fit its upstream, if a converted file does not compile, or
    if an import of torch is left. `<name>_files` is a filegroup of the converted files and the
    manifest.

    Args:
      name: name of the py_library.
      srcs: files of this package, listed or globbed; each must be the label of a file. Files that
        are not Python are copied.
      strip_prefix: folder of this package below which the import roots lie; it is taken off.
      target: `adapter` to run on MindSpore, `native` to call MindSpore's own functions where they are proven the
        same, `torch` for the same sources, recipes included, on PyTorch.
      recipes: label of a TOML file of recipes.
      upstream: `NAME==VERSION` of the sources; required where recipes are given.
      deps: what the converted code imports. mstorch is added, unless the target is `torch`.
      data: runtime files of the library.
      imports: import roots below `<name>/`; that folder itself if left out.
      visibility: of every target made here.
      tags: of every target made here.
      testonly: as for any target.
    """
    if recipes and not upstream:
        fail("converted_library {}: recipes need upstream = \"NAME==VERSION\"".format(name))
    paths = [_stripped(name, src, strip_prefix) for src in srcs]
    files = ["{}/{}".format(name, path) for path in paths]
    manifest = "{}/{}".format(name, _MANIFEST)
    native.genrule(
        name = name + "_convert",
        srcs = srcs + ([recipes] if recipes else []),
        outs = files + [manifest],
        cmd = _command(name, srcs, strip_prefix, target, recipes, upstream),
        message = "Converting {} for {}".format(name, target),
        tags = tags,
        testonly = testonly,
        tools = [_TORCH2MS],
        visibility = ["//visibility:private"],
    )
    native.filegroup(
        name = name + "_files",
        srcs = files + [manifest],
        tags = tags,
        testonly = testonly,
        visibility = visibility,
    )
    native.filegroup(
        name = name + "_manifest",
        srcs = [manifest],
        tags = tags,
        testonly = testonly,
        visibility = visibility,
    )
    py_library(
        name = name,
        srcs = [file for file in files if file.endswith(".py")],
        data = [file for file in files if not file.endswith(".py")] + data,
        imports = [name] if imports == None else ["{}/{}".format(name, one) for one in imports],
        tags = tags,
        testonly = testonly,
        visibility = visibility,
        deps = deps + ([_ADAPTER] if target != "torch" else []),
    )

def _stripped(name, src, strip_prefix):
    """The path of a source below its import root."""
    if "//" in src:
        fail("converted_library {}: {} is not a file of this package".format(name, src))
    path = src[1:] if src.startswith(":") else src
    if not strip_prefix:
        return path
    prefix = strip_prefix.rstrip("/") + "/"
    if not path.startswith(prefix):
        fail("converted_library {}: {} is not below strip_prefix {}".format(name, src, strip_prefix))
    return path[len(prefix):]

def _command(name, srcs, strip_prefix, target, recipes, upstream):
    """The genrule's script: the list of files goes through a file, so its length has no limit."""
    repository = native.repository_name().lstrip("@")
    folder = "/".join([part for part in [
        "external/" + repository if repository else "",
        native.package_name(),
        strip_prefix.rstrip("/"),
    ] if part])
    prefixes = ["$(BINDIR)/" + folder, folder] if folder else ["$(BINDIR)", "."]
    arguments = ["--target", target, "--jobs", "1", "--quiet", "--files-from", "$$list"]
    for prefix in prefixes:
        arguments += ["--strip-prefix", prefix]
    if recipes:
        arguments += ["--recipes", "$(execpath {})".format(recipes)]
    if upstream:
        arguments += ["--upstream", upstream]
    return " && ".join([
        "list=$$(mktemp)",
        "printf '%s\\n' {} > $$list".format(" ".join(["$(execpath {})".format(src) for src in srcs])),
        "$(execpath {}) convert {} $(RULEDIR)/{}".format(_TORCH2MS, " ".join(arguments), name),
        "rm $$list",
    ])
