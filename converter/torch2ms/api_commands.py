# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands `api` and `explain`: the table of torch's APIs on a terminal, in a pipe, as JSON."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from torch2ms.errors import UsageError
from torch2ms.targets import STATUSES

if TYPE_CHECKING:
    from torch2ms.apis import Api

_API = """\
Print what each API of torch becomes: its name, its status, and what it becomes or why it does not.

statuses:
  native       a call of MindSpore means the same, for the arguments that `explain` names
  composed     an expression of several calls of MindSpore does
  adapter      mstorch, the torch API on MindSpore, has it
  unsupported  neither: the reason, and what to do instead

Of native and composed ones "signature only" says that the values were not compared with PyTorch's;
such calls are left on the adapter.
"""
_EXAMPLES = """\
examples:
  torch2ms api torch.nn.functional          the module and all below it
  torch2ms api 'F.*soft*' --status native
  torch2ms api > apis.tsv
"""
_EXPLAIN = """\
Say what an API of torch becomes for each target, with which arguments, what was run to prove it,
and what stays on the adapter and why; for one that is not served the reason and the remedy; for a
package around torch what becomes of its import.
"""
_FORMATS = ("table", "tsv", "json")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    api = commands.add_parser(
        "api",
        help="print what each API of torch becomes",
        description=_API,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    api.add_argument(
        "pattern",
        metavar="NAME|GLOB",
        nargs="?",
        default="*",
        help="a name, which stands for all below it as well, or a glob (default: everything)",
    )
    api.add_argument(
        "--status",
        action="append",
        default=[],
        choices=STATUSES,
        help="only APIs that have it (may be repeated)",
    )
    api.add_argument(
        "--format", choices=_FORMATS, help="default: table on a terminal, tsv in a pipe or file"
    )
    api.set_defaults(run=_api)
    explain = commands.add_parser(
        "explain", help="say what becomes of one API, and why", description=_EXPLAIN
    )
    explain.add_argument("name", metavar="NAME", help="torch.nn.functional.silu, F.silu, torch_npu")
    explain.set_defaults(run=_explain)


def _api(options: argparse.Namespace) -> int:
    from torch2ms import apis

    rows = apis.api(options.pattern, options.status)
    if not rows:
        of = f" of status {' or '.join(options.status)}" if options.status else ""
        raise UsageError(f"api: no API{of} matches {options.pattern!r}: try 'torch.*softmax*'")
    form = options.format or ("table" if sys.stdout.isatty() else "tsv")
    counted = apis.counts(rows)
    if form == "json":
        _print_json(rows, counted)
    elif form == "tsv":
        _print_tsv(rows)
        # Beside the pipe, so that what goes through it is rows alone.
        print(_summary(counted), file=sys.stderr)
    else:
        _print_table(rows)
        print(_summary(counted))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from torch2ms.explanation import explain

    print(explain(options.name))
    return 0


def _print_json(rows: Iterable[Api], counted: dict[str, int]) -> None:
    import json
    from dataclasses import asdict

    print(json.dumps({"counts": counted, "apis": [asdict(row) for row in rows]}, indent=1))


def _print_tsv(rows: Iterable[Api]) -> None:
    print("api\tkind\tstatus\ttarget\tnote")
    for row in rows:
        print(row.name, row.kind, row.status, row.target, _remark(row), sep="\t")


def _print_table(rows: list[Api]) -> None:
    # Most names are short; the few long ones push their line to the right.
    width = min(max(len(row.name) for row in rows), 48)
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for row in rows:
        text = "; ".join(part for part in (row.target, _remark(row)) if part)
        line = f"{row.name:<{width}}  {row.status:<11}  {text}"
        print(line if len(line) <= room else f"{line[: room - 1]}…")


def _remark(row: Api) -> str:
    return "; ".join(["signature only"] * row.signature_only + [row.note] * bool(row.note))


def _summary(counted: dict[str, int]) -> str:
    parts = [f"{counted[status]} {status}" for status in STATUSES]
    total = sum(counted[status] for status in STATUSES)
    only = counted["signature only"]
    return f"{total} APIs: {', '.join(parts)}; {only} of the native and composed by signature only"
