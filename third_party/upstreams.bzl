# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Pins: everything that comes from outside, apart from what third_party/python locks.

This is the only place where such a version is written. `bazel run //third_party:pin -- NAME VERSION`
rewrites an entry, hash included.

    kind     pypi: an archive that pip can see; npm: a package that npm can see; debian: a package that
             tools/setup installs
    name     its name on the index
    version  exact version
    file     file name of the archive; not of a Debian package
    sha256   hash of the archive; not of a Debian package
    licence  SPDX expression, as its licence files say

Values are plain strings: tools read this file as data.
"""

UPSTREAMS = {
    "megatron_core": {
        "kind": "pypi",
        "name": "megatron-core",
        "version": "0.12.1",
        "file": "megatron_core-0.12.1.tar.gz",
        "sha256": "11c40a1a26713951eaae6f73d5944f921db427cedd0e29b891102685a96d662f",
        "licence": "BSD-3-Clause AND Apache-2.0 AND MIT",
    },
    # Read by tests and benchmarks of the converter; its models run in a test.
    "transformers": {
        "kind": "pypi",
        "name": "transformers",
        "version": "4.55.2",
        "file": "transformers-4.55.2-py3-none-any.whl",
        "sha256": "097e3c2e2c0c9681db3da9d748d8f9d6a724c644514673d0030e8c5a1109f1f1",
        "licence": "Apache-2.0",
    },
    "mindspore": {
        "kind": "pypi",
        "name": "mindspore",
        "version": "2.10.0",
        "file": "mindspore-2.10.0-cp311-cp311-manylinux1_x86_64.whl",
        "sha256": "068346f4fd716a64fb7ac93a7fc029645cffa9663cec1ccb5924d355647f7f70",
        "licence": "Apache-2.0",
    },
    # Compared with in tests, never shipped. It must be the build without CUDA, hence the "+cpu".
    "torch": {
        "kind": "pypi",
        "name": "torch",
        "version": "2.13.0+cpu",
        "file": "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
        "sha256": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
        "licence": "BSD-3-Clause",
    },
    # Only its ACL headers are used, where no CANN is installed.
    "torch_npu": {
        "kind": "pypi",
        "name": "torch-npu",
        "version": "2.9.0.post9",
        "file": "torch_npu-2.9.0.post9-cp311-cp311-manylinux_2_28_x86_64.whl",
        "sha256": "aac3e1b6a22755731fceceed502c3234cdf0b994c44a3bb1b165c6be7c52efd4",
        "licence": "BSD-3-Clause",
    },
    "pybind11": {
        "kind": "pypi",
        "name": "pybind11",
        "version": "2.13.6",
        "file": "pybind11-2.13.6-py3-none-any.whl",
        "sha256": "237c41e29157b962835d356b370ededd57594a26d5894a795960f0047cb5caf5",
        "licence": "BSD-3-Clause",
    },
    # Debian's libhwy-dev, of which only headers are used. A test compares what is installed.
    "highway": {
        "kind": "debian",
        "name": "highway",
        "version": "1.0.3",
        "licence": "Apache-2.0",
    },
    "buildifier": {
        "kind": "npm",
        "name": "@bazel/buildifier",
        "version": "8.2.1",
        "file": "bazel-buildifier-8.2.1.tgz",
        "sha256": "b96ea9b13003036c801f52bee6f9b0314738f8432e5cb9d814c89f59292604ee",
        "licence": "Apache-2.0",
    },
}
