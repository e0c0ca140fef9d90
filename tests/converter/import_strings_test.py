# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Strings in the places where Python takes a module's name; every other string stays."""

import pytest

from torch2ms.python_file import Settings, convert

REWRITE = {
    "import_module": (
        "import importlib\nimportlib.import_module('torch.nn')",
        "import importlib\nimportlib.import_module('mstorch.nn')",
    ),
    "import_module under another name": (
        'from importlib import import_module as load\nload(name="torch")',
        'from importlib import import_module as load\nload(name="mstorch")',
    ),
    "relative with a package": (
        "import importlib\nimportlib.import_module('.nn', package='torch')",
        "import importlib\nimportlib.import_module('.nn', package='mstorch')",
    ),
    "an alias of an alias": (
        "import importlib\nload = importlib.import_module\nagain = load\nagain('torch')",
        "import importlib\nload = importlib.import_module\nagain = load\nagain('mstorch')",
    ),
    "__import__": ("__import__('torch')", "__import__('mstorch')"),
    "builtins.__import__": (
        "import builtins\nbuiltins.__import__('torch')",
        "import builtins\nbuiltins.__import__('mstorch')",
    ),
    "find_spec": (
        "import importlib.util\nif importlib.util.find_spec('torch') is None: pass",
        "import importlib.util\nif importlib.util.find_spec('mstorch') is None: pass",
    ),
    "sys.modules subscript": (
        "import sys\nsys.modules['torch']; del sys.modules['torch.nn']\nsys.modules['torch.x'] = y",
        "import sys\nsys.modules['mstorch']; del sys.modules['mstorch.nn']\n"
        "sys.modules['mstorch.x'] = y",
    ),
    "sys.modules membership": (
        "import sys\n'torch' in sys.modules\n'torch' not in sys.modules",
        "import sys\n'mstorch' in sys.modules\n'mstorch' not in sys.modules",
    ),
    "sys.modules methods": (
        "from sys import modules\nmodules.get('torch'); modules.pop('torch.nn', None)",
        "from sys import modules\nmodules.get('mstorch'); modules.pop('mstorch.nn', None)",
    ),
    "sys.modules filled from a dictionary": (
        "import sys\nsys.modules.update({'torch': x, 'y': z})",
        "import sys\nsys.modules.update({'mstorch': x, 'y': z})",
    ),
    "sys.modules given away with a name": (
        "import sys\nmonkeypatch.setitem(sys.modules, 'torch', None)",
        "import sys\nmonkeypatch.setitem(sys.modules, 'mstorch', None)",
    ),
    "mock.patch.dict": (
        "import sys\nfrom unittest.mock import patch\npatch.dict(sys.modules, {'torch.nn': x})\n"
        "@patch.dict('sys.modules', {'torch': None})\ndef f(): pass",
        "import sys\nfrom unittest.mock import patch\npatch.dict(sys.modules, {'mstorch.nn': x})\n"
        "@patch.dict('sys.modules', {'mstorch': None})\ndef f(): pass",
    ),
    "a name with a computed end": (
        "from importlib import import_module\n"
        "import_module(f'torch.{x}'); import_module('torch.' + x); import_module('torch.%s' % x)\n"
        "import_module('torch.{}'.format(x)); import_module('torch.nn.' + x + y)",
        "from importlib import import_module\n"
        "import_module(f'mstorch.{x}'); import_module('mstorch.' + x);"
        " import_module('mstorch.%s' % x)\n"
        "import_module('mstorch.{}'.format(x)); import_module('mstorch.nn.' + x + y)",
    ),
    "string prefixes and triple quotes": (
        "__import__(r'torch'); __import__(u\"torch\"); __import__('''torch''')",
        "__import__(r'mstorch'); __import__(u\"mstorch\"); __import__('''mstorch''')",
    ),
    "mock.patch": (
        "from unittest import mock\n@mock.patch('torch.cuda.is_available')\ndef f(): pass",
        "from unittest import mock\n@mock.patch('mstorch.cuda.is_available')\ndef f(): pass",
    ),
    "pytest.importorskip": (
        "import pytest\ntorch = pytest.importorskip('torch')",
        "import pytest\ntorch = pytest.importorskip('mstorch')",
    ),
    "version of the distribution": (
        "import importlib.metadata\nimportlib.metadata.version('torch')",
        "import importlib.metadata\n__import__('mstorch').__version__",
    ),
    "version by keyword, over lines": (
        "from importlib.metadata import version\nversion(\n    distribution_name='torch',\n)",
        "from importlib.metadata import version\n__import__(\n    name='mstorch',\n).__version__",
    ),
    "one of two functions that mean the same": (
        "try:\n    from importlib.metadata import version\n"
        "except ImportError:\n    from importlib_metadata import version\nversion('torch')",
        "try:\n    from importlib.metadata import version\n"
        "except ImportError:\n    from importlib_metadata import version\n"
        "__import__('mstorch').__version__",
    ),
    "one of two modules that mean the same": (
        "try:\n    import importlib.metadata as m\n"
        "except ImportError:\n    import importlib_metadata as m\nm.distribution('torch')",
        "try:\n    import importlib.metadata as m\n"
        "except ImportError:\n    import importlib_metadata as m\nm.distribution('mstorch')",
    ),
    "distribution": (
        "from importlib.metadata import distribution\ndistribution('torch')",
        "from importlib.metadata import distribution\ndistribution('mstorch')",
    ),
    "conditional import of the function": (
        "try:\n    from importlib.metadata import version\n"
        "except ImportError:\n    version = None\nversion('torch')",
        "try:\n    from importlib.metadata import version\n"
        "except ImportError:\n    version = None\n__import__('mstorch').__version__",
    ),
}

NOOP = {
    "a local function of that name": "def import_module(x): pass\nimport_module('torch')\n",
    "a parameter": "import importlib\ndef f(importlib):\n    importlib.import_module('torch')\n",
    "a shadowed builtin": "def __import__(x): pass\n__import__('torch')\n",
    "a method": "self.import_module('torch')\n",
    "another argument": "import importlib\nimportlib.import_module(x, 'y')('torch')\n",
    "another distribution": "from importlib.metadata import version\nversion('torchvision')\n",
    "a longer name": "__import__('torchvision'); __import__('torch_xla')\n",
    "another table": "modules['torch']; cache.get('torch'); 'torch' in modules\n",
    "another dictionary": "update({'torch': x}); patch.dict(config, {'torch': x})\n",
    "a logger": "import logging\nlogging.getLogger('torch.distributed')\n",
    "a comparison": "import sys\nname == 'torch'; 'torch' in names; 'torch' == sys.modules\n",
    "a comprehension's own name": (
        "import sys\n[modules['torch'] for modules in (a, b)]\n"
        "from sys import modules\n[x for modules in y if modules['torch']]\n"
    ),
}

UNDECIDED = {
    "one of two functions": (
        "import importlib\nload = importlib.import_module if x else y\n"
        "load = importlib.import_module\nload('torch')\n"
    ),
    "a version that may be another function": (
        "from importlib.metadata import version\nversion = version or f()\nversion('torch')\n"
    ),
    "a string in pieces": "# torch\n__import__('tor' 'ch')\n",
    "a computed name": "__import__('torch' + suffix)\n",
    "the import of a package whose counterpart is a part": "__import__('torch_npu')\n",
    "the version of a package whose counterpart is a part": (
        "from importlib.metadata import version\nversion('torch_npu')\n"
    ),
    "an escape": "# torch\n__import__('\\x74orch')\n",
}


@pytest.mark.parametrize("name", REWRITE)
def test_a_string_that_names_torch_for_import_changes(name, to_adapter):
    before, after = REWRITE[name]
    assert to_adapter(before) == after


@pytest.mark.parametrize("name", NOOP)
def test_every_other_string_stays(name, to_adapter):
    assert to_adapter(NOOP[name]) == NOOP[name]


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_cannot_be_decided_stays_and_is_reported(name, result_of):
    result = result_of(UNDECIDED[name])
    assert not result.changed
    assert [finding.kind for finding in result.findings] == ["unconverted"]


@pytest.mark.parametrize("call", ['__import__("torch").__name__', 'version("torch")'])
def test_a_string_inside_of_an_f_string_is_converted_or_reported(call, to_adapter, result_of):
    source = f"from importlib.metadata import version\nx = f'{{{call}}}'\n"
    kinds = [finding.kind for finding in result_of(source).findings]
    assert ("mstorch" in to_adapter(source)) == (kinds == [])
    assert kinds in ([], ["unconverted"])


@pytest.mark.parametrize("source", [*(b for b, _ in REWRITE.values()), *UNDECIDED.values()])
def test_edits_and_failures_do_not_depend_on_whether_references_are_counted(source):
    full, with_references = convert(source.encode(), "a.py", Settings("adapter"))
    short, without = convert(source.encode(), "a.py", Settings("adapter", references=False))
    assert full == short
    assert [f for f in with_references.findings if f.kind == "unconverted"] == without.findings


@pytest.mark.parametrize(
    "source",
    [
        "import sys\n[name for name in ('torch', 'numpy') if name in sys.modules]",
        "import importlib\nfor n in ['torch']: importlib.import_module(n)",
        "import importlib\nmods = {'torch': 1}\n[importlib.import_module(n) for n in mods]",
        "import sys\n{'torch'} & sys.modules.keys()",
        "import sys\n[m for m in sys.modules if m.startswith('torch.')]",
        "import sys\nfor m in sys.modules:\n    if m == 'torch': pass",
    ],
)
def test_names_that_may_be_asked_for_elsewhere_in_the_file_are_listed(source):
    after, result = convert(source.encode(), "file.py", Settings("adapter"))
    assert after == source.encode()
    assert [finding.kind for finding in result.findings] == ["name"]


@pytest.mark.parametrize(
    "source", ["x = ('torch', 'numpy')", "x = {'torch': 1}", "m.startswith('torch.')"]
)
def test_names_in_a_file_that_asks_for_no_module_are_not(source):
    _, result = convert(source.encode(), "file.py", Settings("adapter"))
    assert not result.findings


def test_a_keyword_that_names_a_module_is_reported():
    source = b"import sys\nsys.modules.update(torch=x)"
    after, result = convert(source, "file.py", Settings("adapter"))
    assert after == source
    assert [finding.kind for finding in result.findings] == ["unconverted"]
