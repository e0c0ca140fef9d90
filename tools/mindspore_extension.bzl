# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""C++ for MindSpore: libraries that use its API, and the Python modules made of them."""

# Flags of mindspore.ops.CustomOpBuilder. Our own symbols are not visible from outside, so that two
# modules made of the same sources can live in one process.
_COPTS = [
    "-O2",
    "-fPIC",
    "-fstack-protector-all",
    "-fvisibility=hidden",
    "-fvisibility-inlines-hidden",
]

_LIB = "@mindspore//:mindspore/lib/"

_LIBRARIES = {
    "ascend": [
        _LIB + "plugin/libmindspore_ascend.so.2",
        _LIB + "plugin/ascend/libmindspore_extension_ascend_aclnn.a",
    ],
    # With a stand-in for MindSpore's plugin among the deps, so that it loads without CANN.
    "ascend_stand_in": [_LIB + "plugin/ascend/libmindspore_extension_ascend_aclnn.a"],
    "cpu": [_LIB + "libdnnl.so.3"],
}

_COMMON_LIBRARIES = [
    _LIB + "libmindspore_core.so",
    _LIB + "libmindspore_ms_backend.so",
    _LIB + "libmindspore_pynative.so",
    _LIB + "libmindspore_pyboost.so",
]

def mindspore_cc_library(name, deps = [], copts = [], **kwargs):
    """A cc_library whose sources include MindSpore's headers.

    Args:
      name: name of the target.
      deps: further libraries.
      copts: further flags.
      **kwargs: further attributes of cc_library.
    """
    native.cc_library(
        name = name,
        copts = _COPTS + copts,
        linkstatic = True,
        deps = deps + ["@mindspore//:headers"],
        **kwargs
    )

def mindspore_extension(name, srcs, deps, device = "cpu", linkopts = [], additional_linker_inputs = [], **kwargs):
    """A Python module NAME.so for the MindSpore of @mindspore.

    The module is stripped, holds no path, and finds MindSpore's libraries because `import mindspore`
    has loaded them: Python code must import mindspore first.

    Args:
      name: name of the module.
      srcs: the file with PYBIND11_MODULE(MS_EXTENSION_NAME, ...).
      deps: mindspore_cc_library targets.
      device: "cpu" or "ascend", or "ascend_stand_in" for tests.
      linkopts: further linker flags.
      additional_linker_inputs: further files that linkopts name.
      **kwargs: further attributes of cc_binary.
    """
    libraries = _LIBRARIES[device] + _COMMON_LIBRARIES
    native.cc_binary(
        name = name + ".so",
        srcs = srcs,
        copts = _COPTS,
        # By path and not through cc_import, which would write a RPATH.
        additional_linker_inputs = libraries + additional_linker_inputs,
        linkopts = [
            "-s",
            "-Wl,-z,relro,-z,now,-z,noexecstack",
        ] + ["$(location {})".format(library) for library in libraries] + linkopts,
        linkshared = True,
        local_defines = ["MS_EXTENSION_NAME=" + name],
        deps = deps + ["@mindspore//:headers"],
        **kwargs
    )
