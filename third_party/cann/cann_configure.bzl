# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""cann_configure: the repository @cann, with or without Huawei's CANN toolkit on the machine."""

load("//third_party:pinned_archive.bzl", "pinned_archive")

# In the order in which they are asked. `source set_env.sh` of the toolkit sets both.
_VARIABLES = ["ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"]

# Where the toolkit's installer puts it if nobody says otherwise.
_DEFAULT = "/usr/local/Ascend/ascend-toolkit/latest"

_NEEDED = ["include/acl/acl.h", "lib64/libascendcl.so"]

# Files that state the version, as lines KEY=VERSION, with the key to look for.
_VERSION_FILES = [
    ("x86_64-linux/ascend_toolkit_install.info", "version"),
    ("aarch64-linux/ascend_toolkit_install.info", "version"),
    ("compiler/version.info", "Version"),
    ("runtime/version.info", "Version"),
]

_CONFIG_H = """// Written by //third_party/cann:cann_configure.bzl.
#ifndef CANN_CONFIG_H_
#define CANN_CONFIG_H_

// The version of the CANN toolkit compiled against; empty without one.
#define MINDFORGE_CANN_VERSION "{version}"

#endif  // CANN_CONFIG_H_
"""

_CANN_BZL = '''"""Written by //third_party/cann:cann_configure.bzl."""

# The version of the CANN toolkit on this machine, None without one.
CANN_VERSION = {version}
'''

def _missing(ctx, folder):
    return [path for path in _NEEDED if not ctx.path(folder + "/" + path).exists]

def _find(ctx):
    """Returns the toolkit's folder, or None."""
    for variable in _VARIABLES:
        folder = ctx.os.environ.get(variable)
        if folder:
            missing = _missing(ctx, folder)
            if missing:
                fail(("{} is {}, which has no {}. Set it to the folder of a CANN toolkit, the one " +
                      "with set_env.sh, or unset it to build without CANN.").format(
                    variable,
                    folder,
                    " and no ".join(missing),
                ))
            return folder
    return None if _missing(ctx, _DEFAULT) else _DEFAULT

def _version(ctx, folder):
    for path, key in _VERSION_FILES:
        file = ctx.path(folder + "/" + path)
        if file.exists:
            for line in ctx.read(file).splitlines():
                if line.startswith(key + "="):
                    return line[len(key) + 1:].strip()
    fail("the CANN toolkit in {} does not state its version; looked for {}".format(
        folder,
        ", ".join(["{} in {}".format(key, path) for path, key in _VERSION_FILES]),
    ))

def _cann_impl(ctx):
    folder = _find(ctx)
    version = _version(ctx, folder) if folder else None
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    ctx.file("cann.bzl", _CANN_BZL.format(version = repr(version)))
    ctx.file("include/cann_config.h", _CONFIG_H.format(version = version or ""))
    if folder:
        for part in ["include", "lib64"]:
            ctx.symlink(folder + "/" + part, "sdk/" + part)
    ctx.symlink(ctx.attr.sdk if folder else ctx.attr.no_sdk, "BUILD.bazel")

_cann = repository_rule(
    implementation = _cann_impl,
    attrs = {
        "no_sdk": attr.label(allow_single_file = True, default = "//third_party/cann:no_sdk.BUILD"),
        "sdk": attr.label(allow_single_file = True, default = "//third_party/cann:sdk.BUILD"),
    },
    configure = True,
    environ = _VARIABLES,
    local = True,
)

def cann_configure(name):
    """Defines the repository for CANN, which always loads.

    The toolkit is the one that ASCEND_HOME_PATH or ASCEND_TOOLKIT_HOME names, or else the one in the
    installer's default folder. Without one, C++ compiles against the ACL headers of a pinned wheel,
    which is fetched only when a target needs it; where that cannot be had either, wildcard builds
    skip those targets, and a build that names one says what is missing.

        :available   what targets that need the headers put into target_compatible_with
        :headers     ACL, and cann_config.h with MINDFORGE_CANN_VERSION
        :libraries   what to link against besides MindSpore; empty without a toolkit
        cann.bzl     CANN_VERSION, None without a toolkit

    Args:
      name: name of the repository.
    """
    _cann(name = name)
    pinned_archive(
        name = "acl_headers",
        build_file = "//third_party/cann:acl_headers.BUILD",
        include = [
            "third_party/acl/inc/**",
            "third_party/hccl/inc/**",
        ],
        pin = "torch_npu",
        strip_prefix = "torch_npu/include",
        unavailable_build_file = "//third_party/cann:no_acl_headers.BUILD",
    )
