# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Archives to fetch, and an index that is a folder: no test here needs a network."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from third_party.fetch.cache import Artifact

Fetch = Callable[..., subprocess.CompletedProcess[str]]

_BACKEND = """
import pathlib

pathlib.Path({marker!r}).touch()


def prepare_metadata_for_build_wheel(folder, settings=None):
    info = pathlib.Path(folder) / "sourced-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: sourced\\nVersion: 1.0\\n")
    return info.name


def build_wheel(folder, settings=None, metadata=None):
    raise RuntimeError("a download must not build")
"""


@dataclass(frozen=True)
class Index:
    """A folder that pip takes for its only index."""

    folder: Path

    def add_wheel(self, name: str = "sample", version: str = "1.0") -> Artifact:
        """Adds a small wheel and returns its pin."""
        file = f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(self.folder / file, "w") as wheel:
            wheel.writestr(f"{name}/__init__.py", f"VERSION = {version!r}\n")
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
            wheel.writestr(f"{info}/RECORD", "")
        return self.pin(name, version, file)

    def add_sdist(self, marker: Path) -> Artifact:
        """Adds a source archive whose own code, once it runs, leaves a marker behind."""
        files = {
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
            'backend-path = ["."]\n',
            "backend.py": _BACKEND.format(marker=str(marker)),
            "PKG-INFO": "Metadata-Version: 2.1\nName: sourced\nVersion: 1.0\n",
        }
        with tarfile.open(self.folder / "sourced-1.0.tar.gz", "w:gz") as archive:
            for path, text in files.items():
                member = tarfile.TarInfo(f"sourced-1.0/{path}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return self.pin("sourced", "1.0", "sourced-1.0.tar.gz")

    def pin(self, name: str, version: str, file: str) -> Artifact:
        """The pin of a file of this index."""
        digest = hashlib.sha256((self.folder / file).read_bytes()).hexdigest()
        return Artifact("pypi", name, version, file, digest, "third_party/upstreams.bzl:4")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An empty index."""
    folder = tmp_path / "index"
    folder.mkdir()
    return Index(folder)


@pytest.fixture
def fetch(tmp_path: Path, index: Index) -> Fetch:
    """Runs the fetcher as a repository rule does; online=False cuts the index off."""

    def run(
        *arguments: str | Path,
        online: bool = True,
        python: str | Path = sys.executable,
        **environ: str,
    ) -> subprocess.CompletedProcess[str]:
        settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "MINDFORGE_CACHE": str(tmp_path / "cache"),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
        }
        if online:
            settings["PIP_FIND_LINKS"] = str(index.folder)
        command = [python, "-s", "-P", "-B", "-m", "third_party.fetch.fetch", *arguments]
        return subprocess.run(
            command, env=settings | environ, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def archive_options(tmp_path: Path) -> Callable[[Artifact], list[str]]:
    """Writes a table with one pin, in line 4, and returns the archive command's options for it."""

    def options(pin: Artifact) -> list[str]:
        fields = {key: getattr(pin, key) for key in ("kind", "name", "version", "file", "sha256")}
        table = tmp_path / "upstreams.bzl"
        table.write_text(f"# A table.\n\nUPSTREAMS = {{\n    'wanted': {fields!r},\n}}\n")
        return [f"--table={table}", "--pin=wanted", "--origin=third_party/upstreams.bzl"]

    return options
