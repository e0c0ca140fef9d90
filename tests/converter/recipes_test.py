# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Recipes: what they match, how they replace, and every way in which they refuse."""

import textwrap

import pytest

from torch2ms import recipes
from torch2ms.errors import UsageError
from torch2ms.python_file import Settings, convert
from torch2ms.recipes import RecipeError
from torch2ms.targets import TARGETS

SOURCE = '''\
import torch


class Layer:
    """A layer."""

    def forward(self, x):
        # move it
        x = x.to( torch.cuda.current_device() )  # here
        return x

    @property
    @torch.jit.export
    def width(self):
        if self.a: pass; self.b = 1
        return self.w


def forward(x):
    return torch.cuda.current_device()
'''


def recipe(match, replace, scope="", count=1):
    return recipes.Recipe(
        name="probe",
        file="layer.py",
        scope=scope,
        match=match,
        replace=replace,
        count=count,
        reason="for the test",
        targets=TARGETS,
        origin="recipes.toml:7",
    )


def applied(one, source=SOURCE):
    data = source if isinstance(source, bytes) else source.encode("utf-8")
    after, _ = convert(data, "layer.py", Settings("torch"), [one])
    return after if isinstance(source, bytes) else after.decode("utf-8")


REWRITE = {
    "an expression, whatever its spacing": (
        recipe("torch.cuda.current_device()", "0", "Layer"),
        "x.to( torch.cuda.current_device() )",
        "x.to( 0 )",
    ),
    "an expression in a scope of its own name": (
        recipe("torch.cuda.current_device()", "0", "forward"),
        "return torch.cuda.current_device()",
        "return 0",
    ),
    "a statement": (
        recipe("x = x.to(torch.cuda.current_device())", "pass", "Layer.forward"),
        "x = x.to( torch.cuda.current_device() )",
        "pass",
    ),
    "a statement by several": (
        recipe("return x", "x = x + 1\nif x:\n    return x\n\nreturn None", "Layer.forward"),
        "        return x\n",
        "        x = x + 1\n        if x:\n            return x\n\n        return None\n",
    ),
    "several statements, comments between them included": (
        recipe("import torch\nclass Layer: ...", "import torch\nclass Layer: 0", ""),
        "import torch\n# note\nclass Layer: ...\n",
        "import torch\nclass Layer: 0\n",
    ),
    "a string over lines keeps its lines": (
        recipe("return x", 'return f("""a\nb\n  c""",\n    x)', "Layer.forward"),
        "        return x\n",
        '        return f("""a\nb\n  c""",\n            x)\n',
    ),
    "a function with its decorators": (
        recipe(
            """
            @property
            @torch.jit.export
            def width(self):
                if self.a: pass; self.b = 1
                return self.w
            """,
            "width = 3",
            "Layer",
        ),
        "    @property\n    @torch.jit.export\n    def width(self):\n"
        "        if self.a: pass; self.b = 1\n        return self.w\n",
        "    width = 3\n",
    ),
    "a statement between semicolons": (
        recipe("self.b = 1", "self.b = 2", "Layer.width"),
        "pass; self.b = 1",
        "pass; self.b = 2",
    ),
    "a condition that needs parentheses": (
        recipe("self.w", "self.w if self.w else 1", "Layer.width"),
        "return self.w",
        "return self.w if self.w else 1",
    ),
}


@pytest.mark.parametrize("name", REWRITE)
def test_a_recipe_replaces_its_span_and_nothing_else(name):
    one, before, after = REWRITE[name]
    source = SOURCE if before in SOURCE else before
    one = recipes.Recipe(**{**vars(one), "match": textwrap.dedent(one.match).strip("\n")})
    assert applied(one, source) == source.replace(before, after)


def test_parentheses_are_added_where_the_place_needs_them():
    source = "y = not f(x) + g(x).a\n"
    assert applied(recipe("f(x)", "a or b"), source) == "y = not (a or b) + g(x).a\n"
    assert applied(recipe("g(x)", "a or b"), source) == "y = not f(x) + (a or b).a\n"


def test_an_expression_over_lines_keeps_its_lines():
    assert applied(recipe("f(x)", "(a\n + b)"), "y = f(x)\n") == "y = (a\n + b)\n"


def test_every_match_counts():
    source = "a = f(1)\nb = f(1)\n"
    assert applied(recipe("f(1)", "g(1)", count=2), source) == "a = g(1)\nb = g(1)\n"


def test_newlines_of_the_file_are_used():
    source = b"import os\r\ndef f():\r\n\treturn 1\r\n"
    after = applied(recipe("return 1", "if x:\n    return 1\nreturn 2", "f"), source)
    assert after == b"import os\r\ndef f():\r\n\tif x:\r\n\t    return 1\r\n\treturn 2\r\n"


def test_bytes_that_are_not_utf_8_stay():
    source = b"# coding: latin-1\nx = '\xe9'; y = f()\n"
    assert applied(recipe("f()", "g()"), source) == source.replace(b"f()", b"g()")


def test_a_recipe_that_wraps_its_match_does_not_wrap_it_twice():
    wrap = recipe("f(x)", "g(f(x))")
    after = applied(wrap, "y = f(x)\n")
    assert after == "y = g(f(x))\n"
    with pytest.raises(RecipeError, match="applied before"):
        applied(wrap, after)


def test_a_deleted_import_is_written_as_pass():
    assert applied(recipe("import apex", "pass"), "import apex\n") == "pass\n"


ERRORS = {
    "no match": (recipe("nothing()", "0"), "`nothing\\(\\)` matches nothing in the module"),
    "too many": (
        recipe("torch.cuda.current_device()", "0"),
        "matches 2 times in the module \\(lines 9, 20\\), not 1",
    ),
    "too few": (
        recipe("self.w", "1", "Layer", count=2),
        "1 times in 'Layer' \\(lines 16\\), not 2",
    ),
    "no such scope": (recipe("x", "y", "Layer.backward"), "no function or class 'Layer.backward'"),
    "a match that does not parse": (recipe("if x", "y"), "`match` does not parse"),
    "a replacement that does not parse": (recipe("self.w", "y)"), "`replace` does not parse"),
    "a match without code": (recipe("# move it", "y"), "`match` holds no code"),
    "a replacement without code": (recipe("return x", "# gone", "Layer"), "replace them by `pass`"),
    "several lines on a shared line": (
        recipe("self.b = 1", "if x:\n    y", "Layer.width"),
        "line 15: `replace` does not fit",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_recipe_that_does_not_fit_is_an_error_that_names_it(name):
    one, message = ERRORS[name]
    with pytest.raises(RecipeError, match=message) as caught:
        applied(one)
    assert str(caught.value).startswith("recipes.toml:7: recipe 'probe' for layer.py: ")


def test_recipes_for_a_file_that_does_not_parse_are_an_error():
    with pytest.raises(RecipeError, match="the file does not parse: line 1"):
        applied(recipe("x", "y"), "def f(:\n")


GOOD = """\
[upstream]
name = "lib"
versions = ">=1.2,<1.3"

[[recipe]]
name = "first"
file = "a.py"
match = '''
    if x:
        y
'''
replace = "pass"
reason = "why"

[[recipe]]
name = "second"
file = "a.py"
scope = "f.<locals>.g"
match = "x"
replace = "y"
reason = "why"
targets = ["adapter"]
"""


def read(tmp_path, text, upstream="lib==1.2.5", target="adapter"):
    path = tmp_path / "lib.toml"
    path.write_text(text)
    return recipes.load(path, upstream, target)


def test_a_recipe_file_is_read_with_the_line_of_each_recipe(tmp_path):
    first, second = read(tmp_path, GOOD)
    assert first.match == "if x:\n    y"
    assert first.origin == f"{tmp_path}/lib.toml:5"
    assert second.origin == f"{tmp_path}/lib.toml:15"
    assert second.scope == "f.g"
    assert first.sha256 != second.sha256


def test_a_recipe_can_be_for_one_target(tmp_path):
    assert [one.name for one in read(tmp_path, GOOD, target="torch")] == ["first"]


def test_a_directory_holds_the_recipes_of_several_upstreams(tmp_path):
    (tmp_path / "other.toml").write_text(GOOD.replace('"lib"', '"other"').replace("first", "o"))
    read(tmp_path, GOOD)
    assert [one.name for one in recipes.load(tmp_path, "other==1.2", "adapter")] == ["o", "second"]


BAD_FILES = {
    "version above": (GOOD, "lib==1.3", "do not cover version 1.3"),
    "version below": (GOOD, "lib==1.2.0rc1", "do not cover version"),
    "another upstream": (GOOD, "megatron==1.2", "no recipes for upstream megatron"),
    "no upstream": (GOOD, None, "need --upstream NAME==VERSION"),
    "half an upstream": (GOOD, "lib", "write it as NAME==VERSION"),
    "not a version": (GOOD, "lib==main", "'main' is not a version"),
    "not a range": (GOOD.replace(">=1.2", "~1"), "lib==1.2", "'~1' is not a version range"),
    "not TOML": (GOOD + "[", "lib==1.2", "cannot read recipes"),
    "no table upstream": (
        GOOD.replace("[upstream]", "[x]"),
        "lib==1.2",
        "\\[upstream\\] with name",
    ),
    "an unknown key": (GOOD.replace("scope", "scop"), "lib==1.2", ":15: unknown key 'scop'"),
    "no reason": (GOOD.replace('reason = "why"', "", 1), "lib==1.2", ":5: .*'reason'"),
    "an empty match": (GOOD.replace('match = "x"', 'match = " "'), "lib==1.2", ":15: .*'match'"),
    "a count of none": (GOOD + "count = 0", "lib==1.2", ":15: count must be"),
    "a target that is none": (GOOD.replace('"adapter"', '"jax"'), "lib==1.2", ":15: targets must"),
    "a name used twice": (GOOD.replace("second", "first"), "lib==1.2", ":5: the name 'first'"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_recipe_file_with_a_mistake_is_an_error_with_its_place(name, tmp_path):
    text, upstream, message = BAD_FILES[name]
    with pytest.raises(UsageError, match=message):
        read(tmp_path, text, upstream)


def test_a_recipe_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(RecipeError, match=r"absent\.toml"):
        recipes.load(tmp_path / "absent.toml", "lib==1", "adapter")
    with pytest.raises(RecipeError, match=r"no \.toml file"):
        recipes.load(tmp_path, "lib==1", "adapter")
