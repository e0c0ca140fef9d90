# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Every Python file that is installed here: the standard libraries' and all environments'.

None of these was looked at when the converter was written. Nothing crashes, a file that does not
mention a package of the mapping is the same bytes, and what is converted compiles. The standard
libraries, and CPython's own tests with them where they are installed, do not mention torch: a
comment that does makes the converter parse them.
"""

import os
import site
import sysconfig
from pathlib import Path

import pytest

import judge
from torch2ms.facts import NOTHING
from torch2ms.python_file import Settings, convert

# The parser needs seconds for a few generated files.
LARGEST = 1_000_000


def _site_packages(variable: str) -> Path:
    """Bazel hands out a script that starts the environment's interpreter."""
    interpreter = Path(os.environ[variable]).read_text(encoding="utf-8").split("'")[1]
    (found,) = Path(interpreter).parents[1].glob("lib/python*/site-packages")
    return found


# safetensors' safe_open gives tensors of torch without a word of it.
MENTIONS = (b"torch", b"safe_open")
STANDARD = {"the standard library": Path(sysconfig.get_path("stdlib"))}
DEBIANS = Path("/usr/lib/python3.11")
if DEBIANS.is_dir() and not DEBIANS.samefile(STANDARD["the standard library"]):
    STANDARD["Debian's standard library"] = DEBIANS
LIBRARIES = {
    **STANDARD,
    "the MindSpore environment": Path(site.getsitepackages()[0]),
    "the PyTorch environment": _site_packages("MINDFORGE_TORCH_PYTHON"),
    "the tools' environment": _site_packages("TOOLS_PYTHON"),
    "the transformers environment": _site_packages("TRANSFORMERS_PYTHON"),
}


def _groups():
    """Each library in pieces of some hundred files, so that a failure is found soon."""
    for name, root in LIBRARIES.items():
        files = sorted(p for p in root.rglob("*.py*") if p.is_file() and _belongs(p, root))
        for start in range(0, len(files), 500):
            yield f"{name} {start}", root, files[start : start + 500]


def _belongs(path, root):
    inside = path.relative_to(root).parts
    python = path.suffix in (".py", ".pyi")
    return python and path.stat().st_size < LARGEST and "site-packages" not in inside


GROUPS = {name: (root, files) for name, root, files in _groups()}


def test_there_are_many_files():
    found = sum(len(files) for _, files in GROUPS.values())
    assert found > 16_000
    if not (DEBIANS / "test/test_grammar.py").exists():
        pytest.skip(f"{found} files: Debian's libpython3.11-testsuite is not installed")
    assert found > 18_500


def _marked(data):
    """The same with a comment that names torch, so that no file is passed over."""
    ended = data.endswith((b"\n", b"\r")) or not data
    return data + (b"# torch\n" if ended else b"\n# torch\n")


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("target", ["adapter", "native"])
def test_files_that_were_never_looked_at_come_out_well(group, target):
    root, files = GROUPS[group]
    settings = Settings(target, verify=False)
    standard = root in STANDARD.values()
    for path in files:
        data = path.read_bytes()
        mentioned = any(word in data for word in MENTIONS)
        if standard and not mentioned:
            data = _marked(data)
        after, result = convert(data, str(path.relative_to(root)), settings, (), NOTHING)
        if not mentioned:
            assert after == data, path
        if after == data or result.unparsable:
            assert after == data, path
            continue
        assert judge.compiles(after) or not judge.compiles(data), path
        left = {name.partition(".")[0] for name in judge.imports(judge.tree(after))}
        unconverted = [finding for finding in result.findings if finding.kind == "unconverted"]
        assert "torch" not in left or unconverted, path
