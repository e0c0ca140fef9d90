# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes what torch2ms knows of torch's API: `bazel run //tools/apis:refresh`.

Asks the live torch and the live mstorch, each in a process of its own, and writes

    converter/torch2ms/mapping/apis.tsv           every API, its kind, how mstorch serves it
    converter/torch2ms/mapping/star_imports.txt   the names that a star import binds, by module
    tools/apis/unserved.txt                       what megatron-core mentions and mstorch lacks
    docs/mstorch_apis.md                          the same for readers, with what computes each
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import document

_HERE = Path(__file__).parent
_APIS = Path("converter/torch2ms/mapping/apis.tsv")
_STAR_IMPORTS = Path("converter/torch2ms/mapping/star_imports.txt")
_UNSERVED = Path("tools/apis/unserved.txt")
_DOCUMENT = Path("docs/mstorch_apis.md")
WRITTEN = (_APIS, _STAR_IMPORTS, _UNSERVED, _DOCUMENT)
COMMAND = "bazel run //tools/apis:refresh"
_HEAD = f"""\
# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
# Made by `{COMMAND}` from torch %s; do not edit.
"""


def tables(torch_python: str, mindspore_python: str = sys.executable) -> dict[Path, str]:
    """Returns the text of each file that this program writes, by its path in the workspace.

    Raises:
        RuntimeError: torch_python does not import torch, or mindspore_python not mstorch.
    """
    torch = _ask(
        torch_python, "torch_names.py", [*megatron_core_names(), *transformers_names()], []
    )
    apis = torch["apis"]
    ours = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    mstorch = _ask(mindspore_python, "mstorch_names.py", apis, ours)
    head = _HEAD % torch["version"]
    return {
        _APIS: head + _apis(apis, mstorch),
        _STAR_IMPORTS: head + _star_imports(torch["star"]),
        _UNSERVED: _still_unserved(mstorch),
        _DOCUMENT: document.table(COMMAND, torch["version"], _rows(apis, mstorch)),
    }


def megatron_core_names() -> list[str]:
    """The names of torch that megatron-core mentions."""
    return _names("megatron_core.txt")


def transformers_names() -> list[str]:
    """The names of torch that transformers' models in scope and its generation mention."""
    return _names("transformers.txt")


def unserved_names() -> list[str]:
    """Those of them that mstorch may lack."""
    return _names(_UNSERVED.name)


def _names(file: str) -> list[str]:
    lines = (_HERE / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def _still_unserved(mstorch: dict[str, dict[str, Any]]) -> str:
    lines = (_HERE / _UNSERVED.name).read_text(encoding="utf-8").splitlines(keepends=True)
    served = {name for name, ours in mstorch.items() if ours["served"].startswith("yes")}
    return "".join(line for line in lines if line.strip() not in served)


def _ask(python: str, program: str, names: Iterable[str], path: list[str]) -> Any:
    """What a program of this folder answers when it runs under a Python with a PYTHONPATH."""
    done = subprocess.run(
        [python, _HERE / program],
        input="\n".join(names),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_HERE), *path])},
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed under {python}: its message is above")
    return json.loads(done.stdout)


def _apis(torch: dict[str, dict[str, Any]], mstorch: dict[str, dict[str, Any]]) -> str:
    lines = [
        "# name, kind (absent: not in this torch), how mstorch serves it (see mstorch_names.py),",
        "# tuple if torch returns a named tuple, arguments that mstorch lacks (?: not known)",
    ]
    for name, api in torch.items():
        ours = mstorch[name]
        served = ours["served"].partition(":")[0]
        named = "tuple" if api["tuple"] else ""
        called = served == "yes" and api["kind"] in ("class", "function", "method")
        lacks = " ".join(_lacking(api["takes"], ours["takes"]) if called else [])
        lines.append("\t".join((name, api["kind"], ours["served"], named, lacks)).rstrip())
    return "\n".join(lines) + "\n"


def _rows(
    torch: dict[str, dict[str, Any]], mstorch: dict[str, dict[str, Any]]
) -> list[document.Row]:
    """What mstorch serves or names, and what megatron-core and transformers mention beside."""
    mentioned = {*megatron_core_names(), *transformers_names()}
    rows = []
    for name, api in torch.items():
        ours = mstorch[name]
        status, _, limit = ours["served"].partition(": ")
        if status == "no" and (name not in mentioned or api["kind"] == "absent"):
            continue
        limit = limit or (ours["reason"] if status != "yes" else "")
        called = status == "yes" and api["kind"] in ("class", "function", "method")
        lacks = _lacking(api["takes"], ours["takes"]) if called else []
        paths = ours.get("cpu", ""), ours.get("ascend", "")
        rows.append(document.Row(name, status, limit, *paths, [a for a in lacks if a != "?"]))
    return rows


def _lacking(torch: list[str] | None, mstorch: list[str] | None) -> list[str]:
    """The arguments that torch has and mstorch does not; ? where those of one are not known."""
    if torch is None or mstorch is None:
        return ["?"]
    return [name for name in torch if name not in mstorch]


def _star_imports(star: dict[str, list[str]]) -> str:
    lines = ["# A module, and below it the names that `from MODULE import *` binds."]
    for module, names in star.items():
        wrapped = textwrap.wrap(" ".join(names), 96, break_on_hyphens=False)
        lines += [module, *(f"  {line}" for line in wrapped)]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Rewrites the files in the workspace that `bazel run` names."""
    parser = argparse.ArgumentParser(description="Refresh torch2ms's tables of torch's API.")
    parser.add_argument("--torch-python", required=True, help="a Python that imports torch")
    options = parser.parse_args()
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if root is None:
        print(f"refresh: start me with: {COMMAND}", file=sys.stderr)
        return 2
    for path, text in tables(options.torch_python).items():
        partial = Path(root) / path.with_name(path.name + ".partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, Path(root) / path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
