# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Says where a wheel's contents come from: provenance.json and a CycloneDX bill of materials.

Both are functions of the pins, the converter's manifest and the packaged files. CycloneDX's
optional serial number and timestamp are left out, because they would differ from build to build.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

SCHEMA = "mindforge-provenance-1"
PRODUCER = "mindforge"
CONVERTED, CONTAINED = "converted", "contained"


class OriginError(ValueError):
    """The origin of a wheel cannot be stated; the message says what is missing."""


@dataclass(frozen=True)
class Pin:
    """One upstream as the table of pins has it, and what was done with it.

    `role` is CONVERTED (the wheel is a changed form of it) or CONTAINED (parts of it are inside).
    """

    name: str
    kind: str
    version: str
    license: str
    role: str
    sha256: str = ""
    commit: str = ""
    distribution: str = ""

    def purl(self) -> str:
        """Returns the package URL."""
        version = quote(self.version or self.commit, safe="")
        scheme = "pypi" if self.kind == "pypi" else "generic"
        return f"pkg:{scheme}/{quote(self.distribution or self.name)}@{version}"


@dataclass(frozen=True)
class Origin:
    """What is known about a wheel before it is written.

    Attributes:
        distribution, version, license: of the wheel.
        producer_version: version of this workspace.
        requires: the wheel's requirements.
        pins: the upstreams that went into it.
        files: (path in the wheel, file on disk).
        manifest: the converter's manifest, or None where nothing was converted.
    """

    distribution: str
    version: str
    license: str
    producer_version: str
    requires: Sequence[str] = ()
    pins: Sequence[Pin] = ()
    files: Sequence[tuple[str, Path]] = ()
    manifest: Path | None = None

    def purl(self) -> str:
        """Returns the package URL of the wheel."""
        return f"pkg:pypi/{quote(self.distribution)}@{quote(self.version, safe='')}"


@dataclass
class _Digest:
    lines: list[str] = field(default_factory=list)

    def add(self, name: str, data: bytes) -> None:
        self.lines.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")

    def hexdigest(self) -> str:
        return hashlib.sha256("".join(sorted(self.lines)).encode()).hexdigest()


def contents_digest(files: Sequence[tuple[str, Path]]) -> str:
    """Returns the sha256 of the sorted `sha256  path` lines of the files, folders walked."""
    digest = _Digest()
    for name, path in files:
        if not path.is_dir():
            digest.add(name, path.read_bytes())
            continue
        for found in path.rglob("*"):
            if not found.is_dir():
                digest.add(f"{name}/{found.relative_to(path).as_posix()}", found.read_bytes())
    return digest.hexdigest()


def _conversion(manifest: Path) -> dict[str, Any]:
    data = manifest.read_bytes()
    try:
        fields = json.loads(data)
    except ValueError as error:
        raise OriginError(f"{manifest.name} is not a converter manifest: {error}") from error
    fields.pop("files", None)
    return {**fields, "manifest_sha256": hashlib.sha256(data).hexdigest()}


def provenance(origin: Origin) -> dict[str, Any]:
    """Returns the content of provenance.json.

    Raises:
        OriginError: the wheel has a converted upstream but no manifest, or the manifest is broken.
    """
    if origin.manifest is None and any(pin.role == CONVERTED for pin in origin.pins):
        raise OriginError(f"{origin.distribution} is converted but has no converter manifest")
    return {
        "schema": SCHEMA,
        "distribution": origin.distribution,
        "version": origin.version,
        "producer": {"name": PRODUCER, "version": origin.producer_version},
        "upstreams": [
            {key: value for key, value in vars(pin).items() if value} for pin in origin.pins
        ],
        "conversion": _conversion(origin.manifest) if origin.manifest else None,
        "contents_sha256": contents_digest(origin.files),
    }


def _pin_component(pin: Pin) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": pin.purl(),
        "name": pin.distribution or pin.name,
        "version": pin.version or pin.commit,
        "licenses": [{"expression": pin.license}],
        "purl": pin.purl(),
    }
    if pin.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": pin.sha256}]
    return component


def _required_component(requirement: str) -> dict[str, Any]:
    match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?:==\s*([^\s,;]+))?", requirement)
    if match is None:
        raise OriginError(f"requirement {requirement!r} cannot be read")
    name = re.sub(r"[-_.]+", "-", match[1]).lower()
    purl = f"pkg:pypi/{name}" + (f"@{quote(match[2], safe='')}" if match[2] else "")
    component = {"type": "library", "bom-ref": purl, "name": name, "scope": "required"}
    return {**component, **({"version": match[2]} if match[2] else {}), "purl": purl}


def bill_of_materials(origin: Origin) -> dict[str, Any]:
    """Returns the content of the CycloneDX 1.6 document, see cyclonedx.org's specification."""
    inside = [_pin_component(pin) for pin in origin.pins if pin.role == CONTAINED]
    needed = [_required_component(requirement) for requirement in sorted(origin.requires)]
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": origin.purl(),
        "name": origin.distribution,
        "version": origin.version,
        "licenses": [{"expression": origin.license}],
        "purl": origin.purl(),
    }
    ancestors = [_pin_component(pin) for pin in origin.pins if pin.role == CONVERTED]
    if ancestors:
        component["pedigree"] = {"ancestors": ancestors}
    parts = inside + needed
    tool = {"type": "application", "name": PRODUCER, "version": origin.producer_version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"tools": {"components": [tool]}, "component": component},
        "components": parts,
        "dependencies": [
            {"ref": origin.purl(), "dependsOn": [part["bom-ref"] for part in parts]},
            *({"ref": part["bom-ref"], "dependsOn": []} for part in parts),
        ],
    }


def read_origin(text: str) -> Origin:
    """Reads the JSON form of an Origin."""
    data: Mapping[str, Any] = json.loads(text)
    return Origin(
        **{
            **data,
            "pins": [Pin(**pin) for pin in data["pins"]],
            "files": [(name, Path(path)) for name, path in data["files"]],
            "manifest": Path(data["manifest"]) if data["manifest"] else None,
        }
    )


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, path)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: --spec FILE --provenance FILE --sbom FILE."""
    parser = argparse.ArgumentParser(description="State where a wheel's contents come from.")
    for option in ("--spec", "--provenance", "--sbom"):
        parser.add_argument(option, type=Path, required=True)
    args = parser.parse_args(argv)
    try:
        origin = read_origin(args.spec.read_text(encoding="utf-8"))
        _write_json(args.provenance, provenance(origin))
        _write_json(args.sbom, bill_of_materials(origin))
    except (OriginError, OSError) as error:
        print(f"wheel_origin: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
