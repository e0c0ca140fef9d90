# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Target native: which references become MindSpore's own, and which stay on the adapter."""

import pytest

import torch2ms
from torch2ms import tree
from torch2ms.tree import Options

# In what is expected below, `import mindspore` behind an import of torch stands for this.
IMPORT = "; from mstorch.mint_cpu import mindspore"

REWRITTEN = {
    "a call": (
        "import torch\ny = torch.round(x)",
        "import mstorch as torch; import mindspore\ny = mindspore.mint.round(x)",
    ),
    "a call through an alias of the module": (
        "import torch as t\ny = t.round(x)",
        "import mstorch as t; import mindspore\ny = mindspore.mint.round(x)",
    ),
    "an alias of an alias": (
        "import torch\nt = torch\ny = t.round(x)",
        "import mstorch as torch; import mindspore\nt = torch\ny = mindspore.mint.round(x)",
    ),
    "a function imported by name": (
        "from torch import round, nn\ny = round(x)",
        "from mstorch import round, nn; import mindspore\ny = mindspore.mint.round(x)",
    ),
    "calls in calls": (
        "import torch\ny = torch.round(torch.sin(x))",
        "import mstorch as torch; import mindspore\n"
        "y = mindspore.mint.round(mindspore.mint.sin(x))",
    ),
    "a clause is added before the import of MindSpore": (
        "import torch.nn, os\ny = torch.round(x)",
        "import mstorch.nn, mstorch as torch, os; import mindspore\ny = mindspore.mint.round(x)",
    ),
    "an import in a function": (
        "def f(x):\n    import torch  # here\n    return torch.round(x)",
        "def f(x):\n    import mstorch as torch; import mindspore  # here\n"
        "    return mindspore.mint.round(x)",
    ),
    "an import of one of two functions": (
        "def f(x):\n    import torch\n    return torch.round(x)\n"
        "def g(x):\n    return torch.round(x)",
        "def f(x):\n    import mstorch as torch; import mindspore\n"
        "    return mindspore.mint.round(x)\ndef g(x):\n    return torch.round(x)",
    ),
    "an optional import": (
        "try:\n    import torch\nexcept ImportError:\n    torch = None\ny = torch.round(x)",
        "try:\n    import mstorch as torch; import mindspore\nexcept ImportError:\n"
        "    torch = None\ny = mindspore.mint.round(x)",
    ),
    "every import that a name may come from": (
        "if a:\n    import torch\nelse:\n    import torch\ny = torch.round(x)",
        "if a:\n    import mstorch as torch; import mindspore\nelse:\n"
        "    import mstorch as torch; import mindspore\ny = mindspore.mint.round(x)",
    ),
    "an import on one line with others": (
        "if a: import torch; y = torch.round(x)",
        "if a: import mstorch as torch; import mindspore; y = mindspore.mint.round(x)",
    ),
    "an import over several lines": (
        "from torch import (\n    round,  # of numbers\n)\ny = round(x)",
        "from mstorch import (\n    round,  # of numbers\n); import mindspore\n"
        "y = mindspore.mint.round(x)",
    ),
    "a star import": (
        "from torch import *\ny = sin(x)",
        "from mstorch import *; import mindspore\ny = mindspore.mint.sin(x)",
    ),
    "a file that imports MindSpore itself": (
        "import mindspore\nimport torch\ny = torch.round(x)",
        "import mindspore\nimport mstorch as torch; import mindspore\ny = mindspore.mint.round(x)",
    ),
    "a function that is passed": (
        "import torch\ny = map(torch.numel, x)",
        "import mstorch as torch; import mindspore\ny = map(mindspore.ops.numel, x)",
    ),
    "a function that is kept under a name": (
        "import torch\nf = torch.numel\ny = f(x)",
        "import mstorch as torch; import mindspore\nf = mindspore.ops.numel\n"
        "y = mindspore.ops.numel(x)",
    ),
    "a nested function": (
        "import torch\nclass A:\n    def f(self):\n        return [torch.round(x) for x in self]",
        "import mstorch as torch; import mindspore\nclass A:\n    def f(self):\n"
        "        return [mindspore.mint.round(x) for x in self]",
    ),
}

# Only the import changes.
KEPT = {
    "another argument": "import torch\ny = torch.round(x, out=z)",
    "arguments behind a star": "import torch\ny = torch.round(*x)",
    "keywords behind stars": "import torch\ny = torch.round(**x)",
    "a method": "import torch\ny = x.round()",
    "a parameter of that name": "import torch\ndef f(torch): return torch.round(x)",
    "a name that is torch's on some ways": "import torch\nif a: torch = b\ny = torch.round(x)",
    "an f-string": "import torch\ny = f'{torch.round(x)}'",
    "a string": "import torch\ny = 'torch.round(x)'",
    "an import in a class": "class A:\n    import torch\n    y = torch.round(x)",
    "an import into the module's scope": (
        "def f():\n    global torch\n    import torch\n    return torch.round(x)"
    ),
    "the name is deleted": "import torch\ndel torch\ntorch.round(x)",
    "mindspore is used and not bound": "import torch\ny = torch.round(x)\nmindspore.a",
    "mindspore is a parameter": "import torch\ndef f(mindspore): return torch.round(mindspore)",
    "mindspore is something of the file's": "import torch\nmindspore = 1\ny = torch.round(x)",
    "mindspore is another module": "import torch\nimport a as mindspore\ny = torch.round(x)",
    "mindspore is bound in between": (
        "import torch\ndef f():\n    def g(): return torch.round(x)\n    mindspore = 1"
    ),
    "the file replaces the function": "import torch\ntorch.round = f\ny = torch.round(x)",
    "the file deletes the function": "import torch\ndel torch.round\ny = torch.round(x)",
    "a replacement through another name": (
        "import torch\nt = torch\nt.round = f\ny = torch.round(x)"
    ),
    "a replacement by setattr": "import torch\nsetattr(torch, 'round', f)\ny = torch.round(x)",
    "a replacement of a computed name": "import torch\nsetattr(torch, n, f)\ny = torch.round(x)",
    "a replacement by a dotted name": "import torch\npatch('torch.round', f)\ny = torch.round(x)",
    "a replacement of an object's attribute": (
        "import torch\nmock.patch.object(torch, 'round', f)\ny = torch.round(x)"
    ),
    "a function whose signature differs is passed": "import torch\ny = map(torch.round, x)",
    "a function in the body of a class": "import torch\nclass A:\n    f = torch.numel",
    "a function that may be another's": "import torch\nif a: torch = b\ny = map(torch.numel, x)",
    "a function that is looked up as well": (
        "import torch\ny = map(torch.numel, x)\nz = getattr(torch, n)"
    ),
    "a function of a module that is passed on": (
        "import torch\ny = map(torch.numel, x)\nregister(torch)"
    ),
    "a class": "import torch\ny = torch.nn.Linear(2, 3)\nisinstance(y, torch.nn.Linear)",
    "a result with names": "import torch\ny = torch.max(x, 1).values",
    "a function that differs on some inputs": "import torch\ny = torch.add(x, z)",
    "a function that nothing is known of": "import torch\ny = torch.fft.irfftn(x)",
}


@pytest.mark.parametrize("name", REWRITTEN)
def test_a_proven_call_becomes_mindspores(name):
    source, expected = REWRITTEN[name]
    expected = expected.replace("; import mindspore", IMPORT)
    converted, result = torch2ms.convert_source(source, target="native")
    assert converted == expected
    assert result.counts.native == expected.count("mindspore.mint.") + expected.count("ops.numel")
    assert result.does_not_compile is None


@pytest.mark.parametrize("name", KEPT)
def test_anything_else_stays_on_the_adapter(name):
    source = KEPT[name]
    converted, result = torch2ms.convert_source(source, target="native")
    adapter, _ = torch2ms.convert_source(source)
    assert converted == adapter
    assert result.counts.native == 0


def test_a_call_that_stays_says_why():
    _, result = torch2ms.convert_source("import torch\ny = torch.round(x, out=z)", target="native")
    (finding,) = [f for f in result.findings if f.kind == "adapter"]
    assert (finding.line, finding.text) == (2, "torch.round")
    assert "out" in finding.message


def converted(tmp_path, files, **options):
    """A tree of these files, converted: the texts by their paths, and the result."""
    source = tmp_path / "source"
    for path, text in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    result = tree.convert_tree(source, tmp_path / "out", Options(target="native", **options))
    texts = {path: (tmp_path / "out" / path).read_text() for path in files}
    return {
        path: text.replace(IMPORT, "; import mindspore") for path, text in texts.items()
    }, result


CALL = "import torch\ny = torch.round(x)\n"
NATIVE = "import mstorch as torch; import mindspore\ny = mindspore.mint.round(x)\n"
ADAPTER = "import mstorch as torch\ny = torch.round(x)\n"


@pytest.mark.parametrize(
    "patch",
    [
        "import torch\ntorch.round = f\n",
        "import torch\nsetattr(torch, name, f)\n",
        "patch('torch.round', f)\n",
        "mock.patch(f'torch.{name}', f)\n",
        "mock.patch('torch.' + name, f)\n",
        "mock.patch('torch.%s' % name, f)\n",
        "mock.patch('torch.{}'.format(name), f)\n",
        "import torch\ntorch.__dict__['round'] = f\n",
        "import torch\nvars(torch)['round'] = f\n",
        "monkeypatch.setattr(f'torch.{name}nd', f)\n",
        "patch.multiple('torch', round=f)\n",
        "import torch\npatch.multiple(torch, round=f)\n",
        # A module that is asked for by its name.
        "import sys\nsys.modules['torch'].round = f\n",
        "from sys import modules as m\nm['torch'].round = f\n",
        "import sys\nsys.modules.get('torch').round = f\n",
        "import sys\nt = sys.modules['torch']\nt.round = f\n",
        "import sys\nt = sys.modules['torch']\ndel t.round\n",
        "import sys\nsetattr(sys.modules['torch'], 'round', f)\n",
        "import sys\nsetattr(sys.modules['torch'], name, f)\n",
        "import importlib\nimportlib.import_module('torch').round = f\n",
        "from importlib import import_module as get\nt = get('torch')\nt.round = f\n",
        "from importlib import import_module\npatch.object(import_module('torch'), 'round', f)\n",
        "__import__('torch').round = f\n",
        "__import__('torch.nn').round = f\n",
        "import pytest\ntorch = pytest.importorskip('torch')\ntorch.round = f\n",
        "import torch\ngetattr(torch, name).round = f\n",
        # The whole module.
        "import sys\nsys.modules['torch'] = mine\n",
        "import sys\nsys.modules.update({'torch': mine})\n",
        "import sys\nmonkeypatch.setitem(sys.modules, 'torch', mine)\n",
        "patch.dict('sys.modules', {'torch': mine})\n",
        # A module that is passed on.
        "import torch\nfor m in (torch, other):\n    setattr(m, n, f)\n",
        "import torch\n[setattr(m, 'round', f) for m in [torch]]\n",
        "import torch\nmodules = {'t': torch}\nmodules['t'].round = f\n",
        "import torch\ndef replace(m=torch):\n    m.round = f\n",
        "import torch\ndef give():\n    return torch\ngive().round = f\n",
        "import torch\nt = torch if x else y\nt.round = f\n",
        "import torch\nreplace_all(torch)\n",
        "import torch\ntorch.__setattr__('round', f)\n",
        "import torch\ntorch.__dict__.update(round=f)\n",
        "import torch\nobject.__setattr__(torch, 'round', f)\n",
        # Through something that holds it.
        "import torch\nclass A:\n    t = torch\nA.t.round = f\n",
        "import torch\nx.t = torch\nx.t.round = f\n",
        "import torch\nx.t = torch\nsetattr(x.t, 'round', f)\n",
        # By a name in a string.
        "for name, f in {'torch.round': g}.items():\n    put(name, f)\n",
        "wrap('torch', 'round', f)\n",
        "wrap_function('torch', name, f)\n",
        "exec('torch.round = f')\n",
        # In the places where an assignment may stand.
        "import torch\nfor torch.round in fs: pass\n",
        "import torch\nwith a as torch.round: pass\n",
        "import torch\n(torch.round, y) = f, g\n",
        "import torch\ntorch.round += f\n",
        "import torch\ndef g():\n    global torch\n    torch.round = f\n",
    ],
)
def test_what_one_file_replaces_stays_in_all_files(tmp_path, patch):
    texts, _ = converted(tmp_path, {"a.py": CALL, "z/patch.py": patch})
    assert texts["a.py"] == ADAPTER


@pytest.mark.parametrize(
    "other",
    [
        "import torch\ntorch.sin = f\n",
        "patch(f'torch.nn.{name}', f)\n",
        "patch(f'torch.{name}.forward', f)\n",
        "patch(f'{name}.round', f)\n",
        "patch.multiple('torch', sin=f)\n",
        "print(f'torch.{name}')\n",
        "import sys\nsys.modules['other'].round = f\n",
        "import sys\nt = sys.modules['torch']\nprint(t.round)\n",
        "import sys\nif 'torch' in sys.modules: pass\n",
        "from mine import import_module\nimport_module('torch').round = f\n",
        "import importlib\nimportlib.import_module('torch.nn').round = f\n",
        "import torch\nprint(torch, dir(torch), hasattr(torch, 'round'))\n",
        "import torch\nx.t = torch\nx.u.round = f\n",
        "import torch\nx.t = torch\nx.t.sin = f\n",
        "import torch\nsetattr(torch, 'sin', f)\n",
        "text.replace('torch', name)\n",
        "import torch\ntorch.nn.functional.relu = f\n",
        "self.x.round = f\n",
        "exec('torch.sin = f')\n",
        "from torch import nn\nfor m in (nn, x): pass\n",
    ],
)
def test_what_another_function_replaces_does_not_matter(tmp_path, other):
    texts, _ = converted(tmp_path, {"a.py": CALL, "z.py": other})
    assert texts["a.py"] == NATIVE


def test_what_is_replaced_through_a_name_of_another_file_stays(tmp_path):
    files = {
        "a.py": CALL,
        "compat.py": "import torch as t\nimport torch.nn.functional as F\n",
        "z.py": "import compat\ncompat.t.round = f\n",
    }
    texts, _ = converted(tmp_path, files)
    assert texts["a.py"] == ADAPTER
    texts, _ = converted(
        tmp_path / "other", {**files, "z.py": "import compat\ncompat.F.round = f\n"}
    )
    assert texts["a.py"] == NATIVE
    patched = {**files, "z.py": "@patch('compat.t.round')\ndef test(): pass\n"}
    texts, _ = converted(tmp_path / "patched", patched)
    assert texts["a.py"] == ADAPTER


def test_what_lies_in_a_module_that_is_replaced_stays(tmp_path):
    call = "import torch\ny = torch.nn.functional.silu(x)\n"
    for number, patch in enumerate(
        (
            "import torch\ntorch.nn.functional = f\n",
            "import torch\nsetattr(torch, 'nn', f)\n",
            "import torch\nreplace_all(torch)\n",
            "import sys\nsys.modules['torch.nn.functional'] = f\n",
        )
    ):
        texts, _ = converted(tmp_path / str(number), {"a.py": call, "z.py": patch})
        assert "mindspore" not in texts["a.py"]
    texts, _ = converted(
        tmp_path / "other", {"a.py": call, "z.py": "import torch\ntorch.cuda = f\n"}
    )
    assert "mindspore.mint.nn.functional.silu" in texts["a.py"]


def test_a_module_that_is_asked_for_by_name_has_nothing_to_import_mindspore_behind(tmp_path):
    source = "import importlib\nt = importlib.import_module('torch')\ny = t.round(x)\n"
    texts, result = converted(tmp_path, {"a.py": source})
    assert texts["a.py"] == source.replace("'torch'", "'mstorch'")
    (finding,) = [f for f in result.files[0].findings if f.kind == "adapter"]
    assert "not imported" in finding.message


def test_a_call_that_stays_for_a_replacement_says_where_that_is(tmp_path):
    files = {"a.py": CALL, "z/patch.py": "import torch\n\nsetattr(torch, name, f)\n"}
    _, result = converted(tmp_path, files)
    assert [(f.kind, f.text, f.message) for f in result.files[0].findings] == [
        ("adapter", "torch.round", "the tree replaces this function, or may: z/patch.py:3")
    ]


VALUE = "import torch\nuse(torch.numel)\n"
VALUE_ON_ADAPTER = "import mstorch as torch\nuse(torch.numel)\n"


def test_a_function_is_the_same_value_in_all_files(tmp_path):
    texts, _ = converted(tmp_path, {"a.py": VALUE, "b.py": "import torch\nx == torch.numel\n"})
    assert all("mindspore.ops.numel" in text for text in texts.values())


@pytest.mark.parametrize(
    "other",
    [
        "import torch\ng = getattr(torch, name)\n",
        "import torch\ng = getattr(torch, 'numel')\n",
        "import torch\nclass A:\n    g = torch.numel\n",
        "import torch\ng = f'{use(torch.numel)}'\n",
        "import torch\nmodules = {'torch': torch}\n",
    ],
)
def test_a_value_that_stays_in_one_file_stays_in_all(tmp_path, other):
    texts, _ = converted(tmp_path, {"a.py": VALUE, "b.py": other})
    assert texts["a.py"] == VALUE_ON_ADAPTER


def test_a_question_about_a_module_keeps_nothing(tmp_path):
    other = "import torch\nif hasattr(torch, 'numel'): pass\n"
    texts, _ = converted(tmp_path, {"a.py": VALUE, "b.py": other})
    assert "mindspore.ops.numel" in texts["a.py"]


RE_EXPORTS = {
    "a module": ("import torch\n", "from .compat import torch\ny = torch.round(x)\n"),
    "an alias": ("import torch as T\n", "from .compat import T\ny = T.round(x)\n"),
    "a function": ("from torch import round\n", "from .compat import round as a\ny = a(x)\n"),
    "everything": ("import torch\n", "from .compat import *\ny = torch.round(x)\n"),
    "by its absolute name": (
        "import torch\n",
        "from lib.compat import torch\ny = torch.round(x)\n",
    ),
    "in a function": (
        "from torch import sin\n",
        "def f(x):\n    from lib.compat import sin\n    return sin(x)\n",
    ),
}


@pytest.mark.parametrize("name", RE_EXPORTS)
def test_a_name_of_torch_that_comes_from_another_file_is_known(tmp_path, name):
    compat, user = RE_EXPORTS[name]
    files = {"lib/__init__.py": "", "lib/compat.py": compat, "lib/user.py": user}
    texts, result = converted(tmp_path, files)
    assert "mindspore.mint." in texts["lib/user.py"]
    assert "; import mindspore" in texts["lib/user.py"]
    (file,) = [file for file in result.files if file.path == "lib/user.py"]
    assert file.counts.found == file.counts.native == 1


def test_a_name_is_followed_through_several_files(tmp_path):
    files = {
        "a.py": "import torch\n",
        "b.py": "from a import torch as t\n",
        "c.py": "from b import t\ny = t.round(x)\n",
    }
    texts, _ = converted(tmp_path, files)
    assert texts["c.py"] == "from b import t; import mindspore\ny = mindspore.mint.round(x)\n"


NOT_RE_EXPORTED = {
    "another module's name": "from elsewhere import torch\ny = torch.round(x)\n",
    "a name that the file binds again": "from a import torch\ntorch = f\ny = torch.round(x)\n",
    "another name": "from a import other\ny = other.round(x)\n",
}


PUBLIC = {
    "listed": ("__all__ = ['torch']\n", True),
    "not listed": ("__all__ = ['other']\n", False),
    "computed": ("__all__ = list(names)\n", False),
    "added to": ("__all__ = ['torch']\n__all__ += more\n", False),
    "not said": ("", True),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_star_import_brings_what_the_module_lists(tmp_path, name):
    listed, brings = PUBLIC[name]
    files = {"a.py": f"import torch\n{listed}", "b.py": "from a import *\ny = torch.round(x)\n"}
    texts, _ = converted(tmp_path, files)
    assert ("mindspore.mint" in texts["b.py"]) == brings


@pytest.mark.parametrize("name", NOT_RE_EXPORTED)
def test_a_name_that_is_not_certain_stays(tmp_path, name):
    files = {"a.py": "import torch\nother = 1\n", "b.py": NOT_RE_EXPORTED[name]}
    texts, _ = converted(tmp_path, files)
    assert texts["b.py"] == NOT_RE_EXPORTED[name]


def test_the_result_does_not_depend_on_the_order_of_files(tmp_path):
    forward = {"a.py": "from z import torch\ny = torch.round(x)\n", "z.py": "import torch\n"}
    texts, _ = converted(tmp_path, forward)
    assert texts["a.py"] == "from z import torch; import mindspore\ny = mindspore.mint.round(x)\n"


def test_converting_a_result_changes_nothing(tmp_path):
    texts, _ = converted(tmp_path, {"a.py": CALL})
    again, _ = torch2ms.convert_source(texts["a.py"], target="native")
    assert again == texts["a.py"]
