# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Comparing mstorch with PyTorch on the samples of PyTorch's operator database.

Beside this file lie two tables: `op_database_floor.txt`, how many calls of each entry agree, which
may only rise, and `op_database_known.toml`, which calls are not compared, and why. Run as a program
this file raises the floor to what agrees now.
"""

import collections
import pathlib
import pickle
import tomllib
from dataclasses import dataclass, field
from typing import Any

import numpy

import against_torch
import mstorch
from cases import exchange
from cases.op_calls import FORMS, Call, find, perform

_FOLDER = pathlib.Path(__file__).parent
_FLOOR = _FOLDER / "op_database_floor.txt"
_KNOWN = _FOLDER / "op_database_known.toml"

# Relative and absolute tolerance; the absolute one is in units of the largest element above 1.
_TOLERANCE = {"float64": (1e-7, 1e-9), "float32": (2e-5, 2e-5), "bfloat16": (3e-2, 2e-2)}


@dataclass
class Outcome:
    """What became of the calls of one entry: counts by kind, and the failures in words."""

    counts: collections.Counter = field(default_factory=collections.Counter)
    failures: list[str] = field(default_factory=list)


def floor() -> dict[str, int]:
    """How many calls of each entry must agree."""
    lines = (line.split() for line in _FLOOR.read_text().splitlines() if line[:1] != "#")
    return {name: int(count) for name, count in lines}


def known() -> list[dict[str, Any]]:
    """The calls that are not compared: entries, and where given types and parts of a message."""
    return tomllib.loads(_KNOWN.read_text())["known"]


def entries(reference: against_torch.Reference) -> list[str]:
    """The database's entries whose operator mstorch has in some form."""
    pairs = reference.result("op_database", "names")
    return [key for key, name in pairs if any(find(mstorch, name, form) for form in FORMS)]


def compare(reference: against_torch.Reference, key: str, function: Any = None) -> Outcome:
    """Make every call of an entry in mstorch and compare it with PyTorch's answer.

    With `function` only the calls of the function form are made, of that function.
    """
    outcome = Outcome()
    exceptions = [k for k in known() if key in k["entries"]]
    for kind, call, theirs in pickle.loads(reference.result("op_database", key)):
        if function is None or call.form == "function":
            outcome.counts[_judge(outcome, exceptions, kind, call, theirs, function)] += 1
    return outcome


def _judge(
    outcome: Outcome, exceptions: list, kind: str, call: Call, theirs: Any, function: Any
) -> str:
    if isinstance(theirs, str):
        return "refused by PyTorch"
    if find(mstorch, call.name, call.form) is None:
        return "form not there"
    if any(kind in e.get("types", [kind]) for e in exceptions):
        return "known to differ"
    try:
        _check(perform(mstorch, call, function), theirs)
    except NotImplementedError:
        return "refused by mstorch"
    except Exception as error:
        outcome.failures.append(f"{call.form}, {kind}: {type(error).__name__}: {error}\n  {call}")
        return "wrong"
    return "agree"


def _check(ours: Any, theirs: Any) -> None:
    top = max((_largest(packed) for packed in _packed(theirs)), default=1.0)
    tolerance = {
        f"torch.{kind}": (relative, absolute * top)
        for kind, (relative, absolute) in _TOLERANCE.items()
    }
    against_torch.check(_plain(ours), _plain(theirs), "", tolerance)


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
            marks[key] = max(marks.get(key, 0), outcome.counts["agree"])
            print(key, dict(outcome.counts), *outcome.failures[:1])
    header = "# Copyright 2026 The MindForge Authors\n# SPDX-License-Identifier: Apache-2.0\n"
    lines = [f"{key} {count}\n" for key, count in sorted(marks.items())]
    _FLOOR.write_text(header + "".join(lines))


if __name__ == "__main__":
    raise_floor()
