# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: exit status, messages, help."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import torch2ms
from torch2ms import cli, tree

PACKAGES = str(Path(torch2ms.__file__).parent.parent)


@pytest.fixture
def source(tmp_path):
    """A tree of one file."""
    root = tmp_path / "src"
    root.mkdir()
    (root / "a.py").write_text("import torch\n")
    return root


def run(*arguments):
    return cli.main([str(argument) for argument in arguments])


def test_a_conversion_ends_with_status_0_and_says_what_it_did(source, tmp_path, capsys):
    assert run("convert", source, tmp_path / "out") == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 files, 1 changed, 0 recipes; torch references: 1 found, 1 resolved,")
    assert err == ""


def test_quiet_says_nothing(source, tmp_path, capsys):
    assert run("convert", source, tmp_path / "out", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_one_file_is_converted_into_one_file(source, tmp_path):
    assert run("convert", source / "a.py", tmp_path / "b.py") == 0
    assert (tmp_path / "b.py").read_text() == "import mstorch as torch\n"
    assert {path.name for path in tmp_path.iterdir()} == {"src", "b.py"}


def test_the_report_holds_the_numbers_and_the_findings(source, tmp_path):
    (source / "b.py").write_text("import torch, apex\ntorch = f()\ntorch.x\n")
    assert run("convert", source, tmp_path / "out", "--report", tmp_path / "r.json") == 0
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["numbers"] == {
        "files": 2,
        "files_changed": 2,
        "python_changed": 2,
        "found": 3,
        "resolved": 2,
        "converted": 3,
        "native": 0,
        "compile": 2,
        "unparsable": 0,
        "launches": 0,
        "launches_converted": 0,
    }
    assert report["left"][0]["package"] == "apex"
    assert [f["kind"] for f in report["files"][1]["findings"]] == ["left", "uncertain"]


def test_an_import_that_is_left_ends_with_status_1_and_a_list(source, tmp_path, capsys):
    (source / "b.py").write_text("# torch\n__import__('tor' 'ch')\n")
    assert run("convert", source, tmp_path / "out") == 1
    assert capsys.readouterr().err == "b.py:2: 'torch': the string is not written in one piece\n"
    assert (tmp_path / "out/b.py").exists()


def test_strict_ends_with_status_1_for_files_that_do_not_parse(source, tmp_path, capsys):
    (source / "b.py").write_text("import torch\nprint 'x'\n")
    assert run("convert", source, tmp_path / "one") == 0
    assert "1 files do not parse" in capsys.readouterr().out
    assert run("convert", source, tmp_path / "two", "--strict") == 1
    assert "b.py: copied unchanged: line 2" in capsys.readouterr().err


BAD_USE = {
    "no source": (["{tmp}/absent", "{tmp}/out"], "absent: no such file or directory"),
    "no source and no list": (["{tmp}/out"], "give SRC and OUT, or --files-from"),
    "both": (["{tmp}/src", "{tmp}/out", "--files-from", "x"], "give SRC and OUT, or --files-from"),
    "no list": (["--files-from", "{tmp}/absent", "{tmp}/out"], "absent: No such file"),
    "output inside": (["{tmp}/src", "{tmp}/src/out"], "lies inside of the source"),
    "no parent": (["{tmp}/src", "{tmp}/a/b"], "a: no such directory"),
    "file onto itself": (["{tmp}/src/a.py", "{tmp}/src/a.py"], "exists; --force replaces it"),
    "file onto itself by force": (
        ["{tmp}/src/a.py", "{tmp}/src/a.py", "--force"],
        "is the source itself",
    ),
    "file into a directory": (["{tmp}/src/a.py", "{tmp}/src"], "is a directory; name the file"),
    "file into nowhere": (["{tmp}/src/a.py", "{tmp}/b/a.py"], "b: no such directory"),
    "no recipes": (["{tmp}/src", "{tmp}/out", "--recipes", "{tmp}/r.toml"], "cannot read recipes"),
    "a report of another kind": (
        ["{tmp}/src", "{tmp}/out", "--report", "r.txt"],
        "must end in .json or .html",
    ),
    "a report nowhere": (
        ["{tmp}/src", "{tmp}/out", "--report", "{tmp}/absent/r.json"],
        "absent: no such directory",
    ),
}


@pytest.mark.parametrize("name", BAD_USE)
def test_bad_use_is_one_line_and_status_2(name, source, tmp_path, capsys):
    arguments, message = BAD_USE[name]
    before = sorted(tmp_path.rglob("*"))
    assert run("convert", *(argument.format(tmp=tmp_path) for argument in arguments)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("torch2ms: ") and message in err and err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["jax"],
        ["convert"],
        ["convert", "a", "b", "--target", "jax"],
        ["convert", "a", "b", "--jobs", "0"],
    ],
)
def test_usage_errors_end_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert "usage: torch2ms" in capsys.readouterr().err


def test_the_name_alone_tells_what_commands_there_are(capsys):
    assert run() == 2
    text = capsys.readouterr().err
    for word in ("usage: torch2ms", "convert", "check", "diff", "launch", "examples:"):
        assert word in text


def test_an_unwritable_place_is_one_line(source, tmp_path, capsys, monkeypatch):
    def refuse(out):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / ".out.x"))

    monkeypatch.setattr(tree, "_new_beside", refuse)
    assert run("convert", source, tmp_path / "out") == 2
    assert capsys.readouterr().err == f"torch2ms: {tmp_path}/.out.x: Permission denied\n"


def test_help_names_the_exit_statuses_and_every_option(capsys):
    with pytest.raises(SystemExit) as caught:
        run("convert", "--help")
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for word in ("exit status", "--target", "--recipes", "--report", "--force", "--strip-prefix"):
        assert word in text


def test_check_reports_and_writes_nothing(source, tmp_path, capsys):
    (source / "b.py").write_text("# torch\n__import__('tor' 'ch')\n")
    before = sorted(tmp_path.rglob("*"))
    assert run("check", source) == 1
    assert sorted(tmp_path.rglob("*")) == before
    out, err = capsys.readouterr()
    assert out.startswith("2 files, 1 changed")
    assert err.startswith("b.py:2: ")
    assert run("check", source / "a.py", "--report", tmp_path / "r.json") == 0
    assert json.loads((tmp_path / "r.json").read_text())["numbers"]["files"] == 1
    assert run("check", tmp_path / "absent") == 2


def test_diff_shows_the_bytes_that_change_and_no_others(source, capfdbinary):
    data = b"# coding: latin-1\nx = '\xe9\x0c'\r\nimport torch\nz"
    (source / "b.py").write_bytes(data)
    (source / "c.py").write_bytes(b"x\n")
    assert run("diff", source) == 0
    assert capfdbinary.readouterr().out == (
        b"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-import torch\n+import mstorch as torch\n"
        b"--- a/b.py\n+++ b/b.py\n@@ -1,4 +1,4 @@\n # coding: latin-1\n x = '\xe9\x0c'\r\n"
        b"-import torch\n+import mstorch as torch\n z\n\\ No newline at end of file\n"
    )


def test_diff_is_coloured_on_a_terminal(source, capfdbinary, monkeypatch):
    monkeypatch.setattr(cli.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert run("diff", source) == 0
    assert b"\x1b[32m+import mstorch as torch\x1b[0m\n" in capfdbinary.readouterr().out


def test_progress_is_drawn_on_a_terminal_and_cleared(source, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    times = iter(range(1000))
    monkeypatch.setattr(cli.time, "monotonic", lambda: float(next(times)))
    assert run("convert", source, tmp_path / "out") == 0
    assert capsys.readouterr().err == "\rtorch2ms: 1 of 1 files\r\033[K"


def test_an_interrupt_is_one_line_and_leaves_nothing(source, tmp_path, capsys, monkeypatch):
    def interrupt(*arguments):
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(tree, "_do", interrupt)
    assert run("convert", source, tmp_path / "out") == 130
    assert capsys.readouterr().err == "torch2ms: interrupted, nothing was written\n"
    assert list(tmp_path.iterdir()) == [source]


def test_the_module_runs_without_any_other_package(source, tmp_path):
    """-I -S: no site-packages and no environment, the standard library alone."""
    program = (
        f"import sys; sys.path.insert(0, {PACKAGES!r}); sys.dont_write_bytecode = True\n"
        "from torch2ms.cli import main\nsys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, "convert", source, tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out/a.py").read_text() == "import mstorch as torch\n"
