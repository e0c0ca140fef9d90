# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The fifth number: changed modules that import, each tried in a process of its own."""

import json
import sys

import pytest

from torch2ms import cli, commands, importing
from torch2ms.errors import UsageError

MODULES = {
    "pkg/__init__.py": "import torch, os\nassert not os.listdir('.')\n",
    "pkg/good.py": "import torch, pkg\nprint('noise')\n",
    "pkg/lacks.py": "import torch, absent_package.part\n",
    "pkg/wraps.py": (
        "import torch\ntry:\n    import absent_package\nexcept ImportError as error:\n"
        "    raise RuntimeError('first\\nlast') from error\n"
    ),
    "pkg/adapter.py": "import torch.absent\n",
    "pkg/own.py": "import torch\nimport pkg.absent\n",
    "pkg/name.py": "import torch\nfrom pkg.good import absent\n",
    "pkg/crash.py": "import torch, os\nos.abort()\n",
    "pkg/leaves.py": "import torch, os\nos._exit(0)\n",
    "pkg/exits.py": "import torch, sys\nsys.exit(3)\n",
    "pkg/asks.py": "import torch\ninput()\n",
    "pkg/spoils.py": "import torch, pkg.good\ndel torch.Tensor\npkg.good.absent = 1\n",
    "pkg/uses.py": "import torch\ntorch.Tensor\n",
    "pkg/unchanged.py": "1 / 0\n",
    "tools/helper.py": "import torch\n",
    "tools/script.py": "import torch, helper\n",
    "tools/with-dash.py": "import torch\n",
    "setup.py": "import torch\n",
}
EXPECTED = {
    "pkg/__init__.py": ("pkg", None, None),
    "pkg/adapter.py": (
        "pkg.adapter",
        "ModuleNotFoundError: No module named 'mstorch.absent'",
        None,
    ),
    "pkg/asks.py": ("pkg.asks", "EOFError: EOF when reading a line", None),
    "pkg/crash.py": ("pkg.crash", "the process was killed by SIGABRT", None),
    "pkg/exits.py": ("pkg.exits", "SystemExit: 3", None),
    "pkg/good.py": ("pkg.good", None, None),
    "pkg/lacks.py": (
        "pkg.lacks",
        "ModuleNotFoundError: No module named 'absent_package'",
        "absent_package",
    ),
    "pkg/leaves.py": (
        "pkg.leaves",
        "the process ended with status 0 before the import was over",
        None,
    ),
    "pkg/name.py": (
        "pkg.name",
        "ImportError: cannot import name 'absent' from 'pkg.good' (pkg/good.py)",
        None,
    ),
    "pkg/own.py": ("pkg.own", "ModuleNotFoundError: No module named 'pkg.absent'", None),
    "pkg/spoils.py": ("pkg.spoils", None, None),
    "pkg/uses.py": ("pkg.uses", None, None),
    "pkg/wraps.py": ("pkg.wraps", "RuntimeError: first last", "absent_package"),
    "tools/helper.py": ("tools.helper", None, None),
    "tools/script.py": ("tools.script", None, None),
}


@pytest.fixture
def source(tmp_path):
    """A tree whose modules fail to import in every way there is."""
    for path, text in MODULES.items():
        (tmp_path / "src" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / path).write_text(text)
    return tmp_path / "src"


@pytest.fixture
def python(tmp_path, monkeypatch):
    """This interpreter with a stand-in for the adapter, which counts how often it is imported."""
    (tmp_path / "site/mstorch").mkdir(parents=True)
    count = f"open({str(tmp_path / 'count')!r}, 'a').write('x')\n"
    (tmp_path / "site/mstorch/__init__.py").write_text(f"class Tensor: ...\n{count}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    return sys.executable


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_changed_module_is_tried_by_itself(jobs, source, python, tmp_path):
    result = commands.convert(source, tmp_path / "out", import_with=python, jobs=jobs)
    found = {path: (one.module, one.reason, one.missing) for path, one in result.imports.items()}
    assert found == EXPECTED
    assert list(found) == list(EXPECTED)
    # Once to see that it is there, once for all modules.
    assert (tmp_path / "count").read_text() == "xx"
    assert not list((tmp_path / "out").rglob("*.pyc"))


def test_the_report_counts_them_and_the_summary_says_so(source, python, tmp_path, capsys):
    report = tmp_path / "r.json"
    arguments = ["convert", source, tmp_path / "out", "--import-with", python, "--report", report]
    assert cli.main([str(argument) for argument in arguments]) == 0
    assert "6 of 15 changed modules import, 2 lack a package that is not installed" in (
        capsys.readouterr().out
    )
    table = json.loads(report.read_text())
    numbers = table["numbers"]
    assert (numbers["import"], numbers["import_tried"], numbers["import_missing"]) == (6, 15, 2)
    entries = {file["path"]: file.get("import") for file in table["files"]}
    expected = {"module": "pkg.exits", "reason": "SystemExit: 3", "missing": None}
    assert entries["pkg/exits.py"] == expected
    assert entries["setup.py"] is None


def test_a_module_that_never_ends_is_given_up(source, python):
    (source / "pkg/waits.py").write_text("import time\ntime.sleep(1000)\n")
    (source / "pkg/__init__.py").write_text("")
    paths = ["pkg/waits.py", "pkg/__init__.py"]
    found = importing.imports(source, paths, python, 2, lambda done, total: None, seconds=0.2)
    assert found["pkg/waits.py"].reason == "not imported within 0.2 s"
    assert found["pkg/__init__.py"].reason is None


@pytest.mark.parametrize(
    ("files", "path", "module", "search"),
    [
        (["a/b.py"], "a/b.py", "a.b", ["."]),
        (["a/__init__.py"], "a/__init__.py", "a", ["."]),
        (["src/a/b.py"], "src/a/b.py", "a.b", [".", "src"]),
        (["src/__init__.py"], "src/a.py", "src.a", ["."]),
        (["__init__.py"], "a/b.py", "tree.a.b", [".."]),
        (["__init__.py"], "__init__.py", "tree", [".."]),
    ],
)
def test_a_module_has_the_name_that_its_users_import(files, path, module, search, tmp_path):
    root = tmp_path / "tree"
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("")
    assert importing.module_of(root, path) == module
    assert importing.search_path(root) == [str((root / one).resolve()) for one in search]


def test_an_interpreter_that_cannot_tell_is_an_error_before_anything_is_written(
    source, tmp_path, monkeypatch
):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/mstorch.py").write_text("raise ImportError('no device')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    for python, message in (
        (str(tmp_path / "absent"), "cannot be run: No such file"),
        (sys.executable, "mstorch does not import: ImportError: no device"),
        ("/bin/false", "ended with 1"),
    ):
        with pytest.raises(UsageError, match=message):
            commands.convert(source, tmp_path / "out", import_with=python)
        assert not (tmp_path / "out").exists()


def test_an_interrupt_while_modules_are_imported_leaves_the_result(
    source, python, tmp_path, monkeypatch
):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "imports", interrupt)
    with pytest.raises(UsageError, match="out is complete, only --import-with is not"):
        commands.convert(source, tmp_path / "out", import_with=python)
    assert (tmp_path / "out/pkg/good.py").exists()


def test_one_file_and_a_list_of_files_are_no_tree_to_import_from(source, tmp_path, capsys):
    with pytest.raises(UsageError, match="is one file; convert the tree"):
        commands.convert(source / "setup.py", tmp_path / "o.py", import_with=sys.executable)
    arguments = ["--files-from", "list", str(tmp_path / "out"), "--import-with", "python3"]
    assert cli.main(["convert", *arguments]) == 2
    assert "needs SRC, a whole tree" in capsys.readouterr().err
