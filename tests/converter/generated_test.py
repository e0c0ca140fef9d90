# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Generated programs: the result, renamed back, is the same program; shadowed names stay."""

import ast
import io
import tokenize

from hypothesis import given, settings
from hypothesis import strategies as st

from torch2ms.python_file import Settings, convert

NAMES = ["torch", "nn", "F", "x", "importlib", "sys", "self"]
MODULES = ["torch", "torch.nn", "torch.nn.functional", "torchvision", "os.path", "torch.utils.data"]
STRINGS = ["'torch'", "'torch.nn'", '"torch.float32"', "'torch_dtype'", "b'torch'", "'''torch'''"]

names = st.sampled_from(NAMES)
chains = st.builds(".".join, st.lists(names, min_size=1, max_size=3))
atoms = st.one_of(
    chains,
    st.sampled_from(STRINGS),
    st.sampled_from(["1", "None", "f'{torch.x} torch'", "[torch for torch in nn]", "(x := torch)"]),
)


def calls(inner):
    """Expressions around expressions, functions that take module names among them."""
    functions = st.sampled_from(
        ["f", "torch.zeros", "importlib.import_module", "__import__", "sys.modules.get", "getattr"]
    )
    return st.one_of(
        st.builds("{}({})".format, functions, inner),
        st.builds("f(torch={}, dtype={})".format, inner, inner),
        st.builds("({} + {})".format, inner, inner),
        st.builds("sys.modules[{}]".format, inner),
        st.builds("({} in sys.modules)".format, inner),
        st.builds("(lambda torch={}: torch)".format, inner),
        st.builds("[{} for nn in {}]".format, inner, inner),
        st.builds("({} if {} else torch)".format, inner, inner),
    )


expressions = st.recursive(atoms, calls, max_leaves=6)
clauses = st.one_of(
    st.sampled_from(MODULES),
    st.builds("{} as {}".format, st.sampled_from(MODULES), names),
)
imports = st.one_of(
    st.builds("import {}".format, st.lists(clauses, min_size=1, max_size=3).map(", ".join)),
    st.builds("from {} import {}".format, st.sampled_from(MODULES), names),
    st.builds("from {} import ({}, {} as x)".format, st.sampled_from(MODULES), names, names),
    st.builds("from {}{} import {}".format, st.sampled_from([".", ".."]), names, names),
    st.just("import importlib, sys"),
)
plain = st.one_of(
    st.builds("{} = {}".format, chains, expressions),
    st.builds("{}: {} = {}".format, names, expressions, expressions),
    expressions,
    st.builds("del {}".format, names),
    st.just("import os  # import torch"),
)
simple = st.one_of(imports, plain)


def indented(lines):
    """A block, one level in."""
    return "\n".join("    " + line for text in lines for line in text.split("\n"))


def blocks(inner):
    """Compound statements around statements."""
    body = st.lists(inner, min_size=1, max_size=3).map(indented)
    return st.one_of(
        st.builds("def f({}):\n{}".format, st.sampled_from(["torch", "*nn", "x=torch"]), body),
        st.builds("class {}:\n{}".format, names, body),
        st.builds("if {}:\n{}".format, expressions, body),
        st.builds("for {} in {}:\n{}".format, names, expressions, body),
        st.builds("try:\n{}\nexcept E as {}:\n{}".format, body, names, body),
        st.builds("with {} as {}:\n{}".format, expressions, names, body),
    )


def programs(statements):
    """A module with a docstring that mentions torch."""
    nested = st.recursive(statements, blocks, max_leaves=8)
    return st.lists(nested, min_size=1, max_size=6).map(
        lambda parts: '"""import torch"""\n' + "\n".join(parts) + "\n"
    )


def renamed_back(tree):
    """The tree with the adapter's names turned into torch's."""

    def back(text):
        return "torch" + text[7:] if text == "mstorch" or text.startswith("mstorch.") else text

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                alias.name = back(alias.name)
            kept = []
            clauses = iter(node.names)
            for alias in clauses:
                kept.append(alias)
                if alias.name.startswith("torch.") and alias.asname is None:
                    # `import torch.nn` became two clauses.
                    added = next(clauses)
                    assert (added.name, added.asname) == ("torch", "torch")
            node.names = kept
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            node.module = back(node.module)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = back(node.value)
    return without_own_alias(tree)


def without_own_alias(tree):
    """`import torch as torch` read as `import torch`: the same binding."""
    for node in ast.walk(tree):
        if isinstance(node, ast.alias) and node.asname == node.name:
            node.asname = None
    return tree


def comments(text):
    """Every comment with its place."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]


def converted(source):
    """The converted text, compiled."""
    data, result = convert(source.encode("utf-8"), "file.py", Settings("adapter"))
    assert result.unparsable is None
    return data.decode("utf-8"), result


@settings(max_examples=120, deadline=None, derandomize=True)
@given(programs(simple))
def test_the_result_renamed_back_is_the_source(source):
    text, _ = converted(source)
    assert ast.dump(renamed_back(ast.parse(text))) == ast.dump(without_own_alias(ast.parse(source)))
    assert text.count("\n") == source.count("\n")
    assert comments(text) == comments(source)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(programs(simple))
def test_no_import_of_torch_is_left_and_a_second_run_changes_nothing(source):
    text, result = converted(source)
    left = [f for f in result.findings if f.kind == "unconverted"]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            assert not any(alias.name.split(".")[0] == "torch" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert node.module.split(".")[0] != "torch"
    again, second = converted(text)
    assert again == text
    assert len([f for f in second.findings if f.kind == "unconverted"]) == len(left)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(plain, min_size=1, max_size=6))
def test_a_program_in_which_the_names_are_its_own_stays(statements):
    parameters = "torch, nn, F, importlib, sys, __import__"
    source = f"def f({parameters}):\n{indented(statements)}\n"
    assert converted(source)[0] == source


@settings(max_examples=100, deadline=None, derandomize=True)
@given(programs(simple))
def test_a_program_about_another_package_stays(source):
    other = source.replace("torch", "rocks")
    assert converted("# torch\n" + other)[0] == "# torch\n" + other


@settings(max_examples=100, deadline=None, derandomize=True)
@given(programs(simple), st.sampled_from(["\r\n", "\r"]), st.sampled_from(["utf-8-sig", "utf-16"]))
def test_newlines_and_encodings_do_not_change_what_is_edited(source, newline, encoding):
    data = source.replace("\n", newline).encode(encoding)
    after, result = convert(data, "file.py", Settings("adapter"))
    if encoding == "utf-16":
        # Python cannot read this; nor are the bytes of `torch` in it.
        assert after == data and not result.changed
    else:
        assert after == converted(source)[0].replace("\n", newline).encode(encoding)
