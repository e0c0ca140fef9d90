# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The lint's own rules: each has texts that it must catch and texts that it must leave alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import content_rules
import source_tree
import style_tools
from content_rules import FORBIDDEN
from style_tools import FORMATS

RULES = {rule.name: rule for rule in FORBIDDEN}

# Dots of addresses are written [.], so that this file holds none.
CAUGHT = [
    ("machine path", "cache = '/home/someone/.cache'"),
    ("machine path", "PATH=/root/bin:$PATH"),
    ("machine path", "see /mnt/data/x"),
    ("registry address", "https://pypi[.]org/simple"),
    ("registry address", "curl files.pythonhosted[.]org/x"),
    ("registry address", "registry = registry.npmjs[.]org"),
    ("registry address", "deb http://deb.debian[.]org/debian bookworm"),
    ("unfinished mark", "# TODO(me): later"),
    ("unfinished mark", "// FIXME"),
    ("conflict mark", "x = 1\n<<<<<<< mine\n"),
]

LEFT_ALONE = [
    ("machine path", "$HOME/root/x and models/work/x"),
    ("machine path", "the /homes of people; https://example.org/root/x"),
    ("machine path", "/usr/bin/env bash, /tmp, /dev/shm"),
    ("registry address", "the pypi kind of pin; kind = 'npm'"),
    ("registry address", "https://example.org/pypi"),
    ("unfinished mark", "method, TODOS, hacking, _XXXL"),
    ("conflict mark", "a <<<<<<< b\n======="),
]


@pytest.mark.parametrize(("rule", "text"), CAUGHT)
def test_a_forbidden_text_is_caught_with_its_place(rule: str, text: str) -> None:
    spelt = "\n" + text.replace("[.]", ".")
    (found,) = content_rules.offences(RULES[rule], Path("pkg/f.py"), spelt)
    assert found.startswith(("pkg/f.py:2: ", "pkg/f.py:3: "))


@pytest.mark.parametrize(("rule", "text"), LEFT_ALONE)
def test_a_harmless_text_is_left_alone(rule: str, text: str) -> None:
    assert content_rules.offences(RULES[rule], Path("pkg/f.py"), text) == []


HEADER = "# Copyright 2026 The MindForge Authors\n# SPDX-License-Identifier: Apache-2.0\n"


@pytest.mark.parametrize(
    ("name", "text", "missing"),
    [
        ("a.py", HEADER, False),
        ("a.sh", "#!/usr/bin/env bash\n" + HEADER, False),
        ("a.cc", HEADER.replace("#", "//"), False),
        ("pkg/__init__.py", "", False),
        ("notes.md", "words", False),
        ("a.py", "x = 1\n", True),
        ("a.py", "\n" * 9 + HEADER, True),
        ("a.py", HEADER.splitlines()[0], True),
        ("pkg/BUILD.bazel", "", True),
        ("WORKSPACE", "workspace()", True),
    ],
)
def test_a_source_file_starts_with_copyright_and_licence(
    name: str, text: str, missing: bool
) -> None:
    assert content_rules.missing_header(Path(name), text) is missing


def test_sources_outside_a_checkout_are_all_files_but_caches_and_links(tmp_path: Path) -> None:
    for name in ("a.py", "b/c.cc", "b/__pycache__/a.pyc", "bazel-out/x.py", ".git-not/x.bzl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "link.py").symlink_to("a.py")
    files = source_tree.source_files(tmp_path)
    assert [str(f) for f in files] == [".git-not/x.bzl", "a.py", "b/c.cc"]


def test_sources_of_a_checkout_are_what_git_has_or_would_add(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("venv/\n")
    (tmp_path / "venv").mkdir()
    for name in ("a.py", "venv/b.py"):
        (tmp_path / name).write_text("")
    assert [str(f) for f in source_tree.source_files(tmp_path)] == [".gitignore", "a.py"]


def test_every_kind_of_file_goes_to_its_own_formatter() -> None:
    files = [
        Path(n)
        for n in ("a.py", "b.cc", "b.h", "BUILD.bazel", "x.bzl", "y.BUILD", "WORKSPACE", "c.md")
    ]
    chosen = {style.name: [str(p) for p in style.select(files)] for style in FORMATS}
    assert chosen == {
        "imports": ["a.py"],
        "python": ["a.py"],
        "cpp": ["b.cc", "b.h"],
        "bazel": ["BUILD.bazel", "x.bzl", "y.BUILD", "WORKSPACE"],
    }


def test_a_tool_that_fails_silently_is_still_a_complaint(tmp_path: Path) -> None:
    assert style_tools.run(["false"], [Path("a")], tmp_path) == "false exited with 1"
    assert style_tools.run(["true"], [Path("a")], tmp_path) == ""
