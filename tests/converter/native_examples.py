# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The examples of target `native`, in every spelling, before and after conversion."""

import ast
import functools
import os
import pathlib
import pickle
import re
import subprocess
from dataclasses import dataclass

from torch2ms import native, native_forms
from torch2ms.native_forms import Form
from torch2ms.source import Source, apply_edits

_FOLDER = pathlib.Path(__file__).parent
# What takes the place of the float32 tensors of an example, and the kind that such inputs are.
_SWEEP = {
    "f64": "float64",
    "f16": "float16",
    "i64": "integers",
    "i32": "integers",
    "i16": "integers",
    "u8": "uint8",
    "b": "bool",
    "c64": "complex",
}
_FLOAT = re.compile(r"\bf32\((?!\))([^()]*)\)")
_FIRST_SIZE = re.compile(r"\b(f32|i32|i64|b)\(\d+")
_MATRIX = re.compile(r"\bf32\((\d+), (\d+)((?:, \w+=[^,()]*)*)\)")


@dataclass(frozen=True)
class Case:
    """A call of torch, the same one converted, and the form that did it."""

    form: Form
    spelling: str
    torch: str
    mindspore: str


def constant(node: ast.expr) -> str | None:
    """What the names of an example mean: they are spelt out."""
    return ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Name)) else None


def parse(text: str) -> ast.Call:
    """The call that an example is."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call), text
    return call


@functools.cache
def form_of(text: str) -> Form:
    """The form that an example is for."""
    call = parse(text)
    found = native.form_of(call, ast.unparse(call.func), constant)
    assert isinstance(found, Form), f"{text}: {found}"
    return found


def converted(text: str) -> str:
    """The text as the converter's engine rewrites it, whether its form was proven or not."""
    source = Source.from_utf8(text.encode("utf-8"))
    edits = native.edits(source, parse(text), form_of(text), constant)
    assert isinstance(edits, list), f"{text}: {edits}"
    return apply_edits(source.body, edits).decode("utf-8")


def _lines() -> list[str]:
    lines = (_FOLDER / "native_examples.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def exceptions() -> list[tuple[str, Case]]:
    """Inputs on which a form is known to differ that `swept` does not make, with their kind."""
    found = [line.removeprefix("except ") for line in _lines() if line.startswith("except ")]
    pairs = [(kind, text) for kind, _, text in (line.partition(": ") for line in found)]
    return [
        (kind, Case(form_of(text), kind, text, converted(text))) for kind, text in _aliased(pairs)
    ]


@functools.cache
def examples() -> tuple[str, ...]:
    """All examples: those of the file, and each for the aliases of its function."""
    found = [("", line) for line in _lines() if not line.startswith("except ")]
    return tuple(text for _, text in _aliased(found))


def _aliased(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same calls, and what they are under every other name of their function."""
    names: dict[str, list[str]] = {}
    for name in native_forms.names():
        names.setdefault(native_forms.original(name), []).append(name)
    return [
        (kind, f"{name}({rest}")
        for kind, text in found
        for function, _, rest in [text.partition("(")]
        for name in names[function]
    ]


@functools.cache
def spelt(text: str) -> list[Case]:
    """An example in each spelling that its form has."""
    form = form_of(text)
    call = parse(text)
    given = dict(zip(form.parameters, call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    values = {}
    for name, parameter in form.parameters.items():
        if name in given:
            values[name] = ast.get_source_segment(text, given[name])
        elif name not in form.slots and name not in form.order:
            values[name] = parameter.default  # The one value that a dropped parameter may have.
    positional = [
        value
        if not form.parameters[name].keyword_only and i == list(form.parameters).index(name)
        else f"{name}={value}"
        for i, (name, value) in enumerate(values.items())
    ]
    keyword = [f"{name}={value}" for name, value in values.items()]
    needed = [
        f"{name}={value}" for name, value in values.items() if form.parameters[name].default is None
    ]
    spellings = {"positional": positional, "keyword": keyword}
    if not form.template:
        spellings["reordered"] = keyword[::-1]
    if len(needed) < len(keyword):
        spellings["defaults left out"] = needed
    return [
        Case(form, spelling, calls, converted(calls))
        for spelling, arguments in spellings.items()
        for calls in [f"{form.name}({', '.join(arguments)})"]
    ]


def cases_of(form: Form) -> list[Case]:
    """Every example of a form in every spelling."""
    return [case for text in examples() if form_of(text) is form for case in spelt(text)]


def swept(text: str) -> list[tuple[str, Case]]:
    """An example with other tensors, and what kind of input they are.

    Without elements; transposed, so not contiguous; all float32 tensors of another type; one of
    them of another type, or of no dimensions and a wider type.
    """
    form = form_of(text)
    tensors = list(_FLOAT.finditer(text))
    texts = [("empty", _FIRST_SIZE.sub(r"\1(0", text))]
    texts.append(("transposed", _MATRIX.sub(r"f32(\2, \1\3, transposed=True)", text)))
    texts += [
        (kind, _FLOAT.sub(rf"{other}(\1)", text)) for other, kind in _SWEEP.items() if tensors
    ]
    if len(tensors) > 1:
        mixed = [other for other in _SWEEP if other != "c64"]
        for tensor in tensors:
            before, after = text[: tensor.start()], text[tensor.end() :]
            texts += [("mixed types", f"{before}{other}({tensor[1]}){after}") for other in mixed]
            texts.append(("zero-dimensional", f"{before}f64(){after}"))
            for other in ("f16", "i32"):
                wide = {"f16": "f32()", "i32": "i64()"}[other]
                rest = [_FLOAT.sub(rf"{other}(\1)", part) for part in (before, after)]
                texts.append(("zero-dimensional", f"{rest[0]}{wide}{rest[1]}"))
    return [
        (kind, Case(form, kind, other, converted(other))) for kind, other in texts if other != text
    ]


def in_torch(texts: list[str]) -> dict[str, object]:
    """What PyTorch makes of each text, in a process of its own."""
    done = subprocess.run(
        [os.environ["MINDFORGE_TORCH_PYTHON"], str(_FOLDER / "native_torch_worker.py"), _FOLDER],
        input=pickle.dumps(texts),
        stdout=subprocess.PIPE,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        check=True,
    )
    return dict(zip(texts, pickle.loads(done.stdout), strict=True))
