# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What a name means: each case says what the last occurrence of `probe(...)`'s argument may be."""

import ast
import sys

import pytest

from torch2ms.names import Names, resolve

CASES = {
    "an import": ("import torch\nprobe(torch)", {"torch"}),
    "an alias": ("import torch.nn as n\nprobe(n.Linear)", {"torch.nn.Linear"}),
    "a submodule import binds the root": ("import torch.nn\nprobe(torch.nn)", {"torch.nn"}),
    "a from import": (
        "from torch.nn import functional as F\nprobe(F.silu)",
        {"torch.nn.functional.silu"},
    ),
    "a relative import": ("from .torch import x\nprobe(x)", {None}),
    "an alias of an alias": ("import torch\na = torch.nn\nb = a\nprobe(b.x)", {"torch.nn.x"}),
    "an annotated alias": ("import torch\na: T = torch.nn\nprobe(a)", {"torch.nn"}),
    "a walrus alias": ("import torch\nprobe((a := torch.nn))\nprobe(a)", {"torch.nn"}),
    "a builtin": ("probe(len)", {"builtins.len"}),
    "a parameter": ("import torch\ndef f(torch): probe(torch)", {None}),
    "a star parameter": ("import torch\ndef f(*torch): probe(torch)", {None}),
    "a keyword parameter": ("import torch\ndef f(**torch): probe(torch)", {None}),
    "a parameter of a lambda": ("import torch\nlambda torch: probe(torch)", {None}),
    "a default": ("import torch\ndef f(torch=probe(torch)): pass", {"torch"}),
    "a default of a lambda": ("import torch\nlambda torch=probe(torch): 0", {"torch"}),
    "an annotation": ("import torch\ndef f(torch: probe(torch)): pass", {"torch"}),
    "a return annotation": ("import torch\ndef f(torch) -> probe(torch): pass", {"torch"}),
    "a decorator": ("import torch\n@probe(torch)\ndef torch_(): pass", {"torch"}),
    "a decorator of the same name": (
        "import torch\n@probe(torch)\ndef torch(): pass",
        {"torch", None},
    ),
    "a function's own import": (
        "import torch\ndef f():\n import os as torch\n probe(torch)",
        {"os"},
    ),
    "an import in a function does not leak": (
        "def f():\n import torch.nn as n\nprobe(n)",
        {"builtins.n"},
    ),
    "a local assigned later": ("import torch\ndef f():\n probe(torch)\n torch = 1", {None}),
    "a loop variable": ("import torch\ndef f():\n for torch in x: probe(torch)", {None}),
    "a with target": ("import torch\ndef f():\n with x as torch: probe(torch)", {None}),
    "an except name": ("import torch\ndef f():\n try: 0\n except E as torch: probe(torch)", {None}),
    "a starred target": ("import torch\ndef f():\n a, *torch = x\n probe(torch)", {None}),
    "a match capture": ("import torch\ndef f():\n match x:\n  case [torch]: probe(torch)", {None}),
    "a match rest": ("import torch\ndef f():\n match x:\n  case {**torch}: probe(torch)", {None}),
    "a match star": ("import torch\ndef f():\n match x:\n  case [*torch]: probe(torch)", {None}),
    "a nested function's name": ("import torch\ndef f():\n def torch(): 0\n probe(torch)", {None}),
    "a nested class's name": ("import torch\ndef f():\n class torch: 0\n probe(torch)", {None}),
    "an enclosing function": (
        "import torch\ndef f(torch):\n def g():\n  def h(): probe(torch)",
        {None},
    ),
    "a comprehension's target": ("import torch\n[probe(torch) for torch in x]", {None}),
    "a comprehension's first iterable": ("import torch\n[0 for torch in probe(torch)]", {"torch"}),
    "a comprehension's second iterable": (
        "import torch\n[0 for torch in x for y in probe(torch)]",
        {None},
    ),
    "a comprehension's target does not leak": (
        "import torch\n[0 for torch in x]\nprobe(torch)",
        {"torch"},
    ),
    "a walrus leaves its comprehension": (
        "import torch\ndef f():\n [(torch := y) for y in x]\n probe(torch)",
        {None},
    ),
    "a dict comprehension's key": ("import torch\n{probe(torch): 0 for torch in x}", {None}),
    "a class's own name": ("import torch\nclass A:\n torch = 1\n probe(torch)", {None, "torch"}),
    "a class's name is not seen by methods": (
        "import torch\nclass A:\n torch = 1\n def f(self): probe(torch)",
        {"torch"},
    ),
    "a class's name is not seen by comprehensions": (
        "import torch\nclass A:\n torch = 1\n y = [probe(torch) for _ in x]",
        {"torch"},
    ),
    "a class's name is seen by the first iterable": (
        "import torch\nclass A:\n torch = 1\n y = [0 for _ in probe(torch)]",
        {"torch", None},
    ),
    "a base class": ("import torch\nclass A(probe(torch)):\n torch = 1", {"torch"}),
    "global": ("import torch\ndef f(torch):\n def g():\n  global torch\n  probe(torch)", {"torch"}),
    "global after its use in a nested block": (
        "import torch\ndef f(torch):\n def g():\n  if x:\n   global torch\n  probe(torch)",
        {"torch"},
    ),
    "global read by a comprehension": (
        "import torch\ndef f(torch):\n def g():\n  global torch\n  [probe(torch) for _ in x]",
        {"torch"},
    ),
    "an import under global": ("def f():\n global torch\n import torch\nprobe(torch)", {"torch"}),
    "nonlocal": (
        "import torch\ndef f(torch):\n def g():\n  nonlocal torch\n  probe(torch)",
        {None},
    ),
    "an import under nonlocal": (
        "def f():\n t = None\n def g():\n  nonlocal t\n  import torch as t\n probe(t)",
        {"torch"},
    ),
    "deleted": ("import torch\ndef f():\n probe(torch)\n del torch", {None}),
    "deleted and imported": ("import torch\ndel torch\nimport torch\nprobe(torch)", {"torch"}),
    "an optional import": (
        "try:\n import torch\nexcept ImportError:\n torch = None\nprobe(torch)",
        {"torch"},
    ),
    "one of two packages": (
        "try:\n import torch as t\nexcept ImportError:\n import numpy as t\nprobe(t)",
        {"torch", "numpy"},
    ),
    "torch or something else": (
        "import torch\nif x:\n torch = make()\nprobe(torch)",
        {"torch", None},
    ),
    "a name that refers to itself": ("x = x.next\nprobe(x)", {None}),
    "two names that refer to each other": ("a = b\nb = a\nprobe(a)", {None}),
    "an attribute of a call": ("import torch\nprobe(f().torch)", {None}),
    "a bare annotation in a function": ("import torch\ndef f():\n torch: T\n probe(torch)", {None}),
    "a bare annotation in parentheses": (
        "import torch\ndef f():\n (torch): T\n probe(torch)",
        {"torch"},
    ),
    "a bare annotation in a module": ("import torch\ntorch: T\nprobe(torch)", {"torch"}),
    "an augmented name": ("import torch\ntorch += 1\nprobe(torch)", {"torch", None}),
}
if sys.version_info >= (3, 12):
    CASES["a type parameter"] = ("import torch\ndef f[torch](x: probe(torch)): 0", {None})
    CASES["a type alias"] = ("import torch\ntype torch = int\nprobe(torch)", {None, "torch"})


@pytest.mark.parametrize("name", CASES)
def test_a_name_means_what_python_says(name):
    source, expected = CASES[name]
    found = {}

    def keep(node, scope):
        if isinstance(node.func, ast.Name) and node.func.id == "probe":
            found[node.lineno, node.col_offset] = (node.args[0], scope)

    Names(ast.parse(source), {ast.Call: keep})
    assert set(resolve(*found[max(found)])) == expected


def test_many_aliases_of_one_name_are_resolved_at_once():
    lines = ["def f(x):\n" + "".join(f"    x = x.a{i}\n" for i in range(300)) + "    probe(x)"]
    found = []
    Names(ast.parse("\n".join(lines)), {ast.Call: lambda node, scope: found.append((node, scope))})
    assert resolve(found[0][0].args[0], found[0][1]) == {None}


def test_deep_expressions_do_not_exhaust_the_stack():
    source = "import torch\nx = " + " + ".join(["torch.a"] * 900)
    names = Names(ast.parse(source))
    assert sum(1 for _, node, _ in names.references if isinstance(node, ast.Attribute)) == 900


def test_a_name_that_is_bound_very_often_is_resolved_all_the_same():
    source = "x = get('a.b')\n" + "x = x.put('a').put('b')\n" * 300 + "x.y\n"
    names = Names(ast.parse(source))
    assert {resolve(node, scope) for _, node, scope in names.references} >= {frozenset({None})}
