# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Packages around torch: each is decided in a table, and a part of one can become the adapter's."""

import sys
import types

import pytest

from torch2ms import mapping
from torch2ms.python_file import Settings, convert

NEW = "mstorch.interop.safetensors"

REWRITE = {
    "a function": (
        "from safetensors.torch import load_file, save_file as s",
        f"from {NEW} import load_file, save_file as s",
    ),
    "over lines": (
        "from safetensors.torch import (  # safetensors.torch\n    load_file,\n)",
        f"from {NEW} import (  # safetensors.torch\n    load_file,\n)",
    ),
    "odd spacing": (
        "from  safetensors . \\\n torch import load",
        f"from  {NEW} import load",
    ),
    "star": ("from safetensors.torch import *", f"from {NEW} import *"),
    "an alias": ("import safetensors.torch as st", f"import {NEW} as st"),
    "an alias among others": (
        "import os, safetensors.torch as st, sys",
        f"import os, {NEW} as st, sys",
    ),
    "the part by name": (
        "from safetensors import torch",
        "from mstorch.interop import safetensors as torch",
    ),
    "the part by another name": (
        "from safetensors import torch as st",
        "from mstorch.interop import safetensors as st",
    ),
    "a function of the package": (
        "from safetensors import safe_open",
        f"from {NEW} import safe_open",
    ),
    "a function of the package by another name": (
        "from safetensors import safe_open as so",
        f"from {NEW} import safe_open as so",
    ),
    "a function among others": (
        "from safetensors import a, safe_open as so, b as c  # why",
        f"from safetensors import a, b as c; from {NEW} import safe_open as so  # why",
    ),
    "a function before others": (
        "if x: from safetensors import safe_open , a",
        f"if x: from safetensors import a; from {NEW} import safe_open",
    ),
    "a function after others": (
        "from safetensors import a, safe_open; a",
        f"from safetensors import a; from {NEW} import safe_open; a",
    ),
    "a function among others on lines": (
        "from safetensors import (\n    a,  # one, two\n    safe_open,\n    b,\n)\n",
        "from safetensors import (\n    a,  # one, two\n    \n    b,\n); "
        f"from {NEW} import safe_open\n",
    ),
    "a function at the end of lines": (
        "from safetensors import (a,\n  safe_open  # why\n)",
        f"from safetensors import (a,\n    # why\n); from {NEW} import safe_open",
    ),
    "the part by name with others": (
        "from safetensors import torch, serialize",
        "from safetensors import serialize; from mstorch.interop import safetensors as torch",
    ),
    "in a function": (
        "def f():\n    from safetensors.torch import load\n    return load",
        f"def f():\n    from {NEW} import load\n    return load",
    ),
    "the package with its part": (
        "import safetensors.torch\nsafetensors.torch.load_file(safetensors.serialize)",
        f"import safetensors, {NEW} as safetensors_torch\n"
        "safetensors_torch.load_file(safetensors.serialize)",
    ),
    "the package where it is optional": (
        "if ready():\n    import safetensors.torch\n\n\ndef f(x):\n"
        "    return safetensors . torch.load_file(x)",
        f"if ready():\n    import safetensors, {NEW} as safetensors_torch\n\n\ndef f(x):\n"
        "    return safetensors_torch.load_file(x)",
    ),
    "another import of the package beside it": (
        "import safetensors\nimport safetensors.torch\nsafetensors.torch.save",
        f"import safetensors\nimport safetensors, {NEW} as safetensors_torch\n"
        "safetensors_torch.save",
    ),
    "another import of the part beside it": (
        "import safetensors.torch\nfrom safetensors.torch import load\n"
        "load(safetensors.torch.save)",
        f"import safetensors, {NEW} as safetensors_torch\nfrom {NEW} import load\n"
        "load(safetensors_torch.save)",
    ),
    "another name of the package beside it": (
        "import safetensors.torch\nfrom safetensors import safe_open\n"
        "safe_open(safetensors.torch.load)",
        f"import safetensors, {NEW} as safetensors_torch\nfrom {NEW} import safe_open\n"
        "safe_open(safetensors_torch.load)",
    ),
    "a function that is replaced": (
        "import safetensors.torch\nsafetensors.torch.save_file = mine",
        f"import safetensors, {NEW} as safetensors_torch\nsafetensors_torch.save_file = mine",
    ),
    "a name of the same sort in an inner scope": (
        "import safetensors.torch\ndef f(safetensors): return safetensors.torch\n"
        "safetensors.torch.load",
        f"import safetensors, {NEW} as safetensors_torch\n"
        "def f(safetensors): return safetensors.torch\nsafetensors_torch.load",
    ),
}

NOOP = {
    "the package": "import safetensors\nsafetensors.safe_open  # safetensors.torch\n",
    "another part": ("from safetensors.numpy import load_file\nfrom safetensors import numpy\n"),
    "relative": "from .safetensors.torch import load\nfrom .safetensors import torch\n",
    "a longer path": "from mine.safetensors.torch import load\nimport mine.safetensors.torch\n",
    "a string": "x = 'safetensors.torch'; patch('safetensors.torch.save_file', f)\n",
    "an attribute": "self.safetensors.torch.load()\n",
}

UNDECIDED = {
    "in a function": "def f():\n    import safetensors.torch\n    safetensors.torch.load\n",
    "the package as a value": "import safetensors.torch\ngetattr(safetensors, 'torch')\n",
    "an alias of the package": "import safetensors.torch\ns = safetensors\ns.torch.load\n",
    "one of two packages": (
        "import safetensors.torch\nif x:\n    safetensors = other\nsafetensors.torch.load\n"
    ),
    "the part is replaced": "import safetensors.torch\nsafetensors.torch = mine\n",
    "a name that is taken": "import safetensors.torch\nsafetensors_torch = 1\n",
    "a comment before the comma": "from safetensors import (torch  # why\n  , serialize)\n",
    "a line that goes on": "from safetensors import serialize, \\\n  torch\n",
    "twice": "from safetensors import torch, torch as st\n",
}


@pytest.mark.parametrize("name", REWRITE)
def test_a_part_of_another_package_becomes_a_part_of_the_adapter(name, to_adapter, result_of):
    before, after = REWRITE[name]
    assert to_adapter(before) == after
    assert to_adapter(after) == after
    assert result_of(before).findings == []


@pytest.mark.parametrize("name", NOOP)
def test_what_is_not_the_part_stays(name, to_adapter, result_of):
    assert to_adapter(NOOP[name]) == NOOP[name]
    assert result_of("import torch\n" + NOOP[name]).counts.found == 1


@pytest.mark.parametrize("name", UNDECIDED)
def test_where_the_part_cannot_be_told_apart_the_import_stays_and_is_reported(
    name, to_adapter, result_of
):
    source = UNDECIDED[name]
    assert to_adapter(source) == source
    found = result_of(source).findings
    assert {(finding.kind, finding.text) for finding in found} == {
        ("unconverted", "safetensors.torch")
    }
    assert all(finding.message for finding in found)


@pytest.mark.parametrize(
    "source",
    [
        "from safetensors import serialize, safe_open, safe_open as so\n",
        "import safetensors\nsafetensors.safe_open('x', 'pt')\n",
    ],
)
def test_a_function_of_the_package_that_stays_is_reported(source, to_adapter, result_of):
    assert to_adapter(source) == source
    (finding,) = result_of(source).findings
    assert (finding.kind, finding.text) == ("unconverted", "safetensors.safe_open")
    assert "import it by itself" in finding.message or "safetensors import" in finding.message


def test_the_message_names_the_line_that_hides_the_part(result_of):
    (finding,) = result_of("import safetensors.torch\n\nf(safetensors)\n").findings
    assert finding.line == 1 and finding.message.startswith("line 3 uses safetensors in a way")


def test_a_reference_inside_of_an_f_string_is_converted_or_reported(to_adapter, result_of):
    source = "import safetensors.torch\nx = f'{safetensors.torch.load}'\n"
    kinds = [finding.kind for finding in result_of(source).findings]
    assert kinds in ([], ["unconverted"])
    assert ("{safetensors_torch.load}" in to_adapter(source)) == (kinds == [])


def test_a_package_of_the_tree_itself_is_the_trees():
    data = b"from safetensors.torch import load\n"
    local = Settings("adapter", frozenset({"safetensors"}))
    assert convert(data, "a.py", local)[0] == data


@pytest.mark.parametrize(
    "source",
    [
        "import safetensors.torch\nvalue = safetensors.torch.load, safetensors.safe_open",
        "import safetensors.torch\ndef f(): return safetensors.torch.load, safetensors.safe_open\n"
        "value = f()",
        "from safetensors import torch as part\nimport safetensors\n"
        "value = part.load, safetensors.safe_open",
    ],
)
def test_converted_code_reaches_the_part_and_the_package(source, to_adapter, monkeypatch):
    modules = {}
    for name in ("mstorch", "mstorch.interop", NEW, "safetensors"):
        modules[name] = types.ModuleType(name)
        modules[name].__path__ = []
        monkeypatch.setitem(sys.modules, name, modules[name])
    modules["mstorch"].interop = modules["mstorch.interop"]
    modules["mstorch.interop"].safetensors = modules[NEW]
    modules[NEW].load = "the adapter's"
    modules["safetensors"].safe_open = "the package's"
    namespace = {}
    exec(to_adapter(source), namespace)
    assert namespace["value"] == ("the adapter's", "the package's")


def test_every_package_of_the_table_has_one_decision_and_a_reason():
    for row in mapping.load().packages.values():
        assert row.note and (row.becomes is None or row.part is None), row.name
        assert (row.part is None) or "." in row.name, row.name


@pytest.mark.parametrize(
    ("imported", "listed"),
    [
        ("import einops", "einops"),
        ("from transformers import AutoModel", "transformers"),
        ("import scaled_masked_softmax_cuda", "scaled_masked_softmax_cuda"),
        ("import mindio_ttp as ttp", "mindio_ttp"),
        ("from quark.torch import ModelImporter", "quark.torch"),
    ],
)
def test_a_package_that_is_left_is_listed_with_what_then_happens(imported, listed, result_of):
    (finding,) = result_of(imported).findings
    assert (finding.kind, finding.text) == ("left", listed) and finding.message


@pytest.mark.parametrize("imported", ["import numpy", "from quark import x", "import einops_exts"])
def test_packages_that_have_nothing_to_do_with_torch_are_not_listed(imported, result_of):
    assert result_of("import torch\n" + imported).findings == []
