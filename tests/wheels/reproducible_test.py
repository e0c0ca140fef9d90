# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Every wheel and the bundle have the same bytes when built elsewhere.

The workspace is copied to another path, its files are given other dates, and a second Bazel server
with an output base, a home, a time zone and a language of its own builds the wheels and the bundle
from nothing: it converts and compiles everything again. What was fetched is shared (the
repositories of the outer build stand in), so that no network is needed; those bytes are pinned.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import nested_bazel
import writers
from nested_bazel import NestedBazel

ARTIFACTS = [Path(path) for path in os.environ["MINDFORGE_ARTIFACTS"].split()]

pytestmark = writers.only_ours(ARTIFACTS)


def fetched_repository(rootpath: str) -> str:
    """`name=folder` of the external repository that a file is from."""
    name = Path(rootpath).parts[1]
    file = Path("..", *Path(rootpath).parts[1:]).resolve()
    (folder,) = [p for p in file.parents if p.name == name and p.parent.name == "external"]
    return f"{name}={folder}"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The bazel-bin of a second build, elsewhere."""
    place = tmp_path_factory.mktemp("elsewhere")
    copy = place / "some-other-checkout"
    nested_bazel.copy_sources(Path("WORKSPACE").resolve().parent, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (place / "home").mkdir()
    repositories = os.environ["MINDFORGE_REPOSITORIES"].split()
    bazel = NestedBazel(
        copy,
        place / "output_base",
        startup=["--nohome_rc", "--max_idle_secs=60"],
        options=[
            f"--compilation_mode={os.environ['MINDFORGE_COMPILATION_MODE']}",
            "--experimental_repository_disable_download",
            "--repo_env=PIP_NO_INDEX=1",
            *(f"--override_repository={fetched_repository(path)}" for path in repositories),
        ],
        environment={
            "PATH": os.environ["PATH"],
            "HOME": str(place / "home"),
            "TZ": "Pacific/Auckland",
            "LANG": "C",
            "USER": "someone-else",
        },
    )
    try:
        bazel.build("//:wheels", "//models:deepseekv3")
        yield bazel.outputs()
    finally:
        bazel.close()


@pytest.mark.parametrize("artifact", ARTIFACTS, ids=lambda path: path.name)
def test_the_same_bytes_come_out_elsewhere(artifact: Path, rebuilt: Path) -> None:
    again = rebuilt / artifact
    assert artifact.resolve() != again.resolve()
    ours, theirs = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (artifact, again))
    assert theirs == ours
