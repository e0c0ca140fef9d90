# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Dependencies in packaging files: torch becomes the adapter, all else stays."""

import tomllib

import pytest

from torch2ms import cli
from torch2ms.plan import holds_dependencies
from torch2ms.python_file import FileResult
from torch2ms.requirements import convert


def converted(path, text):
    result = FileResult(path, "before", "before")
    return convert(text.encode(), result).decode(), result


REWRITE = {
    "a bare name": ("requirements.txt", "torch\nnumpy\n", "mstorch\nnumpy\n"),
    "a version": ("requirements.txt", "torch>=2.1,<3\n", "mstorch\n"),
    "spaces and a comment": (
        "requirements-dev.txt",
        "  torch == 2.1.* # torch>=2\n",
        "  mstorch # torch>=2\n",
    ),
    "a marker": (
        "requirements/base.txt",
        'torch >= 2.1 ; python_version > "3.8"\n',
        'mstorch ; python_version > "3.8"\n',
    ),
    "extras and an address": (
        "constraints.txt",
        "torch[opt] @ https://x.example/torch.whl\r\nPyYAML",
        "mstorch\r\nPyYAML",
    ),
    "capitals": ("requirements.in", "Torch~=2.0", "mstorch"),
    "setup.cfg": (
        "setup.cfg",
        "[options]\ninstall_requires =\n    torch>=2\n    # torch\n    numpy\n"
        "[options.extras_require]\nall = torch>=1; numpy\n[flake8]\nx =\n    torch>=2\n",
        "[options]\ninstall_requires =\n    mstorch\n    # torch\n    numpy\n"
        "[options.extras_require]\nall = mstorch; numpy\n[flake8]\nx =\n    torch>=2\n",
    ),
    "pyproject.toml": (
        "pyproject.toml",
        '[build-system]\nrequires = ["setuptools", "torch==2.1"] # torch\n'
        "[project]\nname = \"torch\"\nkeywords = ['torch']\n"
        "dependencies = [\n  'torch>=2; python_version > \"3.8\"', # 'torch'\n  \"numpy\",\n]\n"
        '[project.optional-dependencies]\nall = ["torch[x]"]\n'
        '[dependency-groups]\ntest = ["torch", {include-group = "torch"}]\n'
        '[tool.x]\ndependencies = ["torch"]\n',
        '[build-system]\nrequires = ["setuptools", "mstorch"] # torch\n'
        "[project]\nname = \"torch\"\nkeywords = ['torch']\n"
        "dependencies = [\n  'mstorch; python_version > \"3.8\"', # 'torch'\n  \"numpy\",\n]\n"
        '[project.optional-dependencies]\nall = ["mstorch"]\n'
        '[dependency-groups]\ntest = ["mstorch", {include-group = "torch"}]\n'
        '[tool.x]\ndependencies = ["torch"]\n',
    ),
    "the metadata of a wheel": (
        "lib-1.0.dist-info/METADATA",
        "Name: torch\r\nRequires-Dist: torch (>=2.1,<3) ; extra == 'all'\r\n"
        "requires-dist:torch\r\nRequires: torch\r\n\r\nRequires-Dist: torch\r\n",
        "Name: torch\r\nRequires-Dist: mstorch ; extra == 'all'\r\n"
        "requires-dist:mstorch\r\nRequires: torch\r\n\r\nRequires-Dist: torch\r\n",
    ),
    "the metadata of an sdist": (
        "PKG-INFO",
        "Name: x\nRequires-Dist: torch>=2\n",
        "Name: x\nRequires-Dist: mstorch\n",
    ),
    "what setuptools keeps": (
        "lib.egg-info/requires.txt",
        "numpy\n\n[:python_version < '3.9']\ntorch>=2\n\n[torch]\ntorch\n",
        "numpy\n\n[:python_version < '3.9']\nmstorch\n\n[torch]\nmstorch\n",
    ),
    "setup.py": (
        "setup.py",
        "from setuptools import setup\nEXTRA = ['torch']\n"
        "setup(name='torch', keywords=['torch'], install_requires=['torch>=2', \"n\"] + EXTRA,\n"
        "      extras_require={'torch': ['torch==2'], 'all': EXTRA})\n",
        "from setuptools import setup\nEXTRA = ['mstorch']\n"
        "setup(name='torch', keywords=['torch'], install_requires=['mstorch', \"n\"] + EXTRA,\n"
        "      extras_require={'torch': ['mstorch'], 'all': EXTRA})\n",
    ),
}


@pytest.mark.parametrize("name", REWRITE)
def test_a_dependency_on_torch_becomes_one_on_the_adapter(name):
    path, before, expected = REWRITE[name]
    after, result = converted(path, before)
    assert after == expected
    assert result.findings == []
    assert result.changed and [change.rule for change in result.changes]
    assert converted(path, after)[0] == after


NOOP = {
    "other names": ("requirements.txt", "torch-model-archiver\npytorch\nmy.torch\n"),
    "options": ("requirements.txt", "-r torch.txt\n--find-links torch\n# torch\n\n"),
    "hashes of another": ("requirements.txt", "numpy==1 \\\n    torch==2\n"),
    "no requirements": ("setup.cfg", "[metadata]\nname = torch\n    torch>=2\n"),
    "other strings": (
        "setup.py",
        "from setuptools import setup\nsetup(name='torch', x=['torch'])\n",
    ),
    "other tables": ("pyproject.toml", '[project]\nname = "torch"\n[tool]\nrequires = ["torch"]\n'),
}


@pytest.mark.parametrize("name", NOOP)
def test_what_is_no_dependency_on_torch_stays(name):
    path, text = NOOP[name]
    after, result = converted(path, text)
    assert after == text
    assert result.findings == []


KEPT = {
    "hashes": ("requirements.txt", "torch==2.1 --hash=sha256:0\n", "unconverted"),
    "hashes below": ("requirements.txt", "torch==2.1 \\\n  --hash=sha256:0\n", "unconverted"),
    "a part of the family": ("requirements.txt", "torchvision>=0.16\n", "left"),
    "dashes": ("requirements.txt", "flash-attn\n", "left"),
    "Poetry": ("pyproject.toml", '[tool.poetry.dependencies]\ntorch = "^2.1"\n', "unconverted"),
    "not TOML": ("pyproject.toml", "[project\n", "unconverted"),
    "a computed version": (
        "setup.py",
        "from setuptools import setup\nsetup(install_requires=[f'torch=={v}'])\n",
        "unconverted",
    ),
    "a string for nobody": ("setup.py", "deps = ['torch>=2.1']\n", "name"),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_cannot_be_decided_stays_and_is_reported(name):
    path, text, kind = KEPT[name]
    after, result = converted(path, text)
    assert after == text
    assert [finding.kind for finding in result.findings] == [kind]


def test_the_result_is_toml_that_states_the_same_otherwise():
    _, before, _ = REWRITE["pyproject.toml"]
    after, _ = converted("pyproject.toml", before)
    old, new = tomllib.loads(before), tomllib.loads(after)
    assert new["project"]["name"] == "torch" and new["tool"] == old["tool"]
    assert new["project"]["dependencies"] == ['mstorch; python_version > "3.8"', "numpy"]


@pytest.mark.parametrize(
    "path",
    ["setup.py", "a/pyproject.toml", "requirements_dev.txt", "dev-requirements.txt"],
)
def test_packaging_files_are_known_by_name(path):
    assert holds_dependencies(path)


@pytest.mark.parametrize("path", ["readme.txt", "setup.txt", "a/setup.pyi", "requirements.py"])
def test_other_files_are_not(path):
    assert not holds_dependencies(path)


def test_convert_does_packaging_files_and_their_imports(tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    text = "import torch\nfrom setuptools import setup\nsetup(install_requires=['torch>=2'])\n"
    (source / "setup.py").write_text(text)
    (source / "requirements.txt").write_text("torch\n")
    assert cli.main(["convert", str(source), str(tmp_path / "out"), "--quiet"]) == 0
    assert (tmp_path / "out/requirements.txt").read_text() == "mstorch\n"
    assert (tmp_path / "out/setup.py").read_text() == (
        "import mstorch as torch\nfrom setuptools import setup\n"
        "setup(install_requires=['mstorch'])\n"
    )
    assert cli.main(["launch", str(source), str(tmp_path / "same"), "--quiet"]) == 0
    assert (tmp_path / "same/requirements.txt").read_text() == "torch\n"
