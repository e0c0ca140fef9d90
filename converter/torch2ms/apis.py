# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of torch's APIs: what each becomes, with which status.

Four statuses. The first that holds is an API's:

    native       a call of MindSpore means the same, for the arguments that one of its forms names
    composed     an expression of several calls of MindSpore does
    adapter      mstorch has it
    unsupported  neither; the note says why, and what to do instead

The forms of the first two are mapping/native.txt. What mstorch has is mapping/apis.tsv, which is
made by asking it; why the rest is not there is mapping/unsupported.toml.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch2ms import native_forms
from torch2ms.errors import UsageError
from torch2ms.native_forms import Form
from torch2ms.targets import STATUSES

# What programs call modules of torch, for names typed by hand.
_SHORT = {
    "F": "torch.nn.functional",
    "Tensor": "torch.Tensor",
    "dist": "torch.distributed",
    "mstorch": "torch",
    "nn": "torch.nn",
    "optim": "torch.optim",
}


@dataclass(frozen=True, slots=True)
class Api:
    """A row of the table.

    name: torch's, `torch.nn.functional.silu`, `torch.Tensor.view`.
    kind: module, class, function, method, property, value; absent if torch 2.13 does not have it.
    status: see the head of this module.
    target: what it becomes: MindSpore's function or expression, or the name on the adapter, or "".
    signature_only: of a native or composed API: no form of it was compared with PyTorch.
    note: what there is to know; for an unsupported API the reason and the remedy.
    on_adapter: whether mstorch has it, whatever the status.
    """

    name: str
    kind: str
    status: str
    target: str
    signature_only: bool
    note: str
    on_adapter: bool


def api(pattern: str = "*", status: str | Sequence[str] = ()) -> list[Api]:
    """The rows of the table, in the order of their names.

    pattern  a name, which stands for all below it too, or a glob over whole names:
             "torch.nn.functional", "torch.*soft*". Short names as in `explain` are understood
    status   one of STATUSES or several: only rows that have it

    Raises UsageError for an unknown status.
    """
    wanted = (status,) if isinstance(status, str) else tuple(status)
    for word in wanted:
        if word not in STATUSES:
            raise UsageError(f"status {word!r} is none of {', '.join(STATUSES)}")
    fits = re.compile(_glob(full_name(pattern)) + r"(?:\..*)?").fullmatch
    rows = (row(name) for name in names() if fits(name))
    return [found for found in rows if not wanted or found.status in wanted]


def full_name(name: str) -> str:
    """A name as torch spells it, for one that is typed: F.silu, Tensor.view, mstorch.x, x()."""
    head, dot, rest = name.strip().partition("(")[0].partition(".")
    return _SHORT.get(head, head) + dot + rest


@dataclass(frozen=True, slots=True)
class Asked:
    """What the live torch and the live mstorch said of an API: a line of apis.tsv.

    served: yes, named (it can be named, not called), no.
    why: what there is to know about that, or "".
    named_tuple: whether torch returns one.
    lacks: arguments of torch's that mstorch does not take; None where they are not known.
    """

    kind: str
    served: str
    why: str = ""
    named_tuple: bool = False
    lacks: tuple[str, ...] | None = ()


@functools.cache
def _lines() -> dict[str, str]:
    rows = (line.partition("\t") for line in _text("apis.tsv").splitlines() if line[0] != "#")
    return {name: rest for name, _, rest in rows}


def names() -> list[str]:
    """Every API, sorted."""
    return list(_lines())


def asked(name: str) -> Asked:
    """What is known of an API. Raises KeyError where the table does not have it."""
    kind, served, named, lacks, *_ = *_lines()[name].split("\t"), "", ""
    word, _, why = served.partition(": ")
    return Asked(kind, word, why, bool(named), None if lacks == "?" else tuple(lacks.split()))


def row(name: str) -> Api:
    """The row of an API. Raises KeyError where the table does not have it."""
    known = asked(name)
    has = known.served == "yes"
    forms = native_forms.forms(name)
    usable = [form for form in forms if not form.excepts]
    if usable:
        return _native_row(name, known.kind, has, usable)
    if has:
        notes = [known.why] if known.why else []
        notes += [form.stays for form in forms]
        notes += [f"does not take {', '.join(known.lacks)}"] if known.lacks else []
        return Api(name, known.kind, "adapter", on_adapter(name), False, "; ".join(notes), True)
    return Api(name, known.kind, "unsupported", "", False, " ".join(why_not(name)), False)


def _native_row(name: str, kind: str, has: bool, forms: Sequence[Form]) -> Api:
    proven = [form for form in forms if not form.unproven]
    counted = proven or forms
    native = [form.target for form in counted if form.status == "native"]
    targets = native or [form.mindspore for form in counted]
    notes = [form.unproven for form in forms] if not proven else []
    status = "native" if native else "composed"
    return Api(name, kind, status, _joined(targets), not proven, _joined(notes, "; "), has)


def _joined(texts: Iterable[str], between: str = ", ") -> str:
    """Each of the texts once."""
    return between.join(dict.fromkeys(texts))


def on_adapter(name: str) -> str:
    """The name on the adapter of an API that mstorch has."""
    return "mstorch" + name.removeprefix("torch")


def why_not(name: str) -> tuple[str, str]:
    """Why an API is not served, and what to do instead: two sentences."""
    if asked(name).kind == "absent":
        return (
            "PyTorch 2.13, built without CUDA, does not have it.",
            "Take it out, or keep it where the code asks with hasattr.",
        )
    return next(texts for fits, texts in _reasons() if fits(name))


def counts(rows: Iterable[Api]) -> dict[str, int]:
    """The number of rows by status, and `signature only`: those of them that were never run."""
    rows = list(rows)
    found = Counter(entry.status for entry in rows)
    counted = {status: found[status] for status in STATUSES}
    return {**counted, "signature only": sum(entry.signature_only for entry in rows)}


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."


@functools.cache
def _reasons() -> tuple[tuple[Callable[[str], object], tuple[str, str]], ...]:
    found = []
    for reason in tomllib.loads(_text("unsupported.toml"))["reason"]:
        parts = [_component_glob(pattern) for pattern in reason.get("apis", ())]
        last = "|".join(_component_glob(pattern) for pattern in reason.get("operators", ()))
        if last:
            parts.append(rf"torch(?:\.Tensor)?\.(?:{last})")
        fits = re.compile(rf"(?:{'|'.join(parts)})(?:\..*)?").fullmatch
        found.append((fits, (_sentence(reason["why"]), _sentence(reason["instead"]))))
    return tuple(found)


def _component_glob(pattern: str) -> str:
    """A pattern whose * and ? stay within one component of a dotted name; [1-7] is a set."""
    escaped = re.escape(pattern).replace(r"\[", "[").replace(r"\]", "]").replace(r"\-", "-")
    return escaped.replace(r"\*", r"[^.]*").replace(r"\?", r"[^.]")


def _glob(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _text(name: str) -> str:
    return (Path(__file__).parent / "mapping" / name).read_text(encoding="utf-8")
