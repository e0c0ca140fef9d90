# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The mapping of target `native`: which calls of torch are which calls of MindSpore.

mapping/native.txt holds a line for each form of a call; its head tells the notation. Reading it
only splits lines; a form is parsed when a call of that name is met for the first time.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

KINDS = ("bool", "dtype", "int", "number", "sizes", "str")
# What is proven unless a line says otherwise.
BOUNDS = {"float32": 1e-5, "float64": 1e-12}
EXCEPTIONS = (
    *("bool", "complex", "integers", "uint8"),
    *("empty", "mixed types", "signed zeros", "zero-dimensional"),
)


class FormError(ValueError):
    """A line of native.txt does not follow the notation."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of torch's function.

    default: its text as `literal` gives it, or None if the argument must be given.
    kind: what is known about the argument before the call is converted ("" for anything).
    """

    name: str
    keyword_only: bool
    default: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a parameter goes: MindSpore's name for it, and its position (None: keyword only)."""

    keyword: str
    position: int | None


@dataclass(frozen=True, slots=True)
class Form:
    """One way to call a function of torch, and the call of MindSpore that means the same.

    name: the function of torch, `torch.add`.
    torch, mindspore: both calls as native.txt writes them.
    parameters: what may be given, by name, in torch's order.
    target: the function of MindSpore that is called (the outermost one).
    slots: parameter -> place in the target's call; parameters without one are dropped.
    constants: arguments that are added, as `name=value`.
    template: for a composition, the texts around its parameters; `order` names these.
    unproven: "" if the values were compared with PyTorch's, else why only the signature was.
    excepts: kinds of input on which the results are known to differ, with how they do.
    bounds: dtype -> the relative bound that was proven, where it is not the standard one.
    by_value: whether the two functions' whole signatures agree.
    note: remarks for the reader.
    """

    name: str
    torch: str
    mindspore: str
    parameters: dict[str, Parameter]
    target: str
    slots: dict[str, Slot]
    constants: tuple[str, ...]
    template: tuple[str, ...]
    order: tuple[str, ...]
    unproven: str
    excepts: dict[str, str]
    bounds: dict[str, float]
    by_value: bool
    note: str

    def all_bounds(self) -> dict[str, float]:
        """dtype -> the relative bound that was proven; integers and booleans are equal."""
        return BOUNDS | self.bounds

    @property
    def stays(self) -> str:
        """Why calls that fit stay on the adapter all the same; "" where they are converted.

        The types and sizes of tensors are not known, so a form that is wrong for some is not used.
        """
        if self.unproven:
            return f"not proven on the CPU: {self.unproven}"
        differs = "; ".join(f"{inputs}: {how}" for inputs, how in self.excepts.items())
        return f"MindSpore differs on {differs}" if differs else ""

    @property
    def status(self) -> str:
        """`native` for one call that takes torch's arguments, `composed` for an expression."""
        return "composed" if self.template else "native"


def _text() -> str:
    return (Path(__file__).parent / "mapping" / "native.txt").read_text(encoding="utf-8")


@functools.cache
def _lines() -> dict[str, tuple[tuple[int, str], ...]]:
    """Name -> its lines with their numbers; aliases share the lines of what they stand for."""
    found: dict[str, list[tuple[int, str]]] = {}
    aliases: list[tuple[int, str, str]] = []
    for number, line in enumerate(_text().split("\n"), 1):
        if not line or line[0] == "#":
            continue
        name, bracket, _ = line.partition("(")
        if " = " in name:
            alias, _, of = name.partition(" = ")
            aliases.append((number, alias, of))
        elif bracket:
            found.setdefault(name, []).append((number, line))
        else:
            raise FormError(f"native.txt:{number}: neither a form nor an alias: {line}")
    for number, alias, of in aliases:
        if alias in found or of not in found:
            raise FormError(f"native.txt:{number}: {alias} is known or {of} is not")
        found[alias] = found[of]
    return {name: tuple(lines) for name, lines in found.items()}


def names() -> tuple[str, ...]:
    """Every function of torch that has a form, sorted."""
    return tuple(sorted(_lines()))


@functools.cache
def last_names() -> frozenset[str]:
    """What the functions of torch that have a form are called in their modules."""
    return frozenset(name.rpartition(".")[2] for name in _lines())


def has(name: str) -> bool:
    """Whether a function of torch has a form, without parsing it."""
    return name in _lines()


def original(name: str) -> str:
    """The name that a function's lines are written for: itself, unless it is an alias."""
    return _lines()[name][0][1].partition("(")[0]


@functools.cache
def forms(name: str) -> tuple[Form, ...]:
    """The forms of a function of torch, in the order in which they are tried."""
    return tuple(_form(name, number, line) for number, line in _lines().get(name, ()))


def _form(name: str, number: int, line: str) -> Form:
    try:
        return parse(name, line)
    except (FormError, SyntaxError) as error:
        raise FormError(f"native.txt:{number}: {error}") from error


def parse(name: str, line: str) -> Form:
    """Parse a line for `name`, the function on the left or an alias of it. Raises FormError."""
    calls, *notes = line.split(" ; ")
    left, arrow, right = calls.partition(" -> ")
    if not arrow:
        raise FormError(f"no arrow: {line}")
    signature = left[left.index("(") :]
    parameters = _parameters(signature)
    call = ast.parse(right, mode="eval").body
    if not isinstance(call, ast.Call):
        raise FormError(f"not a call: {right}")
    remarks = _notes(notes)
    slots, constants, template, order = _places(right, call, parameters)
    return Form(
        name=name,
        torch=name + signature,
        mindspore=right,
        parameters=parameters,
        target=ast.unparse(call.func),
        slots=slots,
        constants=constants,
        template=template,
        order=order,
        **remarks,
    )


def literal(node: ast.expr) -> str | None:
    """One text for all spellings of a value (its type included), None for what is no literal."""
    if isinstance(node, ast.Constant):
        return repr(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = literal(node.operand)
        number = isinstance(node.operand, ast.Constant) and type(node.operand.value) in (int, float)
        return f"-{inner}" if number else None
    if isinstance(node, (ast.Tuple, ast.List)):
        parts = [literal(part) for part in node.elts]
        if None in parts:
            return None
        inner = "".join(f"{part}, " for part in parts)
        return f"({inner})" if isinstance(node, ast.Tuple) else f"[{inner}]"
    return None


def _parameters(signature: str) -> dict[str, Parameter]:
    definition = ast.parse(f"def _{signature}: pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
    arguments = definition.args
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        raise FormError(f"stars and positional-only parameters are not expressed: {signature}")
    required = len(arguments.args) - len(arguments.defaults)
    found: dict[str, Parameter] = {}
    for i, argument in enumerate(arguments.args):
        default = arguments.defaults[i - required] if i >= required else None
        found[argument.arg] = _parameter(argument, False, default)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found[argument.arg] = _parameter(argument, True, default)
    return found


def _parameter(argument: ast.arg, keyword_only: bool, default: ast.expr | None) -> Parameter:
    text = literal(default) if default is not None else None
    if default is not None and text is None:
        raise FormError(f"the default of {argument.arg} is not a literal")
    kind = ast.unparse(argument.annotation) if argument.annotation else ""
    if kind and kind not in KINDS:
        raise FormError(f"{kind} is none of the kinds {', '.join(KINDS)}")
    return Parameter(argument.arg, keyword_only, text, kind)


_Places = tuple[dict[str, Slot], tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _places(right: str, call: ast.Call, parameters: dict[str, Parameter]) -> _Places:
    slots: dict[str, Slot] = {}
    constants: list[str] = []
    for position, value in enumerate(call.args):
        keyword = None
        if isinstance(value, ast.NamedExpr):
            keyword, value = value.target.id, value.value
        if not isinstance(value, ast.Name):
            return {}, (), *_template(right, call, parameters)
        _take(slots, parameters, value.id, Slot(keyword or value.id, position))
    for argument in call.keywords:
        if argument.arg is None:
            raise FormError("stars are not expressed")
        if isinstance(argument.value, ast.Name):
            _take(slots, parameters, argument.value.id, Slot(argument.arg, None))
        elif literal(argument.value) is not None or isinstance(argument.value, ast.Attribute):
            constants.append(f"{argument.arg}={ast.unparse(argument.value)}")
        else:
            return {}, (), *_template(right, call, parameters)
    _check_dropped(slots, parameters)
    return slots, tuple(constants), (), ()


def _take(slots: dict[str, Slot], parameters: dict[str, Parameter], name: str, slot: Slot) -> None:
    if name not in parameters or name in slots:
        raise FormError(f"{name} is not a parameter, or stands twice")
    slots[name] = slot


def _check_dropped(placed: object, parameters: dict[str, Parameter]) -> None:
    assert isinstance(placed, (dict, list))
    for parameter in parameters.values():
        if parameter.name not in placed and parameter.default is None:
            raise FormError(f"{parameter.name} must be given but has no place on the right")


def _template(
    right: str, call: ast.Call, parameters: dict[str, Parameter]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = [
        node for node in ast.walk(call) if isinstance(node, ast.Name) and node.id != "mindspore"
    ]
    found.sort(key=lambda node: node.col_offset)
    order = [node.id for node in found]
    for name in order:
        if name not in parameters or order.count(name) > 1:
            raise FormError(f"{name} is not a parameter, or stands twice")
        if parameters[name].default is not None:
            raise FormError(f"{name} may be left out, which a composition cannot express")
    _check_dropped(order, parameters)
    pieces: list[str] = []
    at = 0
    for node in found:
        pieces.append(right[at : node.col_offset])
        at = node.col_offset + len(node.id)
    pieces.append(right[at:].removesuffix(")"))
    pieces[0] = pieces[0].removeprefix(ast.unparse(call.func) + "(")
    if not found or any("," not in piece for piece in pieces[1:-1]):
        raise FormError("a composition is a call of calls, with torch's parameters in their order")
    return tuple(pieces), tuple(order)


class _Remarks(TypedDict):
    unproven: str
    excepts: dict[str, str]
    bounds: dict[str, float]
    by_value: bool
    note: str


def _notes(notes: list[str]) -> _Remarks:
    found = _Remarks(unproven="", excepts={}, bounds={}, by_value=False, note="")
    for text in notes:
        key, _, reason = text.partition(": ")
        if text == "by value":
            found["by_value"] = True
        elif not reason:
            raise FormError(f"a remark without a reason: {text}")
        elif key == "signature only":
            found["unproven"] = reason
        elif key.startswith("except ") and key[7:] in EXCEPTIONS:
            found["excepts"][key[7:]] = reason
        elif key.startswith(("float32 within ", "float64 within ")):
            dtype, _, bound = key.split(" ")
            found["bounds"][dtype] = float(bound)
            found["note"] = reason
        elif key == "note":
            found["note"] = reason
        else:
            raise FormError(f"not a remark that is known: {text}")
    return found
