# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of mstorch's APIs for readers, in Markdown."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_KNOWN = Path(__file__).parents[2] / "tests/adapter/op_database_known.toml"
_STATUS = {"yes": "served", "named": "named only", "no": "not there"}


@dataclass(frozen=True)
class Row:
    """One API: how it is served (yes, named, no) and what there is to know, what computes it on the
    CPU, MindSpore's function for Ascend, and the arguments that it lacks.
    """

    name: str
    status: str
    limit: str
    cpu: str
    ascend: str
    lacks: list[str]


def table(command: str, version: str, rows: list[Row]) -> str:
    """The whole document."""
    served = sum(row.status == "yes" for row in rows)
    lines = [
        f"<!-- Made by `{command}` from torch {version}; do not edit. -->",
        "# What mstorch serves",
        "",
        f"{served} APIs of torch {version} are served. Named only: it can be imported, compared",
        "and subclassed; calling it raises `NotImplementedError` with its name and the reason, if",
        "one is given here. Not there: megatron-core, or transformers (the models in scope and",
        "generation), mentions it, and using it raises the same error, as does every other name",
        "of torch. The Ascend column names MindSpore's function of",
        "the same meaning, for the day when mstorch runs there; today it runs on the CPU. Without",
        "a CPU path: a class, a constant, or Python code over other APIs.",
        "",
        "| API | Status | Ascend path | CPU path | Known differences |",
        "| --- | --- | --- | --- | --- |",
    ]
    reasons = _reasons()
    lines += [_line(row, reasons.get(_entry(row.name), [])) for row in rows]
    return "\n".join(lines) + "\n"


def _line(row: Row, reasons: Iterable[str]) -> str:
    lacks = f"lacks {', '.join(f'`{name}`' for name in row.lacks)}" if row.lacks else ""
    differences = "; ".join(filter(None, (row.limit, lacks, *reasons))).replace("|", "\\|")
    ascend = f"`{row.ascend}`" if row.ascend else ""
    return f"| `{row.name}` | {_STATUS[row.status]} | {ascend} | {row.cpu} | {differences} |"


def _entry(name: str) -> str:
    """What PyTorch's operator database calls an API."""
    return name.removeprefix("torch.").removeprefix("Tensor.")


def _reasons() -> dict[str, list[str]]:
    """Why calls of an entry of the operator database are not compared, where not all are."""
    found: dict[str, list[str]] = {}
    for known in tomllib.loads(_KNOWN.read_text(encoding="utf-8"))["known"]:
        kinds = f" ({', '.join(known['types'])})" if "types" in known else ""
        for entry in known["entries"]:
            found.setdefault(entry, []).append(known["reason"] + kinds)
    return found
