# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Provenance and bill of materials of wheels, and the folder of all wheels."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import wheel_origin
import wheel_set
from wheel_origin import CONTAINED, CONVERTED, Origin, OriginError, Pin

UPSTREAM = Pin(
    name="megatron_core",
    kind="pypi",
    version="0.12.1",
    license="Apache-2.0",
    role=CONVERTED,
    sha256="ab" * 32,
    distribution="megatron-core",
)
BINDER = Pin("binder", "git", "", "BSD-3-Clause", CONTAINED, commit="c0" * 20)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """A converted wheel of one module that also has a compiled part."""
    (tmp_path / "m.py").write_text("x = 1\n")
    manifest = {"converter": {"version": "0.1.0"}, "files": [{"path": "m.py"}]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return Origin(
        distribution="megatron-core-mindspore",
        version="0.12.1+mf1",
        license="Apache-2.0",
        producer_version="0.1.0",
        requires=["mstorch==0.1.0", "numpy<2"],
        pins=[UPSTREAM, BINDER],
        files=[("pkg/m.py", tmp_path / "m.py")],
        manifest=tmp_path / "manifest.json",
    )


def test_provenance_names_the_upstream_by_hash_and_the_conversion_by_its_manifest(
    origin: Origin,
) -> None:
    content = wheel_origin.provenance(origin)
    assert origin.manifest is not None
    assert content["upstreams"][0]["sha256"] == "ab" * 32
    assert content["upstreams"][1]["commit"] == "c0" * 20
    assert content["conversion"]["converter"] == {"version": "0.1.0"}
    digest = hashlib.sha256(origin.manifest.read_bytes()).hexdigest()
    assert content["conversion"]["manifest_sha256"] == digest
    assert "files" not in content["conversion"]


def test_the_digest_of_the_contents_follows_names_and_bytes_but_not_order(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    pair = [("p/a", tmp_path / "a"), ("p/b", tmp_path / "b")]
    digest = wheel_origin.contents_digest(pair)
    assert wheel_origin.contents_digest(pair[::-1]) == digest
    assert wheel_origin.contents_digest([("p", tmp_path)]) == digest
    assert wheel_origin.contents_digest([("q", tmp_path)]) != digest
    (tmp_path / "b").write_text("3")
    assert wheel_origin.contents_digest(pair) != digest


def test_a_converted_wheel_without_a_manifest_is_refused(origin: Origin) -> None:
    with pytest.raises(OriginError, match="megatron-core-mindspore is converted but has no"):
        wheel_origin.provenance(replace(origin, manifest=None))


def test_a_broken_manifest_is_refused(origin: Origin) -> None:
    assert origin.manifest is not None
    origin.manifest.write_text("{")
    with pytest.raises(OriginError, match=r"manifest\.json is not a converter manifest"):
        wheel_origin.provenance(origin)


def component_problems(component: dict[str, Any]) -> list[str]:
    """What CycloneDX 1.6 requires of a component and this one lacks."""
    problems = [key for key in ("type", "name") if not component.get(key)]
    if component["type"] not in {"application", "library"}:
        problems.append(f"type {component['type']}")
    if "purl" in component and not re.fullmatch(
        r"pkg:[a-z]+/[\w.%-]+(@[\w.%-]+)?", component["purl"]
    ):
        problems.append(f"purl {component['purl']}")
    for digest in component.get("hashes", ()):
        if digest["alg"] != "SHA-256" or not re.fullmatch("[0-9a-f]{64}", digest["content"]):
            problems.append(f"hash {digest}")
    return problems


def test_the_bill_of_materials_has_the_fields_cyclonedx_asks_for(origin: Origin) -> None:
    bom = wheel_origin.bill_of_materials(origin)
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    main = bom["metadata"]["component"]
    for component in [main, *main["pedigree"]["ancestors"], *bom["components"]]:
        assert component_problems(component) == []
    references = {main["bom-ref"], *(part["bom-ref"] for part in bom["components"])}
    assert {entry["ref"] for entry in bom["dependencies"]} == references
    for entry in bom["dependencies"]:
        assert set(entry["dependsOn"]) <= references


def test_the_bill_of_materials_tells_changed_contained_and_required_parts_apart(
    origin: Origin,
) -> None:
    bom = wheel_origin.bill_of_materials(origin)
    ancestors = bom["metadata"]["component"]["pedigree"]["ancestors"]
    assert [part["purl"] for part in ancestors] == ["pkg:pypi/megatron-core@0.12.1"]
    assert [part["bom-ref"] for part in bom["components"]] == [
        "pkg:generic/binder@" + "c0" * 20,
        "pkg:pypi/mstorch@0.1.0",
        "pkg:pypi/numpy",
    ]
    assert bom["metadata"]["component"]["purl"].endswith("@0.12.1%2Bmf1")


def test_nothing_in_either_document_varies_from_run_to_run(origin: Origin) -> None:
    text = json.dumps([wheel_origin.provenance(origin), wheel_origin.bill_of_materials(origin)])
    again = json.dumps([wheel_origin.provenance(origin), wheel_origin.bill_of_materials(origin)])
    assert text == again
    assert not re.search(r"timestamp|serialNumber|urn:uuid|20\d\d-\d\d-\d\dT", text)


def test_checksums_are_those_that_sha256sum_verifies(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    wheels = [source / "b-1-py3-none-any.whl", source / "a-1-py3-none-any.whl"]
    for wheel in wheels:
        wheel.write_bytes(wheel.name.encode())
    wheel_set.collect(wheels, out / "SHA256SUMS")
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], check=True, cwd=out)
    names = [line.split("  ")[1] for line in (out / "SHA256SUMS").read_text().splitlines()]
    assert names == ["a-1-py3-none-any.whl", "b-1-py3-none-any.whl"]
    (out / names[0]).write_bytes(b"changed")
    assert subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=out).returncode != 0
