# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The sources of the workspace: style, types, forbidden content, agreement of pins and versions.

The test reads the real workspace, which it finds through the link that the runfiles hold for
WORKSPACE, because a file that no BUILD file names has to be looked at too.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

import content_rules
import locks
import source_tree
import style_tools
from content_rules import FORBIDDEN, Forbidden
from style_tools import FORMATS, LINTS, Style, Toolbox

STRICTLY_TYPED = ["converter/torch2ms", "tools/bundle", "tools/lint", "tools/wheel"]


def located(variable: str) -> Path:
    """The absolute path of the tool whose $(rootpath) is in an environment variable."""
    path = os.environ[variable]
    return Path(re.sub(r"^external/", "../", path)).absolute()


@pytest.fixture(scope="module")
def box() -> Toolbox:
    return Toolbox(
        root=Path("WORKSPACE").resolve().parent,
        python=located("MINDFORGE_TOOLS_PYTHON"),
        buildifier=located("MINDFORGE_BUILDIFIER"),
    )


@pytest.fixture(scope="module")
def files(box: Toolbox) -> list[Path]:
    return source_tree.source_files(box.root)


def test_the_lint_sees_the_workspace_and_not_a_copy_of_a_part(files: list[Path]) -> None:
    assert {Path("WORKSPACE"), Path("LICENSE"), Path("tests/tools/lint_test.py")} <= set(files)


@pytest.mark.parametrize("style", [*FORMATS, *LINTS], ids=lambda style: style.name)
def test_files_are_in_style(style: Style, box: Toolbox, files: list[Path]) -> None:
    complaint = style_tools.run(style.check(box), style.select(files), box.root)
    if complaint:
        pytest.fail(f"{complaint}\nmend the layout with: bazel run //:format", pytrace=False)


@pytest.mark.parametrize("folder", STRICTLY_TYPED)
def test_python_passes_strict_type_checks(folder: str, box: Toolbox, tmp_path: Path) -> None:
    # Modules of a package are checked as the package, modules of a program by their own names.
    is_package = (box.root / folder / "__init__.py").exists()
    start = Path(folder).parent if is_package else Path(folder)
    target = [Path(Path(folder).name)] if is_package else [Path()]
    command = style_tools.mypy_command(box, tmp_path)
    complaint = style_tools.run(command, target, box.root / start)
    if complaint:
        pytest.fail(complaint, pytrace=False)


@pytest.mark.parametrize("rule", FORBIDDEN, ids=lambda rule: rule.name)
def test_no_file_holds_forbidden_content(rule: Forbidden, box: Toolbox, files: list[Path]) -> None:
    texts = content_rules.readable(box.root, files)
    found = [o for path, text in texts.items() for o in content_rules.offences(rule, path, text)]
    assert found == [], rule.reason


def test_every_source_file_starts_with_copyright_and_licence(
    box: Toolbox, files: list[Path]
) -> None:
    texts = content_rules.readable(box.root, files)
    missing = [str(p) for p, text in texts.items() if content_rules.missing_header(p, text)]
    assert missing == []


def starlark_value(path: Path, name: str) -> object:
    """The literal that a .bzl file assigns to a name."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path} does not assign {name}")


def requirement_files(root: Path) -> list[Path]:
    return sorted((root / "third_party/python").glob("*.in"))


def test_every_requirement_is_in_its_lock_and_every_lock_has_its_requirements(
    box: Toolbox,
) -> None:
    sources = requirement_files(box.root)
    locked = {p.stem for p in (box.root / "third_party/python").glob("*.txt")}
    assert locked == {p.stem for p in sources}
    for source in sources:
        lock = locks.parse_lock(source.with_suffix(".txt").read_text())
        lines = [line.split("#")[0].strip() for line in source.read_text().splitlines()]
        wanted = [line for line in lines if line and not line.startswith("-")]
        assert locks.subset(lock, wanted), f"{source} asks for nothing"


def test_a_distribution_that_is_pinned_and_locked_has_one_version_and_hash(box: Toolbox) -> None:
    pins = starlark_value(box.root / "third_party/upstreams.bzl", "UPSTREAMS")
    assert isinstance(pins, dict)
    compared = 0
    for source in requirement_files(box.root):
        lock = locks.parse_lock(source.with_suffix(".txt").read_text())
        for pin in pins.values():
            entry = lock.get(locks.canonical(pin.get("name", "")))
            if entry is not None and pin["kind"] == "pypi":
                compared += 1
                assert entry.version == pin["version"], pin["name"]
                assert f"sha256:{pin['sha256']}" in entry.hashes, pin["name"]
    assert compared > 0


def test_packages_carry_the_version_of_the_workspace(box: Toolbox, files: list[Path]) -> None:
    version = starlark_value(box.root / "version.bzl", "VERSION")
    stated = {
        path: found[1]
        for path in files
        if path.name == "__init__.py"
        and (found := re.search(r'^__version__ = "(.*)"', (box.root / path).read_text(), re.M))
    }
    assert Path("converter/torch2ms/__init__.py") in stated
    assert {path: v for path, v in stated.items() if v != version} == {}
