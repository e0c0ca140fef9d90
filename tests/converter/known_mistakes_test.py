# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What other converters were seen to get wrong, a sentence each, with the test that holds it here.

Most of these are cases of the test module on their subject: then the sentence names the case, and a
test below sees to it that it exists. The rest are tested here.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import torch2ms

HERE = Path(__file__).parent
PACKAGES = str(Path(torch2ms.__file__).parent.parent)

# Sentence -> (module, name of a case or of a test function).
ELSEWHERE = {
    # structure
    "a new import is placed above `from __future__`": ("imports", "after future imports"),
    "code on the line of a docstring is lost": ("imports", "after a docstring on its line"),
    "lines move": ("imports", "test_lines_keep_their_numbers"),
    "a file that never mentions torch changes": (
        "bytes",
        "test_a_file_without_torch_is_not_even_read_as_python",
    ),
    "a file is given up because of an f-string docstring or a call of a call": (
        "imports",
        "test_constructs_that_others_give_up_on_are_converted",
    ),
    # names
    "`from .torch import x` is renamed although the file torch.py stays": ("imports", "relative"),
    "an attribute that happens to be called torch is renamed": (
        "imports",
        "an attribute called torch",
    ),
    "a parameter or keyword called torch is renamed": ("imports", "a parameter called torch"),
    "a local called torch is renamed": ("imports", "a local called torch"),
    "the torch part of another package is renamed": (
        "imports",
        "another package with a torch part",
    ),
    "safetensors.torch is left to fail": (
        "packages",
        "test_a_part_of_another_package_becomes_a_part_of_the_adapter",
    ),
    "`import torch, safetensors` on one line": ("imports", "two on one line"),
    "an import inside one function leaks into another": (
        "names",
        "an import in a function does not leak",
    ),
    "an import in a try block": ("imports", "optional"),
    "`from torch import *`": ("imports", "star"),
    "`torch . matmul`, `(torch).matmul`, hasattr, torch.ops, torch.classes and monkey-patches": (
        "imports",
        "test_code_strings_and_annotations_stay_when_imports_change",
    ),
    "`importlib.import_module('torch.x')`, `__import__` and sys.modules are missed": (
        "imports",
        "test_converted_imports_bind_what_the_original_bound",
    ),
    "`find_spec('torch')`": ("import_strings", "find_spec"),
    "`importlib.metadata.version('torch')`": ("import_strings", "version of the distribution"),
    "an import for type checkers": ("imports", "for type checkers"),
    "`__all__` is rewritten": ("imports", "__all__"),
    "`getattr(torch, name)` passes in silence": (
        "imports",
        "test_computed_attributes_and_code_in_strings_are_reported",
    ),
    # strings
    "checkpoint keys, choices, torch_dtype, file names and addresses change": (
        "imports",
        "strings",
    ),
    "comments change": ("imports", "a comment"),
    "doctests change": ("imports", "a doctest"),
    # files
    "a write that fails leaves a file of 0 bytes": (
        "tree",
        "test_a_full_disk_leaves_nothing_behind",
    ),
    "the byte order mark is dropped": ("bytes", "byte order mark"),
    "CRLF and CR are turned into LF": ("bytes", "all three mixed"),
    "PEP 263 files in Latin-1 are refused": ("bytes", "Latin-1"),
    "symbolic links are written through to files outside": (
        "tree",
        "test_links_inside_of_the_tree_are_kept_and_others_left_out",
    ),
    "a single file as the argument converts nothing": (
        "cli",
        "test_one_file_is_converted_into_one_file",
    ),
    "the exit status is 0 with failures": (
        "cli",
        "test_an_import_that_is_left_ends_with_status_1_and_a_list",
    ),
    "setup.py is ignored": ("requirements", "setup.py"),
    "requirement files are ignored": ("requirements", "a version"),
    "pyproject.toml is ignored": ("requirements", "pyproject.toml"),
    "launch scripts are ignored": ("launch", "test_convert_does_launch_scripts_too"),
    "stubs are ignored": ("tree", "test_python_files_are_converted_and_others_copied"),
    "configurations are passed over in silence": ("mentions", "a class in a configuration"),
    # recipes
    "a recipe that is applied twice corrupts": (
        "tree",
        "test_recipes_are_not_applied_to_a_tree_that_they_made",
    ),
    "a recipe whose file is missing creates one": (
        "tree",
        "test_a_recipe_that_does_not_fit_leaves_nothing_behind",
    ),
    "a recipe that does not match says nothing": ("recipes", "no match"),
    "a recipe outlives the release that it was written for": ("recipes", "version above"),
}


@pytest.mark.parametrize("sentence", ELSEWHERE)
def test_the_case_of_each_sentence_exists(sentence):
    module, case = ELSEWHERE[sentence]
    text = (HERE / f"{module}_test.py").read_text(encoding="utf-8")
    place = rf"^def {case}\(" if case.startswith("test_") else rf'^    "{re.escape(case)}": '
    assert re.search(place, text, re.MULTILINE), f"{module}_test.py has no {case!r}"


def test_a_module_keeps_its_docstring_and_the_comments_beside_it(to_adapter):
    before = (
        "#!/usr/bin/env python\n# licence: torch\n'''doc of torch'''  # beside\n# below\n"
        "import torch  # after\n"
    )
    after = to_adapter(before)
    assert after == before.replace("import torch ", "import mstorch as torch ")
    namespace = {}
    exec(compile(after.replace("import mstorch as torch", "pass"), "m", "exec"), namespace)
    assert namespace["__doc__"] == "doc of torch"


def test_a_statement_beside_a_docstring_stays(to_adapter):
    assert to_adapter('"""doc"""; y = 2\nimport torch\n') == (
        '"""doc"""; y = 2\nimport mstorch as torch\n'
    )


def test_a_parameter_hides_a_function_of_torch(to_adapter, result_of):
    body = "def f(sum):\n    return sum(1)\n\n\ndef g(x):\n    return sum(x)\n"
    source = "from torch import sum\n" + body
    assert to_adapter(source) == "from mstorch import sum\n" + body
    # The import clause, and the call in g; not the one in f.
    assert result_of(source).counts.found == 2


def test_an_annotation_in_quotes_keeps_its_meaning(to_adapter):
    body = "def f(x: 'Optional[torch.Tensor]') -> 'torch.Tensor': ...\n"
    assert to_adapter("import torch\n" + body) == "import mstorch as torch\n" + body


@pytest.mark.parametrize(
    "code",
    [
        # arguments that MindSpore's function does not take
        "torch.randn(2, requires_grad=True)",
        "torch.randn(2, out=y)",
        "torch.linspace(0, 1, 3, device='cpu')",
        "torch.nn.ReLU(inplace=True)",
        "torch.nn.functional.relu(x, inplace=True)",
        "torch.ones_like(x, device='cpu')",
        "torch.ones_like(x, memory_format=torch.contiguous_format)",
        "torch.mean(x, axis=0)",
        "torch.std(x, unbiased=False)",
        "torch.nn.Embedding(2, 3, device='cpu')",
        # results of another shape, or that share memory
        "torch.sort(x, -1)",
        "torch.max(x, 1).values",
        "torch.topk(x, 2).indices",
        "torch.from_numpy(x)",
        # classes, where they are created, asked for and inherited from
        "torch.nn.Flatten()",
        "isinstance(x, torch.nn.Linear)",
        "type('A', (torch.nn.Module,), {})",
        "torch.distributed.all_reduce(x, group=g)",
    ],
)
def test_what_mindspore_does_not_take_or_give_stays_on_the_adapter(code):
    after, _ = torch2ms.convert_source(f"import torch\n{code}\n", target="native")
    assert after == f"import mstorch as torch\n{code}\n"


def test_no_call_changes_for_the_adapter_whatever_its_arguments(to_adapter):
    """mstorch takes torch's arguments and gives torch's results; see its own tests for those."""
    body = (
        "torch.randn(2, requires_grad=True, out=y); torch.linspace(0, 1, 3, device='cpu')\n"
        "torch.nn.ReLU(inplace=True); torch.nn.Embedding(2, 3, device='cpu')\n"
        "torch.ones_like(x, device='cpu', memory_format=torch.preserve_format)\n"
        "torch.sum(x, axis=1); torch.std(x, unbiased=False); torch.sort(x, -1).values\n"
        "torch.max(x, 1).indices; torch.topk(x, 2).values; torch.nn.Flatten()(x)\n"
        "torch.from_numpy(a); torch.distributed.all_reduce(x, group=group)\n"
        "isinstance(x, torch.nn.Linear); map(torch.sigmoid, y)\n"
        "class Mine(torch.nn.Linear): ...\n"
    )
    assert to_adapter("import torch\n" + body) == "import mstorch as torch\n" + body


def test_the_encoding_of_the_locale_has_no_say(tmp_path):
    source = "x = 'é'  # ü\nimport torch\n".encode()
    (tmp_path / "é.py").write_bytes(source)
    program = (
        f"import sys; sys.path.insert(0, {PACKAGES!r})\n"
        "from torch2ms.cli import main\nsys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-X", "utf8=0", "-c", program, "convert", tmp_path / "é.py"]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run([*command, tmp_path / "out.py"], check=True, env=environment)
    assert (tmp_path / "out.py").read_bytes() == source.replace(b"torch", b"mstorch as torch")
    assert (tmp_path / "é.py").read_bytes() == source


def test_a_recipe_is_no_regular_expression_that_may_never_end(tmp_path):
    hard = "(a+)+$"
    (tmp_path / "src").mkdir()
    (tmp_path / "src/m.py").write_text(f"x = '{'a' * 40}!'\ny = '{hard}'\n")
    (tmp_path / "r.toml").write_text(
        '[upstream]\nname = "lib"\nversions = ">=1"\n[[recipe]]\nname = "one"\nfile = "m.py"\n'
        f'match = "y = \'{hard}\'"\nreplace = "y = \'.*\'"\nreason = "why"\n'
    )
    torch2ms.convert(
        tmp_path / "src", tmp_path / "out", recipes=tmp_path / "r.toml", upstream="lib==1.0"
    )
    assert (tmp_path / "out/m.py").read_text().endswith("y = '.*'\n")
