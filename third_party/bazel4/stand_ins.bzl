# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Local stand-ins for the repositories that Bazel 4's own packages name.

Bazel 4.2 refers to rules_cc, rules_java and remote_coverage_tools from inside @bazel_tools and would
fetch them from a host that many build machines cannot reach. This workspace needs only the native
rules behind those names, so each stand-in re-exports them. Newer versions of Bazel define their own
and never ask for these.
"""

_BUILD_HEADER = "package(default_visibility = [\"//visibility:public\"])\n"

_CC_RULES = [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
    "objc_import",
    "objc_library",
]

_JAVA_RULES = [
    "java_binary",
    "java_import",
    "java_library",
    "java_proto_library",
    "java_runtime",
    "java_test",
    "java_toolchain",
]

_COVERAGE_BUILD = _BUILD_HEADER + """
filegroup(name = "coverage_report_generator")

filegroup(name = "lcov_merger")
"""

# What rules_python 0.25 loads from bazel_skylib, for those who put it in the place of
# third_party/rules_python. The bzl_library targets are documentation: here they only hold files.
_SKYLIB_BZL_LIBRARY = """
def bzl_library(name, srcs = [], deps = [], **kwargs):
    native.filegroup(name = name, srcs = srcs + deps, **kwargs)
"""

_SKYLIB_LIB_BUILD = _BUILD_HEADER + """
filegroup(
    name = "types",
    srcs = ["types.bzl"],
)
"""

_SKYLIB_TYPES = """
def _is_tuple(value):
    return type(value) == "tuple"

types = struct(is_tuple = _is_tuple)
"""

def _re_export(rules):
    return "".join(["{0} = native.{0}\n".format(rule) for rule in rules])

def _stand_in_impl(ctx):
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    for path, content in ctx.attr.files.items():
        ctx.file(path, content, executable = False)

_stand_in = repository_rule(
    implementation = _stand_in_impl,
    doc = "A repository made of the files given, each as path -> content.",
    attrs = {"files": attr.string_dict(mandatory = True)},
)

def bazel4_repositories():
    """Defines the repositories that Bazel 4.2.3 names itself. Call it first in WORKSPACE."""
    _stand_in(
        name = "rules_cc",
        files = {
            "cc/BUILD.bazel": _BUILD_HEADER,
            "cc/defs.bzl": _re_export(_CC_RULES),
        },
    )
    _stand_in(
        name = "rules_java",
        files = {
            "java/BUILD.bazel": _BUILD_HEADER,
            "java/defs.bzl": _re_export(_JAVA_RULES),
        },
    )
    _stand_in(
        name = "remote_coverage_tools",
        files = {"BUILD.bazel": _COVERAGE_BUILD},
    )
    _stand_in(
        name = "bazel_skylib",
        files = {
            "BUILD.bazel": _BUILD_HEADER,
            "bzl_library.bzl": _SKYLIB_BZL_LIBRARY,
            "lib/BUILD.bazel": _SKYLIB_LIB_BUILD,
            "lib/types.bzl": _SKYLIB_TYPES,
        },
    )
