# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How many of Megatron-LM's own unit tests that pass with PyTorch on a CPU pass converted.

    python tools/unit_tests/megatron_lm.py CLONE OUT --torch-python A --mindspore-python B

A imports torch, B imports mindspore, mstorch and torch2ms; both import what the tests need besides
(pytest, pytest_mock, ...). CLONE is read only. OUT gets the two trees, `torch` and `mindspore`, and
beside them the results of each test file as JUnit XML. What is there is not made again: remove the
results of a side to measure it anew, and its tree where the converter changed.

Without TransformerEngine no test would start: without_transformer_engine.py sees to that. With
--cuda-on-cpu both sides also run a plugin (cuda_on_cpu.py) that lets the CPU answer for CUDA, and
gloo for NCCL, so that tests count which would run on the CPU if they did not insist.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

PARTS = ("megatron", "tests/__init__.py", "tests/unit_tests", "tools")
"""What the tests import, besides the modules at the top of the clone."""
ALWAYS, ON_DEMAND = "without_transformer_engine", "cuda_on_cpu"
"""Plugins of pytest, which are converted with the tests."""
SECONDS_A_FILE = 600
SHOWN = 160

# One process that is rank 0 of 1; eager, as that is what is compared.
_ENVIRONMENT = {
    "WORLD_SIZE": "1",
    "RANK": "0",
    "LOCAL_RANK": "0",
    "MASTER_ADDR": "localhost",
    "OMP_NUM_THREADS": "1",
    "TORCHDYNAMO_DISABLE": "1",
}


def copy_parts(clone: Path, tree: Path) -> None:
    """Copies what the tests need, and the plugins beside it."""
    part_of_clone = [clone / part for part in PARTS] + sorted(clone.glob("*.py"))
    for source in part_of_clone:
        target = tree / source.relative_to(clone)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    for plugin in (ALWAYS, ON_DEMAND):
        shutil.copy(Path(__file__).with_name(f"{plugin}.py"), tree)


def make_trees(clone: Path, out: Path, converter: str) -> None:
    """Makes the trees that are not there yet; SystemExit if CLONE is no clone of Megatron-LM."""
    if not (clone / "tests/unit_tests").is_dir():
        sys.exit(f"{clone}/tests/unit_tests is not there: name a clone of Megatron-LM")
    torch, mindspore = out / "torch", out / "mindspore"
    if not torch.exists():
        copy_parts(clone, torch)
    if not mindspore.exists():
        command = [converter, "-P", "-m", "torch2ms", "convert", "--quiet", torch, mindspore]
        subprocess.run(command, check=True)


def run_file(python: str, tree: Path, name: str, result: Path, options: Sequence[str]) -> None:
    """Runs one test file in a process of its own; a file that takes too long has no result."""
    result.parent.mkdir(parents=True, exist_ok=True)
    unfinished = result.with_suffix(".unfinished")
    command = [python, "-m", "pytest", name, "-q", f"--junitxml={unfinished}", *options]
    paths = [str(tree), *filter(None, [os.environ.get("PYTHONPATH")])]
    with result.with_suffix(".log").open("w", encoding="utf-8") as log:
        try:
            subprocess.run(
                [*command, "-p", "no:cacheprovider", "--import-mode=importlib"],
                cwd=tree,
                env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(paths)},
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=SECONDS_A_FILE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            log.write(f"\nended after {SECONDS_A_FILE} seconds\n")
    if unfinished.exists():
        unfinished.rename(result)


def outcomes(result: Path) -> Iterator[tuple[str, str]]:
    """Pairs of a test and what became of it: "passed", "skipped" or the line of its error."""
    if not result.exists():
        return
    for case in ElementTree.parse(result).iter("testcase"):
        problem = next((p for kind in ("failure", "error") for p in case.iter(kind)), None)
        if problem is not None:
            outcome = " ".join(problem.get("message", "").split())[:SHOWN]
        else:
            outcome = "passed" if case.find("skipped") is None else "skipped"
        yield f"{case.get('classname')}::{case.get('name')}", outcome


def compare(
    out: Path, sides: dict[str, str], kind: str, plugins: Sequence[str], only: str
) -> Iterator[tuple[str, str]]:
    """What becomes on MindSpore of each test that passes on PyTorch, running what has not run."""
    for file in sorted((out / "torch/tests/unit_tests").rglob(only)):
        name = str(file.relative_to(out / "torch"))
        found: dict[str, dict[str, str]] = {}
        for side, python in sides.items():
            result = out / f"results_{kind}/{side}" / Path(name).with_suffix(".xml")
            if not result.with_suffix(".log").exists():
                run_file(python, out / side, name, result, plugins)
            found[side] = dict(outcomes(result))
            if "passed" not in found["torch"].values():
                break
        for test, outcome in found["torch"].items():
            if outcome == "passed":
                yield test, found["mindspore"].get(test, "no result")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and prints what does not pass and the count."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("clone", type=Path, help="a clone of Megatron-LM")
    parser.add_argument("out", type=Path, help="where trees and results go")
    parser.add_argument("--torch-python", required=True, help="an interpreter that imports torch")
    parser.add_argument("--mindspore-python", required=True, help="one that imports mstorch")
    parser.add_argument("--cuda-on-cpu", action="store_true", help="let the CPU answer for CUDA")
    parser.add_argument("--only", default="test_*.py", help="pattern of the files' names")
    options = parser.parse_args(arguments)
    out = options.out.absolute()
    make_trees(options.clone.absolute(), out, options.mindspore_python)
    kind = "cuda_on_cpu" if options.cuda_on_cpu else "as_they_are"
    plugins = [*(["-p", ON_DEMAND] if options.cuda_on_cpu else []), "-p", ALWAYS]
    sides = {"torch": options.torch_python, "mindspore": options.mindspore_python}
    passed = agreed = 0
    for test, outcome in compare(out, sides, kind, plugins, options.only):
        passed += 1
        agreed += outcome == "passed"
        if outcome != "passed":
            print(f"{test}: {outcome}", flush=True)
    print(f"{agreed} of the {passed} tests that pass on PyTorch pass on MindSpore")


if __name__ == "__main__":
    main()
