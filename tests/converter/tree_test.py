# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Whole trees: what is converted, copied and left out, and that the result is whole or absent."""

import errno
import json
import os
import signal
import stat

import pytest

from torch2ms import python_file, recipes, rewrite, tree
from torch2ms.errors import UsageError
from torch2ms.targets import TARGETS
from torch2ms.tree import Options


@pytest.fixture
def source(tmp_path):
    """A small tree with something of every kind."""
    root = tmp_path / "src"
    files = {
        "lib/__init__.py": b"import torch\n",
        "lib/plain.py": b"x = 1\r\n",
        "lib/stub.pyi": b"import torch\n",
        "lib/broken.py": b"import torch\nprint 'x'\n",
        "lib/torch.py": b"import torch\n",
        "lib/data.bin": b"\x00import torch\n",
        "bin/run": b"#!/usr/bin/env python3\nimport torch\n",
        "bin/run.sh": b"#!/bin/sh\necho torch\n",
        "empty.py": b"",
        ".git/config": b"x",
        "lib/__pycache__/x.pyc": b"x",
    }
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "bin/run").chmod(0o755)
    return root


def contents(root):
    """Every file below a directory with its bytes, mode and link text."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    return found


def test_python_files_are_converted_and_others_copied(source, tmp_path):
    before = contents(source)
    tree.convert_tree(source, tmp_path / "out", Options())
    after = contents(tmp_path / "out")
    changed = {"lib/__init__.py", "lib/stub.pyi", "lib/torch.py", "bin/run"}
    for name in changed:
        assert after[name][0] == before[name][0].replace(b"torch", b"mstorch as torch", 1)
        assert after[name][1] == before[name][1]
    assert set(before) - set(after) == {".git/config", "lib/__pycache__/x.pyc"}
    assert set(after) - set(before) == {"torch2ms-manifest.json"}
    same = set(after) & set(before) - changed
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert contents(source) == before


def test_the_manifest_says_where_each_file_came_from(source, tmp_path):
    tree.convert_tree(source, tmp_path / "out", Options(upstream="lib==1.0"))
    text = (tmp_path / "out/torch2ms-manifest.json").read_text()
    assert str(tmp_path) not in text
    manifest = json.loads(text)
    assert manifest["upstream"] == {"name": "lib", "version": "1.0"}
    paths = [file["path"] for file in manifest["files"]]
    assert paths == sorted(paths) and "lib/data.bin" in paths
    entry = manifest["files"][paths.index("lib/__init__.py")]
    assert entry["edits"] == [
        {"line": 1, "before": "import torch", "after": "import mstorch as torch", "rule": "import"}
    ]
    assert entry["sha256"] != entry["source_sha256"]


def test_the_result_does_not_depend_on_the_number_of_processes(source, tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "_PARALLEL_BYTES", 0)
    for number in range(40):
        (source / f"lib/m{number}.py").write_text("import torch.nn\n" * number)
    tree.convert_tree(source, tmp_path / "one", Options(jobs=1))
    tree.convert_tree(source, tmp_path / "three", Options(jobs=3))
    assert contents(tmp_path / "one") == contents(tmp_path / "three")


@pytest.mark.parametrize("target", ["adapter", "native"])
def test_differences_do_not_depend_on_the_number_of_processes(source, target, monkeypatch):
    monkeypatch.setattr(tree, "_PARALLEL_BYTES", 0)
    monkeypatch.setattr(tree, "_PORTION", 7)
    for number in range(20):
        (source / f"lib/m{number}.py").write_text(f"import torch\ntorch.abs({number})\n")
    (source / "lib/m7.py").write_text("import torch\ntorch.abs = max\n")
    one, three = (list(tree.diffs(source, Options(jobs=jobs, target=target))) for jobs in (1, 3))
    assert len(one) > 20 and one == three


def test_the_first_file_that_cannot_be_converted_ends_the_work_of_all_processes(
    source, tmp_path, monkeypatch
):
    monkeypatch.setattr(tree, "_PARALLEL_BYTES", 0)
    for number in range(40):
        (source / f"lib/m{number}.py").write_text("import torch.nn\n" * number)

    def fail(data, task, settings, known):
        if task.path in ("lib/m12.py", "lib/m30.py"):
            raise UsageError(f"{task.path} is at fault")
        return data, python_file.FileResult(task.path, "", "")

    monkeypatch.setattr(tree, "convert_bytes", fail)
    for jobs in (1, 2, 5):
        with pytest.raises(UsageError, match=r"lib/m30\.py"):  # the larger one comes first
            tree.convert_tree(source, tmp_path / "out", Options(jobs=jobs))
    assert list(tmp_path.iterdir()) == [source]


def test_a_process_that_is_killed_is_an_error_and_leaves_nothing_behind(
    source, tmp_path, monkeypatch
):
    monkeypatch.setattr(tree, "_PARALLEL_BYTES", 0)
    convert, parent = tree.convert_bytes, os.getpid()

    def killed(*arguments):
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        # The other process gets a turn as well.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        return convert(*arguments)

    monkeypatch.setattr(tree, "convert_bytes", killed)
    with pytest.raises(UsageError, match=r"ended with -9; with --jobs 1"):
        tree.convert_tree(source, tmp_path / "out", Options(jobs=2))
    assert list(tmp_path.iterdir()) == [source]


def test_an_interrupt_ends_the_other_processes(source, tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "_PARALLEL_BYTES", 0)
    convert, parent = tree.convert_bytes, os.getpid()

    def convert_or_wait(*arguments):
        return convert(*arguments) if os.getpid() == parent else signal.pause()

    def interrupt(done, total):
        raise KeyboardInterrupt

    monkeypatch.setattr(tree, "convert_bytes", convert_or_wait)
    with pytest.raises(KeyboardInterrupt):
        tree.convert_tree(source, tmp_path / "out", Options(jobs=3), interrupt)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert list(tmp_path.iterdir()) == [source]


def test_converting_a_result_changes_nothing(source, tmp_path):
    tree.convert_tree(source, tmp_path / "one", Options())
    tree.convert_tree(tmp_path / "one", tmp_path / "two", Options())
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one.pop("torch2ms-manifest.json") != two.pop("torch2ms-manifest.json")
    assert one == two


def test_links_inside_of_the_tree_are_kept_and_others_left_out(source, tmp_path):
    (tmp_path / "outside.py").write_text("import torch\n")
    (source / "inside.py").symlink_to("lib/plain.py")
    (source / "absolute.py").symlink_to(source / "lib/plain.py")
    (source / "folder").symlink_to("lib")
    (source / "leaves.py").symlink_to(tmp_path / "outside.py")
    (source / "up").symlink_to("..")
    (source / "nothing").symlink_to("absent")
    result = tree.convert_tree(source, tmp_path / "out", Options())
    out = tmp_path / "out"
    assert os.readlink(out / "inside.py") == os.readlink(out / "absolute.py") == "lib/plain.py"
    assert os.readlink(out / "folder") == "lib"
    assert [(s.path, s.reason) for s in result.skipped] == [
        ("leaves.py", "a symbolic link that leaves the tree"),
        ("nothing", "a symbolic link to nothing"),
        ("up", "a symbolic link that leaves the tree"),
    ]
    assert (tmp_path / "outside.py").read_text() == "import torch\n"


def test_excluded_names_and_paths_are_left_out_and_listed(source, tmp_path):
    options = Options(exclude=["*.sh", "lib/b*"])
    result = tree.convert_tree(source, tmp_path / "out", options)
    assert [s.path for s in result.skipped] == ["bin/run.sh", "lib/broken.py"]
    assert not (tmp_path / "out/lib/broken.py").exists()


def test_a_virtual_environment_is_left_out_and_listed(source, tmp_path):
    (source / "venv/lib").mkdir(parents=True)
    (source / "venv/pyvenv.cfg").write_text("")
    (source / "venv/lib/m.py").write_text("import torch\n")
    result = tree.convert_tree(source, tmp_path / "out", Options())
    assert [(s.path, s.reason) for s in result.skipped] == [("venv", "a virtual environment")]
    assert not (tmp_path / "out/venv").exists()


def test_a_top_level_module_called_torch_is_the_trees_own(source, tmp_path):
    (source / "torch.py").write_text("x = 1\n")
    result = tree.convert_tree(source, tmp_path / "out", Options())
    assert (tmp_path / "out/lib/stub.pyi").read_text() == "import torch\n"
    assert result.problems(strict=True) == [
        line for line in result.problems(strict=True) if "broken.py" in line
    ]


@pytest.mark.parametrize(
    ("files", "base", "listed"),
    [
        (["apex/__init__.py"], "", []),
        (["apex/part/__init__.py"], "", []),
        (["src/apex/__init__.py"], "", []),
        (["apex/__init__.py"], "apex", []),
        (["tools/apex.py"], "", ["apex"]),
        (["src/__init__.py", "src/apex/__init__.py"], "", ["apex"]),
    ],
)
def test_a_package_that_the_tree_holds_is_not_left(tmp_path, files, base, listed):
    for file in [*files, f"{base or '.'}/user.py"]:
        (tmp_path / "src" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / file).write_text("")
    (tmp_path / "src" / base / "user.py").write_text("import apex\n")
    result = tree.check(tmp_path / "src" / base, Options())
    assert [finding.text for file in result.files for finding in file.findings] == listed


def test_a_directory_called_torch_without_modules_of_its_own_is_not_torch(source, tmp_path):
    (source / "torch").mkdir()
    (source / "torch/notes.txt").write_text("")
    tree.convert_tree(source, tmp_path / "out", Options())
    assert (tmp_path / "out/lib/stub.pyi").read_text() == "import mstorch as torch\n"


def test_a_package_with_a_part_called_torch_means_the_real_torch(source, tmp_path):
    tree.convert_tree(source / "lib", tmp_path / "out", Options())
    assert (tmp_path / "out/torch.py").read_text() == "import mstorch as torch\n"


def recipe(file, match="x = 1", replace="x = 2"):
    return recipes.Recipe("probe", file, "", match, replace, 1, "why", TARGETS, "r.toml:1")


def test_recipes_are_applied_and_recorded(source, tmp_path):
    options = Options(target="torch", recipes=[recipe("lib/plain.py")])
    tree.convert_tree(source, tmp_path / "out", options)
    assert (tmp_path / "out/lib/plain.py").read_bytes() == b"x = 2\r\n"
    assert (tmp_path / "out/lib/stub.pyi").read_bytes() == b"import torch\n"
    manifest = json.loads((tmp_path / "out/torch2ms-manifest.json").read_text())
    assert [(r["name"], r["lines"]) for r in manifest["recipes"]] == [("probe", [1])]


def test_recipes_are_not_applied_to_a_tree_that_they_made(source, tmp_path):
    options = Options(recipes=[recipe("lib/plain.py", "x = 1", "x = 1 + 1")])
    tree.convert_tree(source, tmp_path / "one", options)
    tree.convert_tree(tmp_path / "one", tmp_path / "two", options)
    tree.convert_tree(tmp_path / "two", tmp_path / "three", options)
    assert (tmp_path / "three/lib/plain.py").read_bytes() == b"x = 1 + 1\r\n"


def test_an_older_form_of_a_recipe_in_the_manifest_is_an_error(source, tmp_path):
    options = Options(recipes=[recipe("lib/plain.py")])
    tree.convert_tree(source, tmp_path / "one", options)
    newer = Options(recipes=[recipe("lib/plain.py", replace="x = 3")])
    with pytest.raises(recipes.RecipeError, match="an older form of it"):
        tree.convert_tree(tmp_path / "one", tmp_path / "two", newer)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("lib/absent.py", "there is no such file"),
        ("lib/data.bin", "not a Python file"),
        ("lib/stub.pyi", "matches nothing"),
    ],
)
def test_a_recipe_that_does_not_fit_leaves_nothing_behind(source, tmp_path, file, message):
    before = set(tmp_path.iterdir())
    with pytest.raises(recipes.RecipeError, match=message):
        tree.convert_tree(source, tmp_path / "out", Options(recipes=[recipe(file)]))
    assert set(tmp_path.iterdir()) == before


def test_a_full_disk_leaves_nothing_behind(source, tmp_path, monkeypatch):
    def fail(path, mode, **options):
        if path.endswith("stub.pyi") and "w" in mode:
            raise OSError(errno.ENOSPC, "No space left on device")
        return open(path, mode, **options)

    monkeypatch.setattr(tree, "open", fail, raising=False)
    with pytest.raises(UsageError, match=r"stub\.pyi: No space left on device"):
        tree.convert_tree(source, tmp_path / "out", Options())
    assert list(tmp_path.iterdir()) == [source]


def test_an_interrupt_leaves_nothing_behind(source, tmp_path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tree.convert_tree(source, tmp_path / "out", Options(), interrupt)
    assert list(tmp_path.iterdir()) == [source]


def test_an_earlier_result_is_replaced_only_when_forced(source, tmp_path):
    tree.convert_tree(source, tmp_path / "out", Options())
    (source / "new.py").write_text("")
    with pytest.raises(UsageError, match="--force"):
        tree.convert_tree(source, tmp_path / "out", Options())
    tree.convert_tree(source, tmp_path / "out", Options(force=True))
    assert (tmp_path / "out/new.py").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"src", "out"}


def test_a_failed_replacement_leaves_the_earlier_result(source, tmp_path):
    tree.convert_tree(source, tmp_path / "out", Options())
    before = contents(tmp_path / "out")
    with pytest.raises(recipes.RecipeError):
        options = Options(force=True, recipes=[recipe("absent.py")])
        tree.convert_tree(source, tmp_path / "out", options)
    assert contents(tmp_path / "out") == before


def test_other_directories_are_never_replaced(source, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes").write_text("x")
    with pytest.raises(UsageError, match="was not made by torch2ms"):
        tree.convert_tree(source, tmp_path / "mine", Options(force=True))
    assert (tmp_path / "mine/notes").exists()


def test_an_empty_directory_is_filled(source, tmp_path):
    (tmp_path / "out").mkdir()
    tree.convert_tree(source, tmp_path / "out", Options())
    assert (tmp_path / "out/empty.py").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("src", "is the source itself"),
        ("src/inner", "inside of the source"),
        (".", "lies inside of it"),
        ("absent/out", "no such directory"),
        ("file", "is not a directory"),
    ],
)
def test_an_unusable_output_is_an_error(source, tmp_path, out, message):
    (tmp_path / "file").write_text("x")
    before = contents(tmp_path)
    with pytest.raises(UsageError, match=message):
        tree.convert_tree(source, tmp_path / out, Options())
    assert contents(tmp_path) == before


def test_listed_files_go_where_their_prefix_says(source, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "other").write_text("stays")
    files = [f"{source}/lib/stub.pyi", f"{source}/bin/run", f"{source}/empty.py"]
    result = tree.convert_files(files, [f"{source}/lib", f"{source}/"], out, Options())
    assert [file.path for file in result.files] == ["bin/run", "empty.py", "stub.pyi"]
    assert (out / "stub.pyi").read_text() == "import mstorch as torch\n"
    assert {path.name for path in out.iterdir()} == {
        *("bin", "empty.py", "stub.pyi", "torch2ms-manifest.json", "other")
    }


@pytest.mark.parametrize(
    ("files", "prefixes", "message"),
    [
        (["lib/stub.pyi"], ["other"], "does not begin with other"),
        (["lib/stub.pyi", "bin/stub.pyi"], ["lib", "bin"], "has the same place"),
        (["lib/absent.py"], [], "no such file"),
        (["../x.py"], [], "give --strip-prefix"),
    ],
)
def test_a_list_that_cannot_be_placed_is_an_error(
    source, tmp_path, monkeypatch, files, prefixes, message
):
    monkeypatch.chdir(source)
    (source / "bin/stub.pyi").write_text("")
    with pytest.raises(UsageError, match=message):
        tree.convert_files(files, prefixes, tmp_path / "out", Options())
    assert not (tmp_path / "out").exists()


def test_listed_files_are_replaced_only_when_all_are_converted(source, tmp_path):
    out = tmp_path / "out"
    tree.convert_files([f"{source}/empty.py"], [str(source)], out, Options())
    before = contents(out)
    with pytest.raises(recipes.RecipeError):
        options = Options(recipes=[recipe("empty.py")])
        tree.convert_files([f"{source}/empty.py"], [str(source)], out, options)
    assert contents(out) == before


def test_a_leftover_import_is_found_in_the_result(monkeypatch):
    """The check after conversion does not trust the rules: here these do nothing."""
    nothing = rewrite.Rewrite()
    monkeypatch.setattr(python_file, "rewrite", lambda *arguments: nothing)
    monkeypatch.setattr(python_file, "apply_edits", lambda body, edits: body + b"# changed\n")
    data = b"def f():\n from torch import nn\n from .torch import x\nclass A:\n import torch.nn\n"
    _, result = python_file.convert(data, "a.py", python_file.Settings("adapter"))
    assert [(f.line, f.kind, f.text) for f in result.findings] == [
        (2, "unconverted", "torch"),
        (5, "unconverted", "torch.nn"),
    ]


def test_a_result_that_does_not_compile_is_a_problem_unless_the_source_did_not_either(tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    (source / "a.py").write_text("import torch\nreturn 1\n")
    result = tree.convert_tree(source, tmp_path / "out", Options())
    assert result.problems(strict=False) == []
    assert "does not compile" in result.problems(strict=True)[0]
