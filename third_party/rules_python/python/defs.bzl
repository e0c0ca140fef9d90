# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Core rules for building Python projects.

The names and labels are those of rules_python 0.25; the rules are Bazel's own. A workspace that loads
its rules from here builds unchanged with the real rules_python in this place:

    bazel build --override_repository=rules_python=DIR ...
"""

load("@bazel_tools//tools/python:toolchain.bzl", _py_runtime_pair = "py_runtime_pair")

py_binary = native.py_binary

py_library = native.py_library

py_runtime = native.py_runtime

py_runtime_pair = _py_runtime_pair

py_test = native.py_test
