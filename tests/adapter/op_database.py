# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Comparing mstorch with PyTorch on the samples of PyTorch's operator database.

Beside this file lie two tables: `op_database_floor.txt`, which says how much of each entry agrees
and may only rise, and `op_database_known.toml`, what is not compared, and why. Run as a program
this file raises the floor to what agrees now.
"""

import collections
import dataclasses
import pathlib
import pickle
import tomllib
from typing import Any

import numpy

import against_torch
import mstorch
from cases import exchange
from cases.op_calls import FORMS, Call, find, kept, perform
from cases.plain import ERRORS

_FOLDER = pathlib.Path(__file__).parent
_FLOOR = _FOLDER / "op_database_floor.txt"
_KNOWN = _FOLDER / "op_database_known.toml"

COUNTED = ("agree", "second gradients", "refused by both", "kept by both")
"""What the floor keeps of each entry, in the order of its columns: calls that agree, those of them
with second gradients, wrong calls that both refuse, and tensors of whose change in place both have
the same to say.
"""

# Relative and absolute tolerance; the absolute one is in units of the largest element above 1.
_TOLERANCE = {"float64": (1e-7, 1e-9), "float32": (2e-5, 2e-5), "bfloat16": (3e-2, 2e-2)}


@dataclasses.dataclass
class Outcome:
    """What became of the calls of one entry: counts by kind, and the failures in words."""

    counts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    failures: list[str] = dataclasses.field(default_factory=list)


def floor() -> dict[str, tuple[int, ...]]:
    """What each entry must count at least, in the order of COUNTED."""
    lines = (line.split() for line in _FLOOR.read_text().splitlines() if line[:1] != "#")
    return {name: tuple(map(int, counts)) for name, *counts in lines}


def known() -> list[dict[str, Any]]:
    """What is not compared: entries, and where given types and forms of calls, parts of the answer,
    and a piece of the message of PyTorch's error.
    """
    return tomllib.loads(_KNOWN.read_text())["known"]


def entries(reference: against_torch.Reference) -> list[str]:
    """The database's entries whose operator mstorch has in some form."""
    pairs = reference.result("op_database", "names")
    return [key for key, name in pairs if any(find(mstorch, name, form) for form in FORMS)]


def compare(reference: against_torch.Reference, key: str, function: Any = None) -> Outcome:
    """Make every call of an entry in mstorch and compare it with PyTorch's answer.

    With `function` only the calls of the function form that PyTorch answers are made, of that
    function, and values and gradients compared.
    """
    outcome = Outcome()
    exceptions = [k for k in known() if key in k["entries"]]
    for kind, call, theirs in pickle.loads(reference.result("op_database", key)):
        if function is not None:
            if call.form != "function" or isinstance(theirs, str):
                continue
            theirs = {part: theirs[part] for part in theirs.keys() & {"results", "gradients"}}
            call = dataclasses.replace(call, derivatives=min(call.derivatives, 1))
        outcome.counts[_judge(outcome, exceptions, kind, call, theirs, function)] += 1
    return outcome


def compare_refusals(reference: against_torch.Reference, key: str, outcome: Outcome) -> None:
    """Make the wrong calls of an entry, which PyTorch refuses."""
    exceptions = [k for k in known() if key in k["entries"]]
    for call, theirs in pickle.loads(reference.result("op_database", f"refusals of {key}")):
        outcome.counts[_judge(outcome, exceptions, "wrong input", call, theirs, None)] += 1


def compare_kept(reference: against_torch.Reference, key: str, outcome: Outcome) -> None:
    """Change each argument and each result of some calls in place before the backward pass.

    Where PyTorch has kept the value that is changed, that is an error. mstorch may have kept a
    copy, and give the gradients of the call; it must not give others.
    """
    exceptions = [k for k in known() if key in k["entries"]]
    for call, theirs in pickle.loads(reference.result("op_database", f"kept by {key}")):
        excepted = [e for e in exceptions if _applies(e, "float64", call, "")]
        if find(mstorch, call.name, call.form) is None or any(
            "kept" in e.get("parts", ["kept"]) for e in excepted
        ):
            continue
        try:
            ours = kept(mstorch, call)
        except NotImplementedError:
            continue
        for what in theirs:
            pairs = zip(ours[what], theirs[what], strict=True)
            for position, (one, other) in enumerate(pairs):
                outcome.counts[_judge_kept(outcome, call, (what, position), one, other)] += 1


def _judge_kept(
    outcome: Outcome, call: Call, place: tuple[str, int], ours: str, theirs: str
) -> str:
    if ours == theirs:
        return "kept by both"
    if (ours, theirs) == ("the same", "error"):
        return "kept as a copy"
    return _failed(outcome, "float64", call, f"{place} changed: {ours} where torch has {theirs}")


def _judge(
    outcome: Outcome, exceptions: list, kind: str, call: Call, theirs: Any, function: Any
) -> str:
    if find(mstorch, call.name, call.form) is None:
        return "form not there"
    excepted = [e for e in exceptions if _applies(e, kind, call, theirs)]
    if any("parts" not in e for e in excepted):
        return "known to differ"
    apart = {part for e in excepted for part in e["parts"]}
    try:
        ours = perform(mstorch, call, function)
    except Exception as error:
        return _refused(outcome, kind, call, theirs, error)
    if isinstance(theirs, str):
        return _failed(outcome, kind, call, f"accepted, where torch has {theirs}")
    try:
        _check(ours, theirs, apart)
    except AssertionError as error:
        return _failed(outcome, kind, call, str(error))
    outcome.counts["second gradients"] += "second gradients" in theirs
    return "agree"


def _applies(exception: dict[str, Any], kind: str, call: Call, theirs: Any) -> bool:
    message = theirs if isinstance(theirs, str) else ""
    return (
        kind in exception.get("types", [kind])
        and call.form in exception.get("forms", [call.form])
        and exception.get("message", "") in message
    )


def _refused(outcome: Outcome, kind: str, call: Call, theirs: Any, error: Exception) -> str:
    ours = f"{_kind_of(type(error))}: {error}"
    if isinstance(error, NotImplementedError):
        return "refused by both" if isinstance(theirs, str) else "refused by mstorch"
    if not isinstance(theirs, str):
        return _failed(outcome, kind, call, ours)
    if ours.partition(":")[0] != theirs.partition(":")[0]:
        return _failed(outcome, kind, call, f"{ours}, where torch has {theirs}")
    return "refused by both"


def _kind_of(error: type) -> str:
    return next((kind.__name__ for kind in ERRORS if issubclass(error, kind)), error.__name__)


def _failed(outcome: Outcome, kind: str, call: Call, what: str) -> str:
    outcome.failures.append(f"{call.form}, {kind}: {what}\n  {call}")
    return "wrong"


def _check(ours: dict[str, Any], theirs: dict[str, Any], apart: set[str]) -> None:
    """Fail unless our answer is torch's, but for the parts that are set apart."""
    top = max((_largest(packed) for packed in _packed(theirs)), default=1.0)
    tolerance = {
        f"torch.{kind}": (relative, absolute * top)
        for kind, (relative, absolute) in _TOLERANCE.items()
    }
    for part in theirs.keys() - apart - {"memory"}:
        assert part in ours, f"no {part}"
        against_torch.check(_plain(ours[part]), _plain(theirs[part]), part, tolerance)
    if "second gradients" not in theirs:
        second = ours.get("second gradients", [])
        assert not any(p.elements.any() for p in second), f"second gradients: {second}"
    if "memory" in theirs and "memory" not in apart:
        for one, other in zip(ours["memory"], theirs["memory"], strict=True):
            _check_place(one, other, apart)


def _check_place(ours: dict[str, Any], theirs: dict[str, Any], apart: set[str]) -> None:
    """A result shares memory as torch's does, is a view where that is a view of an argument, and
    its steps in memory are the same.
    """
    for part in {"is", "shares", "offset", "strides"} - apart:
        assert ours[part] == theirs[part], f"memory: {ours} where torch has {theirs}"
    if theirs["shares"] or ours["view"]:
        assert ours["view"] == theirs["view"], f"memory: {ours} where torch has {theirs}"


def _packed(value: Any) -> list[exchange.Packed]:
    if isinstance(value, exchange.Packed):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [p for item in value for p in _packed(item)] if isinstance(value, (list, tuple)) else []


def _largest(packed: exchange.Packed) -> float:
    if packed.dtype not in _TOLERANCE:
        return 1.0
    size = numpy.abs(_array(packed))
    return float(size[numpy.isfinite(size)].max(initial=1.0))


def _array(packed: exchange.Packed) -> numpy.ndarray:
    elements = packed.elements
    if packed.dtype == "bfloat16":
        wide = elements.view(numpy.uint16).astype(numpy.uint32) << numpy.uint32(16)
        elements = wide.view(numpy.float32)
    steps = tuple(step * elements.itemsize for step in packed.strides)
    return numpy.lib.stride_tricks.as_strided(elements, packed.shape, steps)


def _plain(value: Any) -> Any:
    """Packed data in the form that against_torch.check compares."""
    if isinstance(value, exchange.Packed):
        return {
            "dtype": f"torch.{value.dtype}",
            "shape": value.shape,
            "requires_grad": value.requires_grad,
            "array": _array(value),
        }
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def raise_floor() -> None:
    """Write the counts of today where they are above the floor."""
    marks = floor() if _FLOOR.exists() else {}
    with against_torch.Reference() as reference:
        for key in entries(reference):
            outcome = compare(reference, key)
            compare_refusals(reference, key, outcome)
            compare_kept(reference, key, outcome)
            before = marks.get(key, (0,) * len(COUNTED))
            now = (outcome.counts[what] for what in COUNTED)
            marks[key] = tuple(map(max, before, now))
            print(key, dict(outcome.counts), *outcome.failures[:1])
    header = "# Copyright 2026 The MindForge Authors\n# SPDX-License-Identifier: Apache-2.0\n"
    columns = f"# entry: {', '.join(COUNTED)}\n"
    lines = [f"{key} {' '.join(map(str, counts))}\n" for key, counts in sorted(marks.items())]
    _FLOOR.write_text(header + columns + "".join(lines))


if __name__ == "__main__":
    raise_floor()
