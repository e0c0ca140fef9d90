# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How fast torch2ms converts whole upstreams, beside a plain rename by libcst on the same files.

Prints one JSON line a case, see record.py: megatron-core and transformers for the targets `adapter`
and `native`, in CPU seconds of one process and in seconds of one and of two, with the memory of a
process, and the start of the command. The peer parses with libcst, renames torch in imports and
prints.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import record

# The command, in a process of its own; its resource use is that of this process's children.
_COMMAND = [sys.executable, "-P", "-m", "torch2ms"]
# How deep in its tree the file lies that tells where a tree is.
_DEPTH = {"megatron_core": 3, "transformers": 2}


def sources(folder: Path) -> list[Path]:
    """Every Python file of a tree, in order."""
    return sorted(path for path in folder.rglob("*.py") if path.is_file())


def copied(tree: Path, to: Path) -> Path:
    """A copy of the Python files of a tree without the links that Bazel makes."""
    for path in sources(tree):
        target = to / path.relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return to


def environment() -> dict[str, str]:
    """This process's, but with byte code kept between runs, as installing the wheel does."""
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": os.path.join(tempfile.gettempdir(), "torch2ms-bench")}


def timed(command: Sequence[str]) -> tuple[float, float]:
    """The CPU seconds and the seconds of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, seconds


def converted(source: Path, out: Path, target: str, jobs: int) -> tuple[float, float]:
    """CPU seconds and seconds of `torch2ms convert` with its defaults, start included."""
    options = ["--target", target, "--jobs", str(jobs)]
    return timed([*_COMMAND, "convert", *options, str(source), str(out)])


def peak_mb(source: Path, target: str) -> float:
    """Peak memory of one converting process in MB."""
    program = (
        "import resource, sys; from torch2ms.cli import main; main(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    with tempfile.TemporaryDirectory() as scratch:
        options = ["--target", target, "--jobs", "1", "--quiet"]
        command = [sys.executable, "-P", "-c", program, "convert", *options, str(source)]
        done = subprocess.run(
            [*command, str(Path(scratch, "out"))],
            check=True,
            capture_output=True,
            text=True,
            env=environment(),
        )
    return int(done.stdout) * 1024 / 1e6


def measure(name: str, source: Path, peer: Sequence[str], runs: int, start: float) -> None:
    """Measure one tree and print its lines; `start`: the CPU seconds of starting the command.

    Results stay beside the source until all is measured: for a minute after files were deleted,
    ext4 takes several times as long to make new ones.
    """
    out = source.parent / f"{source.name}-results"
    out.mkdir()
    megabytes = sum(path.stat().st_size for path in sources(source)) / 1e6
    peer_seconds = [timed([*peer, str(source)])[0]]
    for target in ("adapter", "native"):
        alone, both = [], []
        for run in range(runs):
            alone.append(converted(source, out / f"{target}-{run}-alone", target, 1))
            both.append(converted(source, out / f"{target}-{run}-both", target, 2))
        cpu = statistics.median(one for one, _ in alone)
        params = {
            "megabytes": megabytes,
            "megabytes_per_cpu_second": megabytes / cpu,
            "megabytes_per_cpu_second_after_start": megabytes / (cpu - start),
            "speedup_with_2_processes": statistics.median(s for _, s in alone)
            / statistics.median(s for _, s in both),
        }
        line = record.measured(
            f"convert/{name}/{target}",
            [one for one, _ in alone],
            params,
            "libcst, a plain rename (CPU seconds)",
            peer_seconds,
            peak_mb=peak_mb(source, target),
        )
        print(line.line(), flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: NAME=FILE ... --peer PYTHON PROGRAM [--runs N]; FILE lies in the tree's top."""
    parser = argparse.ArgumentParser(description="Measure the converter.")
    parser.add_argument("trees", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--peer", nargs=2, required=True, metavar=("PYTHON", "PROGRAM"))
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args(argv)
    peer = [os.path.abspath(word) for word in args.peer]
    timed([*_COMMAND, "--version"])  # compiles what is kept
    starts = [timed([*_COMMAND, "--version"]) for _ in range(5 * args.runs)]
    cpu = statistics.median(one for one, _ in starts)
    line = record.measured("convert/start of the command", [s for _, s in starts], {"cpu": cpu})
    print(line.line(), flush=True)
    with tempfile.TemporaryDirectory(prefix="mindforge-bench-") as scratch:
        for tree in args.trees:
            name, _, top = tree.partition("=")
            folder = Path(os.path.abspath(top)).parents[_DEPTH[name] - 1]
            measure(name, copied(folder, Path(scratch, name)), peer, args.runs, cpu)
    return 0


if __name__ == "__main__":
    sys.exit(main())
