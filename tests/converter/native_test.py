# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The edits of one call for target `native`: what changes, what stays, and that no text moves."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torch2ms import native, native_forms
from torch2ms.native_forms import FormError
from torch2ms.source import Source, apply_edits

FORMS = """
torch.abs(input) -> mindspore.mint.abs(input)
torch.arcsin(input) -> mindspore.mint.arcsin(x := input)
torch.sum(input, dim, keepdim=False, *, dtype: dtype=None)
 -> mindspore.ops.sum(input, dim, dtype=dtype, keep_dims=keepdim)
torch.stack(tensors, dim=0) -> mindspore.ops.concat(tensors, axis=dim, new=True)
torch.flip(input, dims: sizes) -> mindspore.ops.flip(dims, x := input)
torch.ones(*, size, requires_grad=False) -> mindspore.mint.ones(size)
torch.seed() -> mindspore.seed(k=2) ; signature only: not run
torch.rad2deg(input) -> mindspore.mint.mul(input, 57.3)
torch.addcmul(input, first, second)
 -> mindspore.mint.add(input, mindspore.mint.mul(first, second))
torch.clamp(input, min: number, max: int=-1, how: str='x', ok: bool=True)
 -> mindspore.mint.clamp(input, min, max, how, ok)
torch.roll(input) -> mindspore.mint.one(input)
torch.roll(input, shifts) -> mindspore.mint.two(input, shifts)
torch.nn.functional.silu(input, inplace=False)
 -> mindspore.mint.nn.functional.silu(input) ; by value
torch.absolute = torch.abs
""".replace("\n ->", " ->")


@pytest.fixture(autouse=True)
def mapping(monkeypatch):
    """These forms in the place of the real ones."""
    monkeypatch.setattr(native_forms, "_text", lambda: FORMS)
    native_forms._lines.cache_clear()
    native_forms.forms.cache_clear()
    yield
    native_forms._lines.cache_clear()
    native_forms.forms.cache_clear()


def constant(node: ast.expr) -> str | None:
    return ast.unparse(node) if isinstance(node, ast.Attribute) else None


def convert(text: str) -> str | tuple[str]:
    """The text with its first call converted, or the reason in a tuple."""
    source = Source.from_utf8(text.encode("utf-8"))
    tree = source.parse()
    call = next(node for node in ast.walk(tree) if isinstance(node, ast.Call))
    name = ast.unparse(call.func).replace("F.", "torch.nn.functional.")
    edits = native.convert_call(source, call, name, constant)
    if isinstance(edits, str):
        return (edits,)
    assert apply_edits(source.body, edits).count(b"\n") == text.count("\n")
    return apply_edits(source.body, edits).decode("utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("torch.abs(x)", "mindspore.mint.abs(x)"),
        ("torch.absolute(x)", "mindspore.mint.abs(x)"),
        ("torch.abs(input=x)", "mindspore.mint.abs(input=x)"),
        ("torch.abs( x , )  # c", "mindspore.mint.abs( x , )  # c"),
        ("(torch.abs)(x)", "(mindspore.mint.abs)(x)"),
        ("( torch.abs )( (x) )", "( mindspore.mint.abs )( (x) )"),
        ("(torch).abs(x)", "mindspore.mint.abs(x)"),
        ("torch . abs (x)", "mindspore.mint.abs (x)"),
        ("torch.abs\\\n(x)", "mindspore.mint.abs\\\n(x)"),
        ("torch \\\n . abs(x)", "mindspore.mint \\\n . abs(x)"),
        ("(torch  # c\n.abs)(x)", "(mindspore.mint  # c\n.abs)(x)"),
        ("F.silu(x)", "mindspore.mint.nn.functional.silu(x)"),
        ("F.silu(x, False)", "mindspore.mint.nn.functional.silu(x)"),
        ("F.silu(x, inplace=False,)", "mindspore.mint.nn.functional.silu(x,)"),
        ("F.silu(inplace=False, input=x)", "mindspore.mint.nn.functional.silu(input=x)"),
        (
            "F.silu(\n  x,  # c\n  False,  # d\n)",
            "mindspore.mint.nn.functional.silu(\n  x,  # c\n  # d\n)",
        ),
        ("F.silu(x,\n  False)", "mindspore.mint.nn.functional.silu(x,\n  )"),
        ("torch.arcsin(x)", "mindspore.mint.arcsin(x)"),
        ("torch.arcsin(input = x)", "mindspore.mint.arcsin(x = x)"),
        ("torch.sum(x, 1)", "mindspore.ops.sum(x, 1)"),
        ("torch.sum(x, 1, True)", "mindspore.ops.sum(x, 1, keep_dims=True)"),
        ("torch.sum(x, 1, (True))", "mindspore.ops.sum(x, 1, keep_dims=(True))"),
        ("torch.sum(dim=f(1), input=x)", "mindspore.ops.sum(dim=f(1), input=x)"),
        ("torch.sum(x, 1, dtype=torch.long)", "mindspore.ops.sum(x, 1, dtype=mindspore.int64)"),
        ("torch.sum(x, 1, dtype=(torch.bool))", "mindspore.ops.sum(x, 1, dtype=mindspore.bool_)"),
        ("torch.sum(x, 1, dtype=None)", "mindspore.ops.sum(x, 1, dtype=None)"),
        ("torch.stack(x)", "mindspore.ops.concat(x, new=True)"),
        ("torch.stack([x, *y], 1,)", "mindspore.ops.concat([x, *y], axis=1, new=True,)"),
        ("torch.stack((y for y in x))", "mindspore.ops.concat((y for y in x), new=True)"),
        ("torch.flip(x, (0,))", "mindspore.ops.flip(x=x, dims=(0,))"),
        ("torch.flip(x, dims=[0])", "mindspore.ops.flip(x=x, dims=[0])"),
        ("torch.ones(requires_grad=False, size=s)", "mindspore.mint.ones(size=s)"),
        ("torch.rad2deg(x)", "mindspore.mint.mul(x, 57.3)"),
        ("torch.rad2deg(input=(x),)", "mindspore.mint.mul((x), 57.3,)"),
        ("torch.addcmul(a, b, c)", "mindspore.mint.add(a, mindspore.mint.mul(b, c))"),
        (
            "torch.addcmul(a,\n  # b\n  first=b, second = c)",
            "mindspore.mint.add(a,\n  # b\n  mindspore.mint.mul(b, c))",
        ),
        ("torch.clamp(x, -1.5)", "mindspore.mint.clamp(x, -1.5)"),
        ("torch.clamp(x, 1, -2, 'y', False)", "mindspore.mint.clamp(x, 1, -2, 'y', False)"),
        ("torch.roll(x)", "mindspore.mint.one(x)"),
        ("torch.roll(x, 1)", "mindspore.mint.two(x, 1)"),
        ("é = torch.abs(ü)", "é = mindspore.mint.abs(ü)"),
    ],
)
def test_a_call_that_means_the_same_is_converted(before: str, after: str) -> None:
    assert convert(before) == after
    ast.parse(after)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("torch.unknown(x)", "no function of MindSpore"),
        ("torch.abs(*x)", "star"),
        ("torch.abs(**x)", "star"),
        ("torch.abs(x, **y)", "star"),
        ("torch.abs()", "needs input"),
        ("torch.abs(x, y)", "more positional arguments"),
        ("torch.abs(x, out=y)", "no argument out"),
        ("torch.abs(x for x in y)", "position"),
        ("torch.sum(x, axis=1)", "no argument axis"),
        ("torch.sum(x, 1, False, None)", "more positional arguments"),
        ("torch.sum(x, 1, dim=1)", "given twice"),
        ("torch.sum(x, 1, dtype=y)", "not a dtype"),
        ("torch.sum(x, 1, dtype=x.dtype)", "not a dtype"),
        ("torch.sum(x, 1, dtype=torch.qint8)", "not a dtype"),
        ("torch.sum(x, 1, dtype=torch.\\\nfloat)", "several lines"),
        ("F.silu(x, inplace=True)", "inplace is not the default"),
        ("F.silu(x, inplace=flag)", "inplace is not the default"),
        ("F.silu(x, 0)", "inplace is not the default"),
        ("torch.flip(x, y)", "tuple or list"),
        ("torch.addcmul(a, second=c, first=b)", "order"),
        ("torch.clamp(x, y)", "number"),
        ("torch.clamp(x, True)", "number"),
        ("torch.clamp(x, 1, 1.0)", "integer"),
        ("torch.clamp(x, 1, 1, f'{x}')", "string"),
        ("torch.clamp(x, 1, ok=1)", "True or False"),
        ("torch.seed()", "not proven on the CPU: not run"),
        ("((torch\n).abs)(x)", "several lines"),
        ("(torch if y else z).abs(x)", "no function"),
    ],
)
def test_a_call_that_may_mean_another_thing_stays(call: str, reason: str) -> None:
    found = convert(call)
    assert isinstance(found, tuple), found
    assert reason in found[0]


def test_a_call_whose_text_is_elsewhere_stays() -> None:
    call = ast.parse("torch.abs(x)", mode="eval").body
    source = Source.from_utf8(b"torch.exp(x)")
    assert "not spelt" in native.convert_call(source, call, "torch.abs", constant)
    source = Source.from_utf8(b"torch.abs(x, y)")
    assert "position" in native.convert_call(source, call, "torch.abs", constant)


def test_a_function_is_passed_by_value_only_where_the_signatures_agree() -> None:
    assert native.value("torch.nn.functional.silu") == "mindspore.mint.nn.functional.silu"
    assert native.value("torch.abs") is None
    assert native.value("torch.unknown") is None


@pytest.mark.parametrize(
    "line",
    [
        "torch.f(x)",
        "torch.f(x) -> g",
        "torch.f(x) -> g(y)",
        "torch.f(x) -> g(x, x)",
        "torch.f(x) -> g(h(x), h(x))",
        "torch.f(x) -> g()",
        "torch.f(x, y=1) -> g(h(x), y)",
        "torch.f(x: tensor) -> g(x)",
        "torch.f(x=y) -> g(x)",
        "torch.f(*x) -> g(x)",
        "torch.f(x, /) -> g(x)",
        "torch.f(x) -> g(**x)",
        "torch.f(x) -> g(x) ; signature only",
        "torch.f(x) -> g(x) ; except mornings: tired",
    ],
)
def test_a_line_that_is_not_in_the_notation_is_an_error(line: str) -> None:
    with pytest.raises((FormError, SyntaxError)):
        native_forms.parse("torch.f", line)


_SPACES = st.sampled_from(["", " ", "\n", " # (,)\n ", "\t"])
_VALUES = st.sampled_from(
    ["x", "(x)", "( (x, y) )", "f(x, y=1)", "[1, 2]", "'a)b,'", "-1", "a if b else c"]
)


@st.composite
def _calls(draw):
    """A call of torch.sum with its arguments, and the call of mindspore.ops.sum that it is."""
    values = {name: draw(_VALUES) for name in ("input", "dim")}
    if draw(st.booleans()):
        values["keepdim"] = draw(_VALUES)
    given = list(values)
    by_place = draw(st.integers(0, len(given)))
    keywords = draw(st.permutations(given[by_place:]))
    renamed = {"keepdim": "keep_dims"}
    arguments, expected = [], []
    for name in given[:by_place]:
        arguments.append(values[name])
        expected.append(f"keep_dims={values[name]}" if name == "keepdim" else values[name])
    for name in keywords:
        equals = f"{draw(_SPACES)}={draw(_SPACES)}"
        arguments.append(f"{name}{equals}{values[name]}")
        expected.append(f"{renamed.get(name, name)}={values[name]}")
    comma = draw(st.sampled_from([",", ""]))
    space = draw(_SPACES)
    text = ",".join(f"{space}{argument}{draw(_SPACES)}" for argument in arguments)
    return f"torch.sum({text}{comma}{draw(_SPACES)})", f"mindspore.ops.sum({', '.join(expected)})"


@given(_calls())
def test_any_spelling_of_a_call_becomes_the_same_call(calls) -> None:
    before, expected = calls
    after = convert(before)
    assert isinstance(after, str), after
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(expected))
