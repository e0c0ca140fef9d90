# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Import statements: what changes, to what, and what must stay."""

import sys
import types

import pytest

from torch2ms.python_file import Settings, convert

REWRITE = {
    "plain": ("import torch", "import mstorch as torch"),
    "alias": ("import torch as t", "import mstorch as t"),
    "alias of its own name": ("import torch as torch", "import mstorch as torch"),
    "submodule with alias": (
        "import torch.nn.functional as F",
        "import mstorch.nn.functional as F",
    ),
    "submodule binds the package": (
        "import torch.distributed",
        "import mstorch.distributed, mstorch as torch",
    ),
    "from": ("from torch import nn, Tensor", "from mstorch import nn, Tensor"),
    "from submodule": ("from torch.nn import functional", "from mstorch.nn import functional"),
    "from with alias": ("from torch import nn as torch", "from mstorch import nn as torch"),
    "star": ("from torch.nn import *", "from mstorch.nn import *"),
    "two on one line": ("import torch, safetensors", "import mstorch as torch, safetensors"),
    "between others": ("import os, torch as t, sys", "import os, mstorch as t, sys"),
    "two submodules": (
        "import torch.nn, torch.optim as o",
        "import mstorch.nn, mstorch as torch, mstorch.optim as o",
    ),
    "odd spacing": ("import   torch . nn  as  F", "import   mstorch . nn  as  F"),
    "tab after from": ("from\ttorch\timport nn", "from\tmstorch\timport nn"),
    "continued line": ("from \\\n  torch import nn", "from \\\n  mstorch import nn"),
    "continued import": ("import \\\n torch", "import \\\n mstorch as torch"),
    "parentheses and comments": (
        "from torch import (  # torch\n    nn,  # torch.nn\n    Tensor,\n)",
        "from mstorch import (  # torch\n    nn,  # torch.nn\n    Tensor,\n)",
    ),
    "after a semicolon": ("x = 1; import torch; y = 2", "x = 1; import mstorch as torch; y = 2"),
    "on the line of an if": ("if x: import torch", "if x: import mstorch as torch"),
    "after a docstring on its line": (
        '"""doc"""; import torch',
        '"""doc"""; import mstorch as torch',
    ),
    "after future imports": (
        '"""doc"""\nfrom __future__ import annotations\nimport torch\n',
        '"""doc"""\nfrom __future__ import annotations\nimport mstorch as torch\n',
    ),
    "optional": (
        "try:\n    import torch\nexcept ImportError:\n    torch = None\n",
        "try:\n    import mstorch as torch\nexcept ImportError:\n    torch = None\n",
    ),
    "for type checkers": (
        "if TYPE_CHECKING:\n    from torch import Tensor\n",
        "if TYPE_CHECKING:\n    from mstorch import Tensor\n",
    ),
    "in a function": (
        "def f():\n    import torch.nn.functional as F\n    return F.silu\n",
        "def f():\n    import mstorch.nn.functional as F\n    return F.silu\n",
    ),
    "in a class": (
        "class A:\n    import torch\n    x = torch.pi\n",
        "class A:\n    import mstorch as torch\n    x = torch.pi\n",
    ),
    "in every block": (
        "while 1:\n import torch\nelse:\n import torch\nwith a:\n import torch\n"
        "match x:\n case 1:\n  import torch\n"
        "try:\n import torch\nexcept A:\n import torch\nelse:\n import torch\n"
        "finally:\n import torch\n",
        "while 1:\n import mstorch as torch\nelse:\n import mstorch as torch\n"
        "with a:\n import mstorch as torch\nmatch x:\n case 1:\n  import mstorch as torch\n"
        "try:\n import mstorch as torch\nexcept A:\n import mstorch as torch\n"
        "else:\n import mstorch as torch\nfinally:\n import mstorch as torch\n",
    ),
    "a package whose counterpart is a part": (
        "import torch_npu\nimport torch_npu.npu, fused_weight_gradient_mlp_cuda as f\n"
        "from torch_npu.contrib import transfer_to_npu",
        "import mstorch.interop.torch_npu as torch_npu\n"
        "import mstorch.interop.torch_npu.npu, mstorch.interop.torch_npu as torch_npu, "
        "mstorch.interop.fused_weight_gradient_mlp_cuda as f\n"
        "from mstorch.interop.torch_npu.contrib import transfer_to_npu",
    ),
    "in another form of the letters": (
        "import \N{FULLWIDTH LATIN SMALL LETTER T}orch as t",
        "import mstorch as t",
    ),
}

NOOP = {
    "relative": "from .torch import x\n",
    "relative to the parent": "from .. import torch\n",
    "another package with a torch part": "from einops.layers.torch import Rearrange\n",
    "a part called torch": "import modelopt.torch.opt as mto\n",
    "a longer name": "import torchvision, torch_xla\nfrom torch_geometric import nn\n",
    "an attribute called torch": "self.torch = mod.torch\n",
    "a parameter called torch": "def f(torch=1):\n    return torch.x\nf(torch=2)\n",
    "a local called torch": "torch = make()\ntorch.zeros(1)\n",
    "a doctest": 'def f():\n    """\n    >>> import torch\n    >>> torch.ones(1)\n    """\n',
    "a comment": "# import torch\nx = 1  # from torch import nn\n",
    "uses without an import": "print(torch.zeros(1))\n",
    "strings": (
        "state['torch_rng_state']; choices = ['torch', 'torch_dist', 'torch_dcp']\n"
        "f(torch_dtype='torch.float32', name='pytorch_model.bin', run='torchrun')\n"
        "url = 'https://pytorch.org/torch'\n"
    ),
    "__all__": "__all__ = ['torch', 'torch.nn']\n",
}


@pytest.mark.parametrize("name", REWRITE)
def test_an_import_of_torch_becomes_one_of_the_adapter(name, to_adapter):
    before, after = REWRITE[name]
    assert to_adapter(before) == after


@pytest.mark.parametrize("name", NOOP)
def test_what_is_not_torch_stays(name, to_adapter):
    assert to_adapter(NOOP[name]) == NOOP[name]


@pytest.mark.parametrize("name", NOOP)
def test_what_is_not_torch_stays_in_a_file_that_imports_torch(name, to_adapter):
    source = "import torch.nn as nn\n" + NOOP[name]
    assert to_adapter(source) == "import mstorch.nn as nn\n" + NOOP[name]


@pytest.mark.parametrize("name", REWRITE)
def test_lines_keep_their_numbers(name, to_adapter):
    before, _ = REWRITE[name]
    assert to_adapter(before).count("\n") == before.count("\n")


@pytest.mark.parametrize("name", REWRITE)
def test_converting_twice_changes_nothing(name, to_adapter):
    after = to_adapter(REWRITE[name][0])
    assert to_adapter(after) == after


def test_code_strings_and_annotations_stay_when_imports_change(to_adapter):
    body = (
        "x: 'Optional[torch.Tensor]' = None  # type: Optional[torch.Tensor]\n"
        "@torch.no_grad()\n"
        "def f(a: torch.Tensor) -> 'torch.Tensor':\n"
        "    return (torch).matmul(a, torch . matmul(a, a))\n"
        "torch.nn.functional.linear = mine\n"
        "hasattr(torch, 'compile'); getattr(torch, name); torch.ops.x.y; torch.classes\n"
        "isinstance(x, torch.Tensor)\n"
    )
    assert to_adapter("import torch\n" + body) == "import mstorch as torch\n" + body


def test_constructs_that_others_give_up_on_are_converted(to_adapter):
    body = (
        "def f():\n    f'docstring'\n(lambda: 0)()\n(a or b)()\nasync def g(): (await h)()\nf()()\n"
    )
    assert to_adapter(body + "import torch") == body + "import mstorch as torch"


def test_a_module_of_the_tree_called_torch_is_not_torch():
    data, result = convert(b"import torch\n", "a.py", Settings("adapter", frozenset({"torch"})))
    assert data == b"import torch\n"
    assert [finding.kind for finding in result.findings] == ["local"]


def test_packages_that_stay_are_listed_with_a_note(result_of):
    found = result_of(
        "import torch\nfrom modelopt.torch import opt\nfrom einops.layers import torch\n"
        "import apex.optimizers\nimport torch_xla\n"
    ).findings
    assert [(f.line, f.kind, f.text) for f in found] == [
        (2, "left", "modelopt.torch"),
        (3, "left", "einops.layers.torch"),
        (4, "left", "apex"),
        (5, "left", "torch_xla"),
    ]
    assert all(finding.message for finding in found)


def test_a_file_that_only_imports_a_left_package_is_unchanged_and_listed(result_of):
    result = result_of("import apex\n")
    assert not result.changed
    assert [finding.text for finding in result.findings] == ["apex"]


def test_the_trees_own_packages_are_not_listed_as_left():
    local = Settings("adapter", frozenset({"mindspeed"}))
    _, result = convert(b"import torch\nimport mindspeed.core\nimport apex\n", "a.py", local)
    assert [finding.text for finding in result.findings] == ["apex"]


TOLD = {
    "a path given to some function": "patches.register('torch.cuda.is_available', f)",
    "a function that asks for a package": "_is_package_available('torch', return_version=True)",
    "a method that asks for a version": "self.get_version('torch')",
    "the module of a class": "kind.__module__.startswith('torch')",
    "a compared module": "kind.__module__ == 'torch.nn'",
    "a compared name": "'torch' in module.__name__",
    "a command": "run([sys.executable, '-m', 'torch.distributed.run', x])",
}
NOT_TOLD = {
    "a path in a variable": "x = 'torch.nn'",
    "a word": "f('torch')",
    "another package's name": "is_available('torchtext')",
    "a word in a list": "choices = ['torch', 'torch_dist']",
    "a sentence": "print('torch. Really')",
    "a comparison": "name == 'torch'",
}


@pytest.mark.parametrize("name", TOLD)
def test_a_string_that_may_mean_a_module_of_torch_is_listed_and_kept(name, result_of, to_adapter):
    assert [f.kind for f in result_of("import torch\n" + TOLD[name]).findings] == ["name"]
    assert to_adapter("import torch\n" + TOLD[name]) == "import mstorch as torch\n" + TOLD[name]


@pytest.mark.parametrize("name", NOT_TOLD)
def test_other_strings_are_not_listed(name, result_of):
    assert result_of("import torch\n" + NOT_TOLD[name]).findings == []


def test_computed_attributes_and_code_in_strings_are_reported(result_of):
    found = result_of(
        '"""import torch"""\nimport torch\ngetattr(torch, name)\ngetattr(torch, "x")\n'
        'exec("import torch")\n'
    ).findings
    assert [(f.line, f.kind) for f in found] == [(3, "dynamic"), (5, "code")]


@pytest.fixture
def stand_in_adapter(monkeypatch):
    """A package mstorch with a submodule nn.functional that holds one name."""
    modules = {}
    for name in ("mstorch", "mstorch.nn", "mstorch.nn.functional"):
        modules[name] = types.ModuleType(name)
        modules[name].__path__ = []
        monkeypatch.setitem(sys.modules, name, modules[name])
    modules["mstorch"].nn = modules["mstorch.nn"]
    modules["mstorch.nn"].functional = modules["mstorch.nn.functional"]
    modules["mstorch.nn.functional"].silu = "silu"
    monkeypatch.delitem(sys.modules, "torch", raising=False)


@pytest.mark.parametrize(
    "source",
    [
        "import torch.nn.functional\nvalue = torch.nn.functional.silu",
        "import torch.nn, torch.nn.functional as F\nvalue = torch.nn.functional.silu and F.silu",
        "from torch.nn.functional import *\nfrom torch.nn.functional import silu\nvalue = silu",
        "import importlib\nvalue = importlib.import_module('torch.nn.functional').silu",
        "value = __import__('torch.nn.functional').nn.functional.silu",
        "import sys\nvalue = sys.modules['torch.nn.functional'].silu",
        "try:\n    import torch.absent\nexcept ImportError:\n    value = 'silu'",
    ],
)
def test_converted_imports_bind_what_the_original_bound(source, to_adapter, stand_in_adapter):
    names = {}
    exec(to_adapter(source), names)
    assert names["value"] == "silu"
