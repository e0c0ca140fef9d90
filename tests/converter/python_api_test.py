# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands as functions of the package: the same arguments, the same results."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import torch2ms

PACKAGES = str(Path(torch2ms.__file__).parent.parent)


@pytest.fixture
def source(tmp_path):
    """A tree of two files, of which one cannot be converted."""
    root = tmp_path / "src"
    root.mkdir()
    (root / "a.py").write_text("import torch\n")
    (root / "b.py").write_text("# torch\n__import__('tor' 'ch')\n")
    (root / "run.sh").write_text("torchrun --nproc_per_node 8 train.py\n")
    return root


def test_convert_writes_the_tree_and_tells_what_was_done(source, tmp_path):
    report = tmp_path / "r.json"
    result = torch2ms.convert(str(source), tmp_path / "out", exclude=["run.sh"], report=report)
    assert isinstance(result, torch2ms.TreeResult)
    assert (tmp_path / "out/a.py").read_text() == "import mstorch as torch\n"
    assert result.problems() == ["b.py:2: 'torch': the string is not written in one piece"]
    assert [skipped.path for skipped in result.skipped] == ["run.sh"]
    assert json.loads(report.read_text())["numbers"]["files"] == 2


def test_strict_decides_what_is_a_problem(source):
    (source / "c.py").write_text("import torch\nprint 'x'\n")
    assert len(torch2ms.check(source).problems()) == 1
    assert len(torch2ms.check(source, strict=True).problems()) == 2


def test_launch_converts_scripts_alone(source, tmp_path):
    torch2ms.launch(source, tmp_path / "out")
    assert (tmp_path / "out/a.py").read_text() == "import torch\n"
    assert (tmp_path / "out/run.sh").read_text().startswith("msrun ")
    with pytest.raises(torch2ms.UsageError, match=r"a\.py: not a shell script"):
        torch2ms.launch(source / "a.py", tmp_path / "b.py")


def test_diff_gives_the_bytes_of_each_changed_file(source):
    first, second = torch2ms.diff(source)
    assert first == (
        b"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-import torch\n+import mstorch as torch\n"
    )
    assert second.startswith(b"--- a/run.sh\n")


def test_text_and_bytes_are_converted_in_memory():
    text, result = torch2ms.convert_source("import torch\nx = 'é'\n")
    assert text == "import mstorch as torch\nx = 'é'\n"
    assert result.path == "module.py" and result.changes[0].line == 1
    data, _ = torch2ms.convert_source(b"# coding: latin-1\nimport torch\nx = '\xe9'\n")
    assert data == b"# coding: latin-1\nimport mstorch as torch\nx = '\xe9'\n"


@pytest.mark.parametrize(
    "text",
    [
        "# coding: latin-1\nimport torch\nx = 'é'\n",
        "\ufeffimport torch\nx = 'é'\n",
        "\ufeff# coding: utf-8\nimport torch\n",
        "import torch\r\nx = 'é'\r",
    ],
)
def test_a_text_keeps_all_else_whatever_encoding_it_declares(text):
    after, result = torch2ms.convert_source(text)
    assert after == text.replace("import torch", "import mstorch as torch")
    assert result.unparsable is None


def test_the_path_says_what_kind_of_file_it_is():
    def convert(text, path):
        return torch2ms.convert_source(text, path=path)[0]

    assert convert("torch>=2\n", "requirements.txt") == "mstorch\n"
    assert convert("torchrun train.py\n", "run.sh").startswith("msrun ")
    assert convert("import torch\n", "notes.txt") == "import torch\n"


def test_a_module_of_the_tree_is_not_torch():
    assert torch2ms.convert_source("import torch\n", local=["torch"])[0] == "import torch\n"


def test_a_text_that_does_not_parse_comes_back_with_the_message():
    text, result = torch2ms.convert_source("import torch\nprint 'x'\n")
    assert text == "import torch\nprint 'x'\n"
    assert result.unparsable.startswith("line 2: ")


BAD = {
    "no such source": (lambda t: torch2ms.check(t / "absent"), "absent: no such file"),
    "no such source to show": (lambda t: list(torch2ms.diff(t / "absent")), "absent: no such"),
    "a target": (lambda t: torch2ms.check(t, target="jax"), "target 'jax': must be one of adapter"),
    "one pattern": (lambda t: torch2ms.check(t, exclude="tests"), "give a list of patterns"),
    "jobs": (lambda t: torch2ms.check(t, jobs=0), "jobs=0: not a number of processes"),
    "a report": (lambda t: torch2ms.check(t, report="r.txt"), "must end in"),
    "an encoding": (
        lambda t: torch2ms.convert_source("# coding: ascii\nx = 'é'\n", path="m.py"),
        "m.py: the text cannot be encoded as it declares",
    ),
    "an unknown encoding": (
        lambda t: torch2ms.convert_source("# coding: absent\n"),
        "the text cannot be encoded as it declares",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_use_is_an_error_that_names_it(name, tmp_path):
    call, message = BAD[name]
    with pytest.raises(torch2ms.UsageError, match=message):
        call(tmp_path)


def test_a_recipe_that_does_not_fit_is_an_error_of_its_own(source, tmp_path):
    with pytest.raises(torch2ms.RecipeError, match="cannot read recipes"):
        torch2ms.check(source, recipes=tmp_path / "absent.toml")
    assert issubclass(torch2ms.RecipeError, torch2ms.UsageError)


def modules_after(program):
    """What a fresh interpreter without site-packages has imported after running a program."""
    done = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "-c"),
            f"import sys; sys.path.insert(0, {PACKAGES!r}); before = set(sys.modules)\n{program}\n"
            "print('--', *sorted(set(sys.modules) - before), sep='\\n')",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.rpartition("--\n")[2].splitlines())


def test_importing_the_package_imports_nothing_else():
    assert modules_after("import torch2ms") == {"torch2ms", "__future__"}
    assert "torch2ms.commands" in modules_after("import torch2ms; torch2ms.convert")


def test_the_version_is_told_without_the_converter():
    program = (
        "from torch2ms import cli\n"
        "try:\n    cli.main(['--version'])\nexcept SystemExit as end:\n    assert end.code == 0"
    )
    ours = {
        name for name in modules_after(program) if name.startswith("torch2ms") and " " not in name
    }
    parser = {"api_commands", "cli", "collector", "errors", "targets"}
    assert ours == {"torch2ms", *(f"torch2ms.{name}" for name in parser)}


def test_one_python_file_is_converted_without_processes_launchers_or_differences():
    imported = modules_after("import torch2ms; torch2ms.convert_source('import torch')")
    assert not imported & {"multiprocessing", "difflib", "zipfile", "tarfile", "torch2ms.shell"}


def test_every_name_that_is_promised_is_there():
    for name in torch2ms.__all__:
        assert getattr(torch2ms, name).__doc__
        assert name in dir(torch2ms)
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        torch2ms.absent  # noqa: B018
