# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the speeds of operators into docs/operators.md, from what the benchmark printed:

bazel run -c opt //tools/bench:ops -- --compile > FILE
bazel run //tools/bench:operators_table -- FILE
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN = "<!-- made by `bazel run //tools/bench:operators_table`; do not edit -->"
END = "<!-- end of what is made -->"
DOCUMENT = Path("docs/operators.md")
PEERS = ("PyTorch eager", "PyTorch compiled", "MindSpore")


def table(records: Sequence[Mapping[str, Any]]) -> str:
    """The table of some records, of which the last with a name and a shape counts."""
    latest = {(r["name"], tuple(r["params"]["shape"])): r for r in records}
    order = {name: number for number, (name, _) in enumerate(latest)}
    lines = [
        "| Operator and step | Rows x columns | ms | of bound | to PyTorch | to torch.compile "
        "| to MindSpore |",
        "|---|---|---|---|---|---|---|",
    ]
    for (name, shape), record in sorted(latest.items(), key=lambda i: (order[i[0][0]], i[0][1])):
        operator, step = name.removeprefix("ops/").split("/") if name.count("/") > 1 else (name, "")
        cells = [
            f"`{operator.removeprefix('ops/')}` {step}".strip(),
            f"{shape[0]} x {shape[1]}",
            f"{record['seconds'] * 1e3:.2f}",
            f"{record['fraction_of_bound']:.2f}",
            *(_ratio(record, peer) for peer in PEERS),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _ratio(record: Mapping[str, Any], peer: str) -> str:
    seconds = record["params"]["seconds"].get(peer)
    return "-" if seconds is None else f"{seconds / record['seconds']:.1f}"


def replaced(document: str, made: str) -> str:
    """The document with the table in its place.

    Raises:
        ValueError: it has no such place.
    """
    for line in (BEGIN, END):
        if line not in document:
            raise ValueError(f"{DOCUMENT} has no line {line!r} to say where the table goes")
    head, rest = document.split(BEGIN, 1)
    return f"{head}{BEGIN}\n{made}\n{END}{rest.split(END, 1)[1]}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the benchmark's lines and rewrites the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", nargs="+", type=Path, help="what the benchmark printed")
    options = parser.parse_args(arguments)
    here = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    texts = [(here / path).read_text(encoding="utf-8") for path in options.lines]
    records = [json.loads(line) for text in texts for line in text.splitlines()]
    document = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ".")) / DOCUMENT
    text = replaced(document.read_text(encoding="utf-8"), table(records))
    partial = document.with_name(document.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(document)


if __name__ == "__main__":
    main()
