# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Vendoring: whole trees or nothing, and nobody's files overwritten."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import vendor
from vendor import Tree, VendorError


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    root = tmp_path / "built"
    (root / "pkg/sub").mkdir(parents=True)
    names = ("pkg/__init__.py", "pkg/sub/a.py", "torch2ms-manifest.json")
    for name in names:
        (root / name).write_text(name)
        (root / name).chmod(0o555)
    return Tree(root, names)


def contents(folder: Path) -> dict[str, str]:
    files = [p for p in folder.rglob("*") if p.is_file()]
    return {p.relative_to(folder).as_posix(): p.read_text() for p in files}


def neighbours(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.parent.iterdir() if p.name != "built")


def test_the_tree_is_written_with_its_manifest_and_checksums(tree: Tree, tmp_path: Path) -> None:
    vendor.write_tree(tree, tmp_path / "deep/out")
    written = contents(tmp_path / "deep/out")
    assert set(written) == {*tree.files, "SHA256SUMS"}
    assert written["pkg/sub/a.py"] == "pkg/sub/a.py"
    assert os.access(tmp_path / "deep/out/pkg/sub/a.py", os.W_OK)
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(check, check=True, cwd=tmp_path / "deep/out")


def test_an_empty_folder_and_an_earlier_tree_are_replaced(tree: Tree, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    vendor.write_tree(tree, out)
    (out / "pkg/__pycache__").mkdir()
    (out / "pkg/__pycache__/a.pyc").write_text("cache")
    vendor.write_tree(Tree(tree.root, tree.files[1:]), out)
    assert set(contents(out)) == {*tree.files[1:], "SHA256SUMS"}
    assert neighbours(out) == ["out"]


@pytest.mark.parametrize("change", ["new file", "edited file", "no checksums", "link"])
def test_a_folder_with_foreign_content_is_left_as_it_is(
    tree: Tree, tmp_path: Path, change: str
) -> None:
    out = tmp_path / "out"
    vendor.write_tree(tree, out)
    if change == "new file":
        (out / "pkg/mine.py").write_text("mine")
    elif change == "edited file":
        (out / "pkg/sub/a.py").write_text("mine")
    elif change == "no checksums":
        (out / "SHA256SUMS").unlink()
    else:
        (out / "pkg/link.py").symlink_to("sub/a.py")
    before = contents(out)
    with pytest.raises(VendorError, match="not of an earlier run or were edited"):
        vendor.write_tree(tree, out)
    assert contents(out) == before
    assert neighbours(out) == ["out"]


def test_a_file_in_place_of_the_folder_is_refused(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(VendorError, match="is not a folder"):
        vendor.write_tree(tree, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_copy_that_fails_half_way_leaves_the_earlier_tree(tree: Tree, tmp_path: Path) -> None:
    out = tmp_path / "out"
    vendor.write_tree(tree, out)
    before = contents(out)
    with pytest.raises(FileNotFoundError):
        vendor.write_tree(Tree(tree.root, (*tree.files, "absent.py")), out)
    assert contents(out) == before
    assert neighbours(out) == ["out"]


def test_an_unknown_name_is_answered_with_the_names_there_are(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index = tmp_path / "index.json"
    entry = {"root": str(tree.root), "files": list(tree.files)}
    index.write_text(json.dumps({"one": entry, "two": entry}))
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", str(tmp_path))
    assert vendor.main(["--index", str(index), "three", "out"]) == 1
    message = "vendor: there is no converted tree 'three'; there are: one, two\n"
    assert capsys.readouterr().err == message
    assert vendor.main(["--index", str(index), "two", "out"]) == 0
    assert set(contents(tmp_path / "out")) == {*tree.files, "SHA256SUMS"}
