# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of one API of torch, in words: `torch2ms explain torch.nn.functional.silu`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from torch2ms import apis, mapping, native, native_forms
from torch2ms.apis import Api
from torch2ms.errors import UsageError
from torch2ms.native_forms import Form

# Why what has no form stays on the adapter, by its kind.
_STAYS = {
    "class": "A class stays there, so that instances, isinstance and subclasses know one class.",
    "function": "No call of MindSpore is known to mean the same.",
    "method": "A method stays there: its text does not tell the class of the object.",
    "module": "A module stays there: what it holds is decided name by name.",
    "property": "An attribute stays there: its text does not tell the class of the object.",
    "value": "A value stays there; in a call that is converted, a dtype becomes MindSpore's.",
}
_NAMED_TUPLE = "It stays there: some calls return a tuple with names, which MindSpore's does not."
_USE = {"class": "creating one", "function": "calling it", "method": "calling it"}


def explain(name: str) -> str:
    """What becomes of an API of torch, or of a package around torch: lines of text.

    name  as programs write it: torch.nn.functional.silu, F.silu, nn.Linear, Tensor.view, silu,
          mstorch.exp, torch_npu, safetensors.torch.save_file

    Raises UsageError for a name that is not known; the message holds the nearest ones.
    """
    full = apis.full_name(name)
    package = mapping.load().package_of(full)
    if package is not None and package.name != "torch":
        return _package(full, package)
    return "\n".join(_api(apis.row(_find(full))))


def _find(name: str) -> str:
    """The API that is meant. Raises UsageError where none or several may be."""
    table = dict.fromkeys(apis.names())
    for candidate in (name, f"torch.{name}"):
        if candidate in table:
            return candidate
    ends = [known for known in table if known.endswith(f".{name}")]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise UsageError(f"explain: {name} may be {_listed(ends)}: give the whole name")
    raise UsageError(f"explain: no API of torch 2.13 is called {name!r}{_nearest(name)}")


def _nearest(name: str) -> str:
    table = apis.names()
    last = name.rpartition(".")[2]
    same = [known for known in table if known.rpartition(".")[2] == last]
    # Sorted by how much of the whole name agrees; the same last name says most.
    near = difflib.get_close_matches(name, same, 3, 0.3) + difflib.get_close_matches(name, table, 5)
    return f"; the nearest names: {_listed(list(dict.fromkeys(near))[:5])}" if near else ""


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _package(name: str, package: mapping.Package) -> str:
    becomes = package.becomes or package.part
    decision = f"becomes {becomes}" if becomes else "is left: its import stays as it is"
    below = "" if name == package.name else f", and with it {name},"
    return f"{package.name}{below} {decision}\n  {package.note}"


def _api(row: Api) -> Iterator[str]:
    kind = "not in PyTorch 2.13" if row.kind == "absent" else row.kind
    yield f"{row.name}: {row.status} ({kind})"
    yield ""
    yield "on the adapter (target adapter)"
    yield from _on_adapter(row)
    yield ""
    yield "as MindSpore's own (target native)"
    yield from _native(row)


def _on_adapter(row: Api) -> Iterator[str]:
    known = apis.asked(row.name)
    if row.on_adapter:
        yield f"  {apis.on_adapter(row.name)}"
        if known.kind in _USE and known.lacks is not None:
            lacks = f", except for {', '.join(known.lacks)}" if known.lacks else ""
            yield f"  takes torch's arguments by the same names{lacks}"
        if known.why:
            yield f"  {known.why}"
        return
    if known.kind != "absent":
        named = known.served == "named"
        use = _USE.get(known.kind, "using it")
        there = f"it can be named, but {use}" if named else "using it"
        yield f"  not there: {there} raises NotImplementedError with its name"
    if known.why:
        yield f"  mstorch says: {known.why}"
    why, instead = apis.why_not(row.name)
    yield f"  why      {why}"
    yield f"  instead  {instead}"


def _native(row: Api) -> Iterator[str]:
    forms = native_forms.forms(row.name)
    if not forms:
        known = apis.asked(row.name)
        stays = _NAMED_TUPLE if known.named_tuple else _STAYS.get(known.kind, "")
        yield f"  {stays if row.on_adapter else 'No call of MindSpore is known to mean the same.'}"
        return
    for form in forms:
        yield from explain_form(form)
    rest = "stays on the adapter" if row.on_adapter else "raises NotImplementedError"
    yield f"  Any other call {rest} and is listed in the report."
    yield f"  The function itself, passed as a value, {_as_value(row.name)}."


def _as_value(name: str) -> str:
    target = native.value(name)
    if target is not None:
        return f"becomes {target}"
    if any(form.by_value for form in native_forms.forms(name)):
        return "stays: it was not run"
    return "stays: the two take different arguments"


def explain_form(form: Form) -> Iterator[str]:
    """The two calls of a form, and below them what there is to know, in lines."""
    yield f"  {form.torch}"
    yield f"  -> {form.mindspore}"
    for word in (*_arguments(form), *_proof(form)):
        yield f"     {word}"


def _arguments(form: Form) -> Iterator[str]:
    """What happens to each argument that does not go over as it is."""
    for parameter in form.parameters.values():
        name = parameter.name
        slot = form.slots.get(name)
        if slot is None and name not in form.order:
            yield f"{name}: only its default may be given; it is dropped"
            continue
        words = []
        if slot is not None and slot.keyword != name:
            words.append(f"MindSpore calls it {slot.keyword}")
        if parameter.kind:
            words.append(f"must be {native.kind_text(parameter.kind)}")
        if words:
            yield f"{name}: {', '.join(words)}"
    if form.order:
        yield "its arguments must be given in the order in which they stand here"
    for constant in form.constants:
        yield f"{constant} is added"


def _proof(form: Form) -> Iterator[str]:
    """What was run."""
    if form.unproven:
        yield f"signature only: it was not compared with PyTorch, and stays: {form.unproven}"
    else:
        bounds = [f"{_short(bound)} in {dtype}" for dtype, bound in form.all_bounds().items()]
        yield f"compared with PyTorch on the CPU; relative bound {', '.join(bounds)}"
    for inputs, how in form.excepts.items():
        yield f"stays, because MindSpore differs on {inputs}: {how}"
    if form.note:
        yield form.note


def _short(bound: float) -> str:
    """1e-5, where Python writes 1e-05."""
    return f"{bound:g}".replace("e-0", "e-")
