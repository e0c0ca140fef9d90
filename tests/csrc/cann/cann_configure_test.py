# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""cann_configure in a small workspace: with a toolkit, without one, and with nothing at all."""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import nested_bazel
from nested_bazel import NestedBazel, NestedBuildError

VERSION = "8.2.RC1"

WORKSPACE = """
workspace(name = "small")
load("//third_party/bazel4:stand_ins.bzl", "bazel4_repositories")
load("//third_party/cann:cann_configure.bzl", "cann_configure")
load("//third_party/python:local_python.bzl", "local_python")
bazel4_repositories()
local_python(name = "local_python")
cann_configure(name = "cann")
"""

BUILD = """
load("@cann//:cann.bzl", "CANN_VERSION")
cc_library(
    name = "operator",
    srcs = ["operator.cc"],
    target_compatible_with = ["@cann//:available"],
    deps = ["@cann//:headers"],
)
genrule(
    name = "version",
    outs = ["version.txt"],
    cmd = "echo " + repr(CANN_VERSION) + " > $@",
)
filegroup(
    name = "libraries",
    srcs = ["@cann//:libraries"],
)
"""

OPERATOR = """
#include "acl/acl.h"
#include "cann_config.h"
constexpr const char *kVersion = MINDFORGE_CANN_VERSION;
int Answer() { return ACL_FROM + (kVersion[0] == 0 ? 0 : 100); }
static_assert(ACL_FROM + sizeof(MINDFORGE_CANN_VERSION) - 1 == EXPECTED, "other headers");
"""


def fake_wheel(folder: Path) -> tuple[str, str]:
    """Writes what stands for torch-npu's wheel and returns its file name and hash."""
    wheel = folder / "torch_npu-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        inner = "torch_npu/include/third_party"
        archive.writestr(
            f"{inner}/acl/inc/acl/acl.h", "#define ACL_FROM 2000\n#define EXPECTED 2000"
        )
        archive.writestr(f"{inner}/hccl/inc/hccl/hccl.h", "")
        info = "torch_npu-1.0.dist-info"
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: torch-npu\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel.name, hashlib.sha256(wheel.read_bytes()).hexdigest()


def fake_toolkit(folder: Path, version: str = VERSION) -> Path:
    """Makes a folder with the files of a CANN toolkit that matter."""
    for name, text in {
        "include/acl/acl.h": f"#define ACL_FROM 1000\n#define EXPECTED {1000 + len(version)}\n",
        "lib64/libascendcl.so": "",
        "x86_64-linux/ascend_toolkit_install.info": f"package_name=Ascend\nversion={version}\n",
    }.items():
        file = folder / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
    return folder


class Small:
    """The small workspace, its Bazel, and what stands for an index."""

    def __init__(self, place: Path) -> None:
        self.root, self.index, self.cache = (place / name for name in ("root", "index", "cache"))
        self.index.mkdir(parents=True)
        self._write_workspace()
        environment = nested_bazel.outer_environment()
        environment |= {"HOME": str(place), "PIP_NO_INDEX": "1", "MINDFORGE_CACHE": str(self.cache)}
        environment |= {"PIP_FIND_LINKS": str(self.index), "MINDFORGE_PYTHON": sys.executable}
        startup = ["--nohome_rc", "--max_idle_secs=60"]
        self.bazel = NestedBazel(
            self.root, place / "base", startup, ["--spawn_strategy=local"], environment
        )

    def _write_workspace(self) -> None:
        sources = Path("third_party")
        for folder in ("", "bazel4", "cann", "fetch", "python"):
            target = self.root / "third_party" / folder
            target.mkdir(parents=True)
            (target / "BUILD.bazel").touch()
            for suffix in ("*.bzl", "*.py", "*.BUILD"):
                for file in (sources / folder).glob(suffix):
                    shutil.copy(file, target)
        (self.root / "WORKSPACE").write_text(WORKSPACE)
        (self.root / "BUILD.bazel").write_text(BUILD)
        (self.root / "operator.cc").write_text(OPERATOR)
        file, sha256 = fake_wheel(self.index)
        pin = {
            "kind": "pypi",
            "name": "torch-npu",
            "version": "1.0",
            "file": file,
            "sha256": sha256,
        }
        (self.root / "third_party/upstreams.bzl").write_text(
            f"UPSTREAMS = {{'torch_npu': {pin}}}\n"
        )

    def build(self, *targets: str, **variables: str | Path) -> None:
        settings = [f"--repo_env={name}={value}" for name, value in variables.items()]
        self.bazel.run("build", "--color=no", *self.bazel.options, *settings, "--", *targets)

    def output(self, name: str) -> Path:
        return self.root / "bazel-bin" / name


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    workspace = Small(tmp_path_factory.mktemp("small"))
    yield workspace
    workspace.bazel.close()


@pytest.mark.parametrize("variable", ["ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"])
def test_a_toolkit_that_a_variable_names_is_used(small, tmp_path, variable):
    small.build("//...", **{variable: fake_toolkit(tmp_path)})
    assert small.output("version.txt").read_text() == f"{VERSION}\n"
    assert small.output("liboperator.a").exists()


def test_the_home_path_is_asked_first(small, tmp_path):
    first, second = fake_toolkit(tmp_path / "1"), fake_toolkit(tmp_path / "2", "9.0")
    small.build("//:version", ASCEND_HOME_PATH=first, ASCEND_TOOLKIT_HOME=second)
    assert small.output("version.txt").read_text() == f"{VERSION}\n"


def test_without_a_toolkit_the_pinned_headers_are_used(small):
    small.build("//...")
    assert small.output("version.txt").read_text() == "None\n"
    assert small.output("liboperator.a").exists()


def test_a_variable_that_names_no_toolkit_is_an_error_that_names_it(small, tmp_path):
    (tmp_path / "include").mkdir()
    with pytest.raises(NestedBuildError) as error:
        small.build("//:version", ASCEND_HOME_PATH=tmp_path)
    assert (
        f"ASCEND_HOME_PATH is {tmp_path}, which has no include/acl/acl.h and no "
        "lib64/libascendcl.so." in str(error.value)
    )


def test_a_toolkit_that_states_no_version_is_an_error(small, tmp_path):
    toolkit = fake_toolkit(tmp_path)
    (toolkit / "x86_64-linux/ascend_toolkit_install.info").write_text("package_name=Ascend\n")
    with pytest.raises(NestedBuildError, match="does not state its version"):
        small.build("//:version", ASCEND_HOME_PATH=toolkit)


@pytest.fixture
def without_headers(small: Small) -> Iterator[Small]:
    """The workspace with nothing to take ACL headers from."""
    hidden = small.index.rename(small.index.with_name("hidden"))
    small.index.mkdir()
    shutil.rmtree(small.cache, ignore_errors=True)
    small.bazel.run("sync", "--only=acl_headers", "--color=no")
    yield small
    small.index.rmdir()
    hidden.rename(small.index)
    small.bazel.run("sync", "--only=acl_headers", "--color=no")


def test_without_headers_a_wildcard_build_skips_what_needs_them(without_headers):
    without_headers.output("liboperator.a").unlink(missing_ok=True)
    without_headers.build("//...")
    assert not without_headers.output("liboperator.a").exists()
    assert without_headers.output("version.txt").read_text() == "None\n"


def test_without_headers_a_build_by_name_says_what_to_install_and_what_to_set(without_headers):
    with pytest.raises(NestedBuildError) as error:
        without_headers.build("//:operator")
    assert "install_the_CANN_toolkit_and_set_ASCEND_HOME_PATH" in str(error.value)
