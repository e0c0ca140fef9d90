# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The wheel writer: bytes, metadata and refusals."""

from __future__ import annotations

import base64
import csv
import email
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

import core_metadata
import wheel_writer
from core_metadata import Project, WheelError
from wheel_writer import WheelSpec


@pytest.fixture
def spec(tmp_path: Path) -> WheelSpec:
    """A wheel with a module, data, a script, a licence and a description."""
    files = {
        "src/pkg/__init__.py": b"VALUE = 7\n",
        "src/pkg/sub/data.txt": "größer\n".encode(),
        "src/pkg/run.sh": b"#!/bin/sh\nexit 0\n",
        "src/pkg/a name, with comma.txt": b"x",
        "LICENSE": b"terms\n",
        "about.md": b"# pkg\n\nWords.\n",
    }
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    project = Project(
        distribution="Some-Pkg",
        version="1.2+mf1",
        summary="A package.",
        license="Apache-2.0 OR MIT",
        python_requires=">=3.11",
        requires=["numpy<2", "other==1.0"],
        extra_requires={"plot": ["drawing>=2"]},
        classifiers=["Programming Language :: Python :: 3"],
        project_urls={"Documentation": "https://example.org/docs"},
    )
    return WheelSpec(
        project=project,
        entry_points={"console_scripts": ["pkg = pkg:main", "also = pkg.sub:run"]},
        files=[(n, tmp_path / n) for n in files if n.startswith("src/")],
        distinfo=[("licenses/LICENSE", tmp_path / "LICENSE")],
        strip_path_prefixes=["src/"],
        description_file=tmp_path / "about.md",
    )


def opened(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


def test_bytes_are_the_same_however_the_inputs_are_ordered_dated_and_permitted(
    spec: WheelSpec,
) -> None:
    first = wheel_writer.wheel_bytes(spec)
    shuffled = list(spec.files)
    random.Random(3).shuffle(shuffled)
    assert shuffled != spec.files
    for _, path in spec.files:
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert wheel_writer.wheel_bytes(replace(spec, files=shuffled)) == first


def test_bytes_are_the_same_in_another_process_with_another_clock_zone_and_hash_seed(
    spec: WheelSpec, tmp_path: Path
) -> None:
    description = {
        "project": {"distribution": "x", "version": "1"},
        "files": [[name, str(path)] for name, path in spec.files],
        "description_file": None,
    }
    (tmp_path / "spec.json").write_text(json.dumps(description))
    outputs = []
    for zone, seed in (("UTC", "1"), ("Asia/Tokyo", "2")):
        out = tmp_path / f"{seed}.whl"
        command = [sys.executable, wheel_writer.__file__, "--spec", tmp_path / "spec.json"]
        environment = {
            **os.environ,
            "TZ": zone,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(Path(core_metadata.__file__).parent),
        }
        subprocess.run([*command, "--out", out], check=True, env=environment)
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]


def test_bytes_follow_the_contents(spec: WheelSpec) -> None:
    first = wheel_writer.wheel_bytes(spec)
    spec.files[0][1].write_bytes(b"VALUE = 8\n")
    assert wheel_writer.wheel_bytes(spec) != first


def test_entries_are_sorted_dated_1980_made_on_unix_and_record_comes_last(spec: WheelSpec) -> None:
    entries = opened(wheel_writer.wheel_bytes(spec)).infolist()
    names = [entry.filename for entry in entries]
    assert names[:-1] == sorted(names[:-1])
    assert names[-1] == "some_pkg-1.2+mf1.dist-info/RECORD"
    for entry in entries:
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert entry.create_system == 3
        assert entry.extra == b""


def test_modes_follow_the_content_and_not_the_disk(spec: WheelSpec) -> None:
    for _, path in spec.files:
        path.chmod(0o600)
    entries = opened(wheel_writer.wheel_bytes(spec)).infolist()
    modes = {entry.filename: entry.external_attr >> 16 for entry in entries}
    assert modes["pkg/run.sh"] == 0o100755
    assert modes["pkg/__init__.py"] == 0o100644


def test_record_states_hash_and_size_of_every_entry(spec: WheelSpec) -> None:
    archive = opened(wheel_writer.wheel_bytes(spec))
    record = archive.read("some_pkg-1.2+mf1.dist-info/RECORD").decode()
    rows = {name: (digest, size) for name, digest, size in csv.reader(record.splitlines())}
    assert set(rows) == set(archive.namelist())
    for name, (digest, size) in rows.items():
        if name.endswith("/RECORD"):
            assert (digest, size) == ("", "")
            continue
        data = archive.read(name)
        expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert (digest, size) == (f"sha256={expected}", str(len(data)))


def test_metadata_passes_the_packaging_standards_validation(spec: WheelSpec) -> None:
    text = opened(wheel_writer.wheel_bytes(spec)).read("some_pkg-1.2+mf1.dist-info/METADATA")
    metadata = Metadata.from_email(text, validate=True)
    assert metadata.metadata_version == "2.4"
    assert metadata.license_expression == "Apache-2.0 OR MIT"
    assert metadata.license_files == ["LICENSE"]
    assert metadata.provides_extra == ["plot"]
    assert [str(r) for r in metadata.requires_dist or ()] == [
        "numpy<2",
        "other==1.0",
        'drawing>=2; extra == "plot"',
    ]
    assert metadata.description == "# pkg\n\nWords.\n"
    assert metadata.description_content_type == "text/markdown"


def test_metadata_without_options_passes_validation() -> None:
    text = core_metadata.metadata_text(Project(distribution="x", version="0"))
    metadata = Metadata.from_email(text, validate=True)
    assert (metadata.name, str(metadata.version)) == ("x", "0")


@pytest.mark.parametrize(
    ("python_tag", "abi", "platform", "pure"),
    [
        ("py3", "none", "any", "true"),
        ("py2.py3", "none", "any", "true"),
        ("cp311", "cp311", "linux_x86_64", "false"),
    ],
)
def test_file_name_and_wheel_file_agree_on_the_tags(
    spec: WheelSpec, python_tag: str, abi: str, platform: str, pure: str
) -> None:
    tagged = replace(spec, python_tag=python_tag, abi=abi, platform=platform)
    name, version, _, tags = parse_wheel_filename(wheel_writer.wheel_name(tagged))
    archive = opened(wheel_writer.wheel_bytes(tagged))
    fields = email.message_from_bytes(archive.read("some_pkg-1.2+mf1.dist-info/WHEEL"))
    assert (name, str(version)) == ("some-pkg", "1.2+mf1")
    assert {Tag(*str(t).split("-")) for t in fields.get_all("Tag") or ()} == tags
    assert fields["Root-Is-Purelib"] == pure


def test_entry_points_are_sorted_within_groups() -> None:
    text = core_metadata.entry_points_text({"b": ["z = m:f", "a = m:g"], "a": ["x = m"]})
    assert text == "[a]\nx = m\n\n[b]\na = m:g\nz = m:f\n"


def test_a_folder_stands_for_the_files_below_it(tmp_path: Path) -> None:
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    (tmp_path / "tree" / "deep" / "f.py").write_text("")
    spec = WheelSpec(Project("x", "1"), files=[("pkg", tmp_path / "tree")])
    assert "pkg/deep/f.py" in opened(wheel_writer.wheel_bytes(spec)).namelist()


def test_two_different_files_for_one_path_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    files = [("p/m.py", tmp_path / "a"), ("p/m.py", tmp_path / "b")]
    with pytest.raises(WheelError, match=r"two different files would become 'p/m\.py'"):
        wheel_writer.wheel_bytes(WheelSpec(Project("x", "1"), files=files))


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", "a//b", "./a"])
def test_a_path_outside_the_wheel_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_text("1")
    with pytest.raises(WheelError, match="is not a path inside a wheel"):
        wheel_writer.wheel_bytes(WheelSpec(Project("x", "1"), files=[(name, tmp_path / "a")]))


@pytest.mark.parametrize("name", ["", "-x", "x y", "größe", "x-"])
def test_an_invalid_project_name_is_refused(name: str) -> None:
    with pytest.raises(WheelError, match="not a valid project name"):
        core_metadata.metadata_text(Project(distribution=name, version="1"))


def test_a_line_break_in_a_field_is_refused() -> None:
    with pytest.raises(WheelError, match="Summary must be one line"):
        core_metadata.metadata_text(Project("x", "1", summary="a\nLicense-Expression: MIT"))


@pytest.mark.parametrize("entry", ["noequals", "a = ", "a = m:f:g", " = m:f"])
def test_a_malformed_entry_point_is_refused(entry: str) -> None:
    with pytest.raises(WheelError, match="is not 'name = module:object'"):
        core_metadata.entry_points_text({"console_scripts": [entry]})


def test_a_missing_input_is_one_line_and_leaves_no_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = {"project": {"distribution": "x", "version": "1"}, "files": [["a", "absent"]]}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    out = tmp_path / "x.whl"
    assert wheel_writer.main(["--spec", str(tmp_path / "spec.json"), "--out", str(out)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["spec.json"]


def test_pip_installs_the_wheel_and_its_script_runs(tmp_path: Path) -> None:
    source = tmp_path / "hello.py"
    source.write_text("def main():\n    print('hello from the wheel')\n")
    spec = WheelSpec(
        Project("hello-wheel", "0.1"),
        entry_points={"console_scripts": ["hello = hello:main"]},
        files=[("hello.py", source)],
    )
    wheel = tmp_path / wheel_writer.wheel_name(spec)
    wheel.write_bytes(wheel_writer.wheel_bytes(spec))
    target = tmp_path / "site"
    install = ["install", "--quiet", "--no-index", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, cwd=tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    ran = subprocess.run(
        [target / "bin" / "hello"], check=True, capture_output=True, text=True, env=environment
    )
    assert ran.stdout == "hello from the wheel\n"
