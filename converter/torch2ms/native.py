# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The edits of target `native`: a call of torch becomes the one of MindSpore that means the same.

The mapping (native_forms.py) says which calls these are; a call that fits no form stays, with the
reason. Source text is never moved: the arguments keep their order, so they are evaluated in the
same order, and what is converted inside of them does not overlap with the edits made here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from torch2ms import call_text, native_forms
from torch2ms.call_text import Argument, CallText, NotInText
from torch2ms.native_forms import Form, Parameter, forms, literal
from torch2ms.source import Edit, Source

RULE = "native"
_DTYPES = {
    "bool": "bool_",
    "uint8": "uint8",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "float16": "float16",
    "float32": "float32",
    "float64": "float64",
    "bfloat16": "bfloat16",
    "complex64": "complex64",
    "complex128": "complex128",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "half": "float16",
    "float": "float32",
    "double": "float64",
    "cfloat": "complex64",
    "cdouble": "complex128",
}

Constant = Callable[[ast.expr], "str | None"]


class _Stays(Exception):
    """The call does not fit a form; the message says why."""


def convert_call(source: Source, node: ast.Call, name: str, constant: Constant) -> list[Edit] | str:
    """The edits that make a call of the torch function `name` MindSpore's, or why it stays.

    `constant` gives the one dotted name that an expression means (`torch.float32`), or None. The
    call must not stand inside of an f-string: its text can be part of the result there (`{x=}`).
    The edits are those of the callee and of the call's own arguments; none touches the inside of an
    argument, apart from dtypes.
    """
    form = form_of(node, name, constant)
    if isinstance(form, str):
        return form
    return form.stays or edits(source, node, form, constant)


def form_of(node: ast.Call, name: str, constant: Constant) -> Form | str:
    """The first form of `name` that fits the arguments of a call, or why none does."""
    if not native_forms.has(name):
        return "no function of MindSpore is known to mean the same"
    starred = any(isinstance(value, ast.Starred) for value in node.args)
    if starred or any(keyword.arg is None for keyword in node.keywords):
        return "what a star stands for is not known"
    reasons: list[str] = []
    for form in forms(name):
        try:
            for parameter, value in _bind(form, node):
                _check(form, parameter, value, constant)
        except _Stays as error:
            reasons.append(str(error))
        else:
            return form
    return "; or ".join(dict.fromkeys(reasons))


def edits(source: Source, node: ast.Call, form: Form, constant: Constant) -> list[Edit] | str:
    """The edits that turn a call which fits `form` into MindSpore's, or why its text forbids it."""
    try:
        return _edits(source, node, form, _bind(form, node), constant)
    except (NotInText, _Stays) as error:
        return str(error)


def value(name: str) -> str | None:
    """The function of MindSpore that stands in for the torch function `name` passed as a value."""
    for form in forms(name):
        if form.by_value and not form.stays:
            return form.target
    return None


_Bound = list[tuple[Parameter, ast.expr]]


def _bind(form: Form, node: ast.Call) -> _Bound:
    """The parameter of each argument, in the order of the text."""
    every = list(form.parameters.values())
    if len(node.args) > len(every) or any(p.keyword_only for p in every[: len(node.args)]):
        raise _Stays(f"more positional arguments than {form.torch} takes")
    bound = list(zip(every, node.args, strict=False))
    for keyword in node.keywords:
        assert keyword.arg is not None
        parameter = form.parameters.get(keyword.arg)
        if parameter is None:
            raise _Stays(f"{form.torch} has no argument {keyword.arg}")
        bound.append((parameter, keyword.value))
    given = {parameter.name for parameter, _ in bound}
    if len(given) < len(bound):
        raise _Stays("an argument is given twice")
    for parameter in every:
        if parameter.default is None and parameter.name not in given:
            raise _Stays(f"{form.torch} needs {parameter.name}")
    return bound


def _check(form: Form, parameter: Parameter, value: ast.expr, constant: Constant) -> None:
    """Raise _Stays unless the argument is one that the form was proven for."""
    name = parameter.name
    if name not in form.slots and name not in form.order:
        if literal(value) != parameter.default:
            raise _Stays(f"{name} is not the default")
    elif parameter.kind and (parameter.default is None or literal(value) != parameter.default):
        fits, text = _KINDS[parameter.kind]
        if not fits(value, constant):
            raise _Stays(f"{name} is not {text}")


def _edits(
    source: Source, node: ast.Call, form: Form, bound: _Bound, constant: Constant
) -> list[Edit]:
    text = call_text.read(source, node)
    change = _Edits(source.body, [])
    kept: list[tuple[Parameter, Argument]] = []
    dropped: list[Argument] = []
    for (parameter, value), argument in zip(bound, text.arguments, strict=True):
        if parameter.name not in form.slots and parameter.name not in form.order:
            dropped.append(argument)
            continue
        kept.append((parameter, argument))
        if parameter.kind == "dtype" and literal(value) is None:
            change.replace(argument.inner, argument.end, f"mindspore.{_dtype(value, constant)}")
    callee = call_text.callee_text(source.body, text.callee, form.target)
    change.found.append(Edit(*text.callee, callee, RULE))
    change.drop(dropped, kept[-1][1] if kept else None)
    if form.template:
        _compose(change, form, kept)
    else:
        _rename(change, form, kept, text)
    return change.found


def _rename(
    edits: _Edits, form: Form, kept: list[tuple[Parameter, Argument]], text: CallText
) -> None:
    """One call: name the arguments that do not keep their place, add the constants."""
    by_place = True
    for i, (parameter, argument) in enumerate(kept):
        slot = form.slots[parameter.name]
        if argument.keyword is not None:
            by_place = False
            if argument.keyword != slot.keyword:
                end = argument.start + len(argument.keyword)
                edits.replace(argument.start, end, slot.keyword)
        elif not by_place or slot.position != i:
            by_place = False
            edits.insert(argument.start, f"{slot.keyword}=")
    if form.constants:
        constants = ", ".join(form.constants)
        if kept:
            edits.insert(kept[-1][1].end, f", {constants}")
        else:
            edits.insert(text.close, constants)


def _compose(edits: _Edits, form: Form, kept: list[tuple[Parameter, Argument]]) -> None:
    """An expression: its text goes around the arguments, which must stand in its order."""
    if tuple(parameter.name for parameter, _ in kept) != form.order:
        raise _Stays(f"the arguments are not in the order {', '.join(form.order)}")
    before = form.template[0]
    for i, (_, argument) in enumerate(kept):
        if argument.keyword is not None:
            edits.replace(argument.start, argument.inner, "")
        edits.insert(argument.inner, before)
        behind = form.template[i + 1]
        if i + 1 < len(kept):
            # The comma of the source stands for the first one of the text between two arguments.
            behind, _, before = behind.partition(",")
            before = before.lstrip()
        edits.insert(argument.end, behind)


@dataclass(frozen=True, slots=True)
class _Edits:
    """Collects the edits of one call; line breaks are never removed."""

    body: bytes
    found: list[Edit]

    def replace(self, start: int, end: int, after: str) -> None:
        if call_text.has_break(self.body, start, end):
            raise NotInText("an argument that changes is spelt over several lines")
        self.found.append(Edit(start, end, after.encode("utf-8"), RULE))

    def insert(self, at: int, after: str) -> None:
        if after:
            self.found.append(Edit(at, at, after.encode("utf-8"), RULE))

    def drop(self, dropped: list[Argument], last_kept: Argument | None) -> None:
        """Delete arguments, each with a comma."""
        behind = [a for a in dropped if last_kept is not None and a.start > last_kept.end]
        if behind and last_kept is not None and last_kept.comma is not None:
            end = behind[-1].end
            if not call_text.has_break(self.body, last_kept.comma, end):
                self.replace(last_kept.comma, end, "")
                dropped = [argument for argument in dropped if argument not in behind]
        for argument in dropped:
            self.replace(argument.start, argument.end, "")
            if argument.comma is not None:
                end = call_text.blanks(self.body, argument.comma + 1)
                self.replace(argument.comma, end, "")


def _dtype(value: ast.expr, constant: Constant) -> str | None:
    """MindSpore's name for a dtype of torch, or None if the expression is not certainly one."""
    name = constant(value) or ""
    return _DTYPES.get(name.removeprefix("torch.")) if name.startswith("torch.") else None


def _is_literal(*types: type) -> Callable[[ast.expr, Constant], bool]:
    def fits(value: ast.expr, constant: Constant) -> bool:
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            value = value.operand
        return isinstance(value, ast.Constant) and type(value.value) in types

    return fits


def _is_sizes(value: ast.expr, constant: Constant) -> bool:
    return isinstance(value, (ast.Tuple, ast.List))


# What is known of an argument of each kind, and how it is called in a reason.
_KINDS: dict[str, tuple[Callable[[ast.expr, Constant], bool], str]] = {
    "bool": (_is_literal(bool), "True or False, spelt out"),
    "dtype": (
        lambda value, constant: _dtype(value, constant) is not None,
        "a dtype of torch by name",
    ),
    "int": (_is_literal(int), "an integer, spelt out"),
    "number": (_is_literal(int, float), "a number, spelt out"),
    "sizes": (_is_sizes, "a tuple or list, spelt out"),
    "str": (_is_literal(str), "a string, spelt out"),
}
assert tuple(_KINDS) == native_forms.KINDS


def kind_text(kind: str) -> str:
    """What an argument of one of `native_forms.KINDS` must be, in words."""
    return _KINDS[kind][1]
