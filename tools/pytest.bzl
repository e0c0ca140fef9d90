# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""pytest_test: a Bazel test that runs pytest over its sources and reports each case."""

load("@rules_python//python:defs.bzl", "py_test")

_RUNNER = Label("//tools:pytest_main.py")
_TORCH = "@torch_env//:python"

def pytest_test(
        name,
        srcs,
        deps = [],
        data = [],
        args = [],
        env = {},
        reference = False,
        tags = [],
        **kwargs):
    """Runs pytest over srcs, in the MindSpore environment and without a network.

    The test fails when pytest collects nothing. Each case is reported to Bazel as JUnit XML.
    --test_filter=EXPRESSION is handed on as pytest's -k, and shard_count works.

    Args:
      name: name of the test.
      srcs: test files (*_test.py or test_*.py) and the modules beside them, conftest.py included.
      deps: py_library targets whose modules the tests import.
      data: files the tests read.
      args: further arguments of pytest.
      env: environment variables of the test; $(rootpath) of srcs and data is expanded.
      reference: the test compares with PyTorch. It gets MINDFORGE_TORCH_PYTHON, the absolute path
        of a Python that imports torch, to start as a process of its own; torch cannot be imported
        in the test itself. Where torch could not be fetched, wildcard runs skip the test.
      tags: as of any test.
      **kwargs: further attributes of py_test (size, timeout, shard_count, flaky...).
    """
    env = dict({"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}, **env)
    incompatible = kwargs.pop("target_compatible_with", [])
    if reference:
        data = data + [_TORCH]
        env["MINDFORGE_TORCH_PYTHON"] = "$(rootpath {})".format(_TORCH)
        incompatible = incompatible + ["@torch_env//:available"]
    tests = [src for src in srcs if _is_test(src)]
    if not tests:
        fail("{}: no file in srcs is named *_test.py or test_*.py".format(name))
    py_test(
        name = name,
        srcs = srcs + [_RUNNER],
        main = _RUNNER,
        deps = deps,
        data = data,
        args = ["$(rootpath {})".format(test) for test in tests] + args,
        env = env,
        legacy_create_init = False,
        python_version = "PY3",
        tags = tags + ["block-network"],
        target_compatible_with = incompatible,
        **kwargs
    )

def _is_test(src):
    base = src.split("/")[-1].split(":")[-1]
    return base.endswith("_test.py") or (base.startswith("test_") and base.endswith(".py"))
