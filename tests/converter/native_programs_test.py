# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Generated programs are run before and after conversion, and do the same.

The programs import torch here and there, bind its names and MindSpore's to other things, and call.
They run against stand-ins for torch, mstorch and mindspore that write down what is called: the
functions of `mindspore.mint` under the names of the torch functions that they stand for.
"""

import builtins
import types

from hypothesis import given, settings
from hypothesis import strategies as st

import torch2ms

FUNCTIONS = ["round", "sin", "nope"]


def stand_ins(log):
    """Modules by their names: calls of their functions are written into `log`."""

    def function(name):
        def called(*args, **kwargs):
            log.append((name, len(args), sorted(kwargs)))
            return log[-1]

        return called

    functions = {name: function(name) for name in FUNCTIONS}
    torch = types.SimpleNamespace(nn=types.SimpleNamespace(), **functions)
    mint = types.SimpleNamespace(**functions)
    mindspore = types.SimpleNamespace(mint=mint)
    return {
        "torch": torch,
        "mstorch": torch,
        "mstorch.mint_cpu": types.SimpleNamespace(mindspore=mindspore),
        "mindspore": mindspore,
        "other": types.SimpleNamespace(round=function("other.round"), torch=torch),
    }


def run(source):
    """What a program calls, and how it ends."""
    log = []
    modules = stand_ins(log)

    def importer(name, globals=None, locals=None, fromlist=(), level=0):
        return modules[name if fromlist else name.partition(".")[0]]

    scope = {"__builtins__": {**vars(builtins), "__import__": importer}, "__name__": "program"}
    try:
        exec(compile(source, "program.py", "exec"), scope)
    except Exception as error:
        return log, type(error).__name__
    return log, "done"


names = st.sampled_from(["torch", "t", "round", "mindspore", "f"])
calls = st.sampled_from(
    [
        "torch.round(1)",
        "t.round(1)",
        "round(-1)",
        "torch.round(torch.sin(2))",
        "torch.round(input=1)",
        "torch.round(1, 2)",
        "torch.round(*[1])",
        "torch.nope(1)",
        "t.sin(round(-2))",
        "mindspore.mint.round(3)",
        "[torch.round(torch) for _ in (1, 2)]",
        "[torch.sin(1) for torch in ()]",
        "(lambda torch=torch: torch.round(4))()",
        "f'{torch.round(1)}'",
        "f(torch)",
        "setattr(torch, 'round', max)",
    ]
)
imports = st.sampled_from(
    [
        "import torch",
        "import torch as t",
        "from torch import round",
        "import torch, other as t",
        "import mindspore",
        "from other import torch",
        "try: import torch\nexcept ImportError: torch = None",
        "if True: import torch",
    ]
)
bindings = st.one_of(
    st.builds("{} = {}".format, names, names),
    st.builds("{} = 1".format, names),
    st.builds("del {}".format, names),
    st.builds("torch.round = {}".format, names),
)
simple = st.one_of(imports, imports, calls, calls, calls, bindings)


def block(statements):
    """Indented by one level."""
    return "\n".join("    " + line for text in statements for line in text.split("\n"))


def compound(inner):
    """Functions that are called once, classes, and branches."""
    body = st.lists(inner, min_size=1, max_size=4).map(block)
    header = st.sampled_from(["", "    global torch\n", "    global mindspore\n"])
    function = "def f({}):\n{}{}\ntry: f(1)\nexcept (NameError, AttributeError, TypeError): pass"
    return st.one_of(
        st.builds(
            function.format,
            st.sampled_from(["x", "torch", "mindspore"]),
            st.just(""),
            body,
        ),
        st.builds(function.format, st.just("x"), header, body),
        st.builds("class A:\n{}".format, body),
        st.builds("if len('a'):\n{}".format, body),
    )


programs = st.lists(st.recursive(simple, compound, max_leaves=8), min_size=1, max_size=7).map(
    lambda parts: "import torch\n" + "\n".join(parts) + "\n"
)


def compiles(source):
    try:
        compile(source, "program.py", "exec")
    except SyntaxError:
        return False
    return True


@settings(max_examples=300, deadline=None, derandomize=True)
@given(programs.filter(compiles))
def test_a_converted_program_calls_the_same_and_ends_the_same(source):
    converted, result = torch2ms.convert_source(source, target="native")
    assert result.unparsable is None and result.does_not_compile is None
    assert run(converted) == run(source)


def test_the_programs_are_converted_at_all():
    source = "import torch\ntorch.round(torch.sin(2))\n"
    converted, _ = torch2ms.convert_source(source, target="native")
    assert "mindspore.mint.round(mindspore.mint.sin(2))" in converted
    assert run(converted) == run(source) == ([("sin", 1, []), ("round", 1, [])], "done")
