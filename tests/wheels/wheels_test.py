# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The wheels that are handed out: names, tags, metadata, contents, origin."""

from __future__ import annotations

import ast
import base64
import csv
import hashlib
import json
import os
import socket
import subprocess
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

import writers

FILES = [Path(path).absolute() for path in os.environ["MINDFORGE_WHEELS"].split()]
(SUMS,) = [path for path in FILES if path.name == "SHA256SUMS"]
PURE, NATIVE = "py3-none-any", "cp311-cp311-linux_x86_64"

# Distribution: tag, name it is imported by, pin it is a converted form of.
EXPECTED = {
    "torch2ms": (PURE, "torch2ms", None),
    "mstorch": (PURE, "mstorch", None),
    "mstrain": (PURE, "mstrain", None),
    "msops": (NATIVE, "msops", None),
    "megatron-core-mindspore": (NATIVE, "megatron.core", "megatron_core"),
}
NATIVE_MODULES = {
    "msops": "msops/_C.so",
    "megatron-core-mindspore": "megatron/core/datasets/helpers_cpp.so",
}


def wheels() -> dict[str, Path]:
    """The built wheels by canonical name."""
    return {str(parse_wheel_filename(p.name)[0]): p for p in FILES if p.suffix == ".whl"}


@cache
def archive(name: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(wheels()[name])


def dist_info(name: str) -> str:
    (record,) = [n for n in archive(name).namelist() if n.endswith(".dist-info/RECORD")]
    return record.removesuffix("/RECORD")


def metadata(name: str) -> Metadata:
    return Metadata.from_email(archive(name).read(f"{dist_info(name)}/METADATA"), validate=True)


pytestmark = writers.only_ours(FILES)
every_wheel = pytest.mark.parametrize("name", EXPECTED)


def test_exactly_the_expected_wheels_are_built() -> None:
    assert set(wheels()) == set(EXPECTED)


def test_sha256sums_verifies_every_wheel() -> None:
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", SUMS.name], check=True, cwd=SUMS.parent
    )
    assert len(SUMS.read_text().splitlines()) == len(EXPECTED)


@every_wheel
def test_the_tag_says_whether_there_are_compiled_parts(name: str) -> None:
    tags = {str(tag) for tag in parse_wheel_filename(wheels()[name].name)[3]}
    libraries = [n for n in archive(name).namelist() if n.endswith(".so")]
    assert tags == {EXPECTED[name][0]}
    assert bool(libraries) == (EXPECTED[name][0] == NATIVE)
    assert libraries == ([NATIVE_MODULES[name]] if name in NATIVE_MODULES else [])


@every_wheel
def test_metadata_passes_the_standards_validation_and_agrees_with_the_file_name(name: str) -> None:
    fields = metadata(name)
    assert fields.metadata_version == "2.4"
    assert canonicalize_name(fields.name) == name
    assert fields.version == parse_wheel_filename(wheels()[name].name)[1]
    assert str(fields.requires_python) == ">=3.11"
    assert fields.license_expression is not None


@every_wheel
def test_no_wheel_asks_for_torch(name: str) -> None:
    names = {
        canonicalize_name(Requirement(str(r)).name) for r in metadata(name).requires_dist or ()
    }
    assert not {n for n in names if n.startswith(("torch", "nvidia")) and n != "torch2ms"}


def test_wheels_ask_for_one_another_by_the_version_that_is_built() -> None:
    built = {name: metadata(name).version for name in EXPECTED}
    for name in EXPECTED:
        for requirement in metadata(name).requires_dist or ():
            other = canonicalize_name(requirement.name)
            if other in built:
                assert str(requirement.specifier) == f"=={built[other]}"


@every_wheel
def test_entries_carry_no_time_and_record_is_true_of_all(name: str) -> None:
    entries = archive(name).infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    record = archive(name).read(f"{dist_info(name)}/RECORD").decode()
    rows = {path: (digest, size) for path, digest, size in csv.reader(record.splitlines())}
    assert set(rows) == {entry.filename for entry in entries}
    for entry in entries:
        if entry.filename.endswith(".dist-info/RECORD"):
            continue
        digest = hashlib.sha256(archive(name).read(entry)).digest()
        expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert rows[entry.filename] == (f"sha256={expected}", str(entry.file_size))


@every_wheel
def test_licences_travel_with_the_wheel(name: str) -> None:
    files = metadata(name).license_files or []
    assert "LICENSE" in files
    for file in files:
        assert archive(name).read(f"{dist_info(name)}/licenses/{file}")


@every_wheel
def test_the_origin_is_stated(name: str) -> None:
    folder = dist_info(name)
    origin = json.loads(archive(name).read(f"{folder}/provenance.json"))
    bom = json.loads(archive(name).read(f"{folder}/sboms/{metadata(name).name}.cdx.json"))
    assert origin["distribution"] == bom["metadata"]["component"]["name"] == metadata(name).name
    assert origin["version"] == bom["metadata"]["component"]["version"]
    upstream = EXPECTED[name][2]
    converted = [pin for pin in origin["upstreams"] if pin["role"] == "converted"]
    assert [pin["name"] for pin in converted] == ([upstream] if upstream else [])
    if upstream:
        assert len(converted[0]["sha256"]) == 64
        assert origin["conversion"]["manifest_sha256"]


def python_sources(name: str) -> Iterator[tuple[str, ast.Module]]:
    for entry in archive(name).namelist():
        if entry.endswith(".py"):
            yield entry, ast.parse(archive(name).read(entry), entry)


def imported(tree: ast.Module) -> set[str]:
    """Top-level packages that a module imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


@every_wheel
def test_nothing_in_a_wheel_imports_torch(name: str) -> None:
    sources = list(python_sources(name))
    package = EXPECTED[name][1].replace(".", "/")
    assert any(entry.startswith(f"{package}/") for entry, _ in sources)
    assert [entry for entry, tree in sources if "torch" in imported(tree)] == []


@every_wheel
def test_only_the_package_itself_is_inside(name: str) -> None:
    top = EXPECTED[name][1].replace(".", "/")
    inside = (f"{top}/", f"{dist_info(name)}/")
    others = [n for n in archive(name).namelist() if not n.startswith(inside)]
    # megatron/__init__.py is no part of upstream's own wheel layout that we may decide about.
    assert [n for n in others if n != "megatron/__init__.py"] == []


@every_wheel
def test_nothing_of_the_building_machine_is_inside(name: str) -> None:
    traces = [b"/execroot/", b"/sandbox/", b"/bazel-out/", os.fsencode(socket.gethostname())]
    traces.append(os.fsencode(SUMS.resolve().parent))
    for entry in archive(name).namelist():
        data = archive(name).read(entry)
        found = [trace for trace in traces if len(trace) > 5 and trace in data]
        assert found == [], entry


def test_the_converter_states_the_version_of_its_wheel() -> None:
    source = archive("torch2ms").read("torch2ms/__init__.py").decode()
    assert f'__version__ = "{metadata("torch2ms").version}"' in source
