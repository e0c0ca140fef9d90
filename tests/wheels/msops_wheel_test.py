# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The wheel of msops: what its module needs, that it loads by itself, what it says it holds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import mindspore
import pytest

import writers

WHEEL = Path(os.environ["MINDFORGE_MSOPS_WHEEL"]).absolute()
TOOLS_PYTHON = Path(os.environ["MINDFORGE_TOOLS_PYTHON"]).absolute()
MOST_BYTES = 5_000_000

# Libraries of the system that every manylinux policy has, and those that MindSpore's wheel brings.
SYSTEM = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1"}
SYSTEM |= {"ld-linux-x86-64.so.2"}
OF_MINDSPORE = re.compile(r"libmindspore_\w+\.so|libdnnl\.so\.3")

# One call of an operator, forward alone.
PROGRAM = """
import mindspore, msops
y = msops.rms_norm(mindspore.ops.ones((2, 4)), mindspore.ops.ones(4), 0.0)
print(msops.version_info.mindspore, msops.__file__, y.asnumpy().tolist())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds, as pip would put it there."""
    place: Path = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(WHEEL) as archive:
        archive.extractall(place)
    return place


def readelf(installed: Path, *options: str) -> str:
    """What readelf says of every compiled module, in one text."""
    modules = sorted(installed.glob("msops/*.so"))
    assert modules
    command = ["readelf", "--wide", *options, *map(str, modules)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def python(installed: Path, program: str, *before: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program that finds msops in the wheel and nowhere else."""
    paths = os.pathsep.join(map(str, (*before, installed)))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths}
    command = [sys.executable, "-P", "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_modules_are_stripped_and_search_no_path(installed: Path) -> None:
    assert not re.search(r"\.symtab|\.debug_", readelf(installed, "--sections"))
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf(installed, "--dynamic"))


def test_modules_have_no_executable_stack_and_bind_at_once(installed: Path) -> None:
    stacks = re.findall(r"GNU_STACK.*", readelf(installed, "--segments"))
    assert stacks and all(" RW " in stack for stack in stacks)
    assert "BIND_NOW" in readelf(installed, "--dynamic")


def test_no_library_is_needed_but_those_of_the_system_and_of_mindspore(installed: Path) -> None:
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf(installed, "--dynamic")))
    others = needed - SYSTEM
    assert others and all(OF_MINDSPORE.fullmatch(name) for name in others), others


def test_its_tag_is_what_auditwheel_permits() -> None:
    """No manylinux policy lists MindSpore's libraries, so it is not one of theirs."""
    command = [TOOLS_PYTHON, "-m", "auditwheel", "show", "--json", WHEEL]
    shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert WHEEL.name.endswith(f"-{shown['overall_tag']}.whl")


def test_the_wheel_is_small() -> None:
    assert WHEEL.stat().st_size < MOST_BYTES


def test_it_loads_and_computes_where_nothing_else_of_ours_is(installed: Path) -> None:
    result = python(installed, PROGRAM)
    assert result.returncode == 0, result.stderr
    version, file, values = result.stdout.split(maxsplit=2)
    assert version == mindspore.__version__
    assert Path(file).is_relative_to(installed)
    assert json.loads(values) == [[1.0] * 4] * 2


def test_another_mindspore_is_refused_in_a_sentence(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mindspore.py").write_text("__version__ = '2.9.0'\n")
    result = python(installed, "import msops", tmp_path)
    assert result.returncode == 1
    assert "cannot be loaded under MindSpore 2.9.0; install" in result.stderr.splitlines()[-1]


@writers.only_ours([WHEEL])
@pytest.mark.parametrize("component", ["mindspore", "highway"])
def test_what_is_compiled_in_is_in_the_bill_of_materials(installed: Path, component: str) -> None:
    (path,) = installed.glob("*.dist-info/sboms/msops.cdx.json")
    parts = json.loads(path.read_text())["components"]
    licences = {part["name"]: part.get("licenses") for part in parts if part.get("licenses")}
    assert licences[component] == [{"expression": "Apache-2.0"}]


@pytest.mark.parametrize("text", ["LICENSE", "pybind11/LICENSE", "highway/NOTICE"])
def test_what_is_compiled_in_is_named_with_its_licence(installed: Path, text: str) -> None:
    (path,) = installed.glob(f"*.dist-info/licenses/{text}")
    assert "opyright" in path.read_text()
