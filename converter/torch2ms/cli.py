# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: `torch2ms convert SRC OUT`."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from torch2ms import __version__, recipes, report, scripts, tree
from torch2ms.errors import UsageError
from torch2ms.report import TreeResult

_CONVERT = """\
Convert SRC (a tree or one file: Python or a launch script) into OUT.

Outside of the edited spans the result is the source byte for byte. OUT appears whole or not at all
and holds torch2ms-manifest.json: what each file came from and every line that changed. Files that
do not parse are copied unchanged and reported. SRC is never written.
"""
_LAUNCH = """\
Convert the launch scripts of SRC (a tree or one shell script) into OUT: torchrun and
`python -m torch.distributed.run` (or launch) become msrun. Every other file is copied.

A launch that cannot be decided without running the script is left as it is and reported, and makes
the exit status 1; with --strict so does an option that has no place in msrun.
"""
_TARGETS = """\
targets:
  adapter   imports of torch become imports of mstorch, the torch API on MindSpore, and launches by
            torchrun launches by msrun; nothing else
  torch     recipes only: the same sources as the adapter target gets, still for PyTorch

exit status:
  0  done
  1  done, but an import or a launcher of torch is left or a file does not compile; with --strict
     also if a file does not parse, a string holds source code that imports torch, or an option
     of a launcher was dropped
  2  bad usage or input, or a recipe that does not fit its upstream: nothing was written

example:
  torch2ms convert Megatron-LM out --exclude tests --report report.json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # File names need not be text in the terminal's encoding.
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
    except UsageError as error:
        print(f"torch2ms: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"torch2ms: {_os_error(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("torch2ms: interrupted, nothing was written", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return status


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _os_error(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename is not None else ""
    return f"{where}{error.strerror or error}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="torch2ms",
        description="Convert PyTorch source to MindSpore source. Needs neither to be installed.",
    )
    parser.add_argument("--version", action="version", version=f"torch2ms {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    convert = commands.add_parser(
        "convert",
        help="convert a file or a tree",
        description=_CONVERT,
        epilog=_TARGETS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _convert_arguments(convert)
    convert.set_defaults(run=_convert)
    check = commands.add_parser(
        "check",
        help="say what convert would do, and write nothing",
        description="Report what `torch2ms convert` would do. Nothing is written but --report.",
    )
    _common_arguments(check)
    check.set_defaults(run=_check)
    diff = commands.add_parser(
        "diff",
        help="show what convert would change",
        description="Print what `torch2ms convert` would change as a unified diff.",
    )
    _common_arguments(diff)
    diff.set_defaults(run=_diff)
    launch = commands.add_parser(
        "launch",
        help="convert launch scripts alone",
        description=_LAUNCH,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _launch_arguments(launch)
    launch.set_defaults(run=_launch)
    return parser


def _launch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SRC", type=Path, help="a directory or a shell script")
    parser.add_argument("out", metavar="OUT", type=Path, help="what to write: a new path")
    _run_arguments(parser)
    parser.add_argument("--force", action="store_true", help="replace the result of an earlier run")
    parser.set_defaults(target="launch", recipes=None, upstream=None, files_from=None)


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("source", metavar="SRC", nargs="?", type=Path, help="a directory or a file")
    add("out", metavar="OUT", type=Path, help="what to write: must not exist, or be empty")
    _settings_arguments(parser)
    add("--force", action="store_true", help="replace OUT if an earlier conversion made it")
    add(
        "--files-from",
        type=Path,
        metavar="LIST",
        help="instead of SRC: a text file with a path a line; for build systems, OUT may exist",
    )
    add(
        "--strip-prefix",
        action="append",
        default=[],
        metavar="PREFIX",
        help="with --files-from: what to take off each path (may be repeated, the first that fits)",
    )


def _common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SRC", type=Path, help="a directory or a file")
    _settings_arguments(parser)


def _settings_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--target", choices=recipes.TARGETS, default="adapter", help="default: adapter")
    add("--recipes", type=Path, metavar="PATH", help="a recipe file, or a directory of them")
    add("--upstream", metavar="NAME==VERSION", help="what SRC is: chooses and checks the recipes")
    _run_arguments(parser)


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--report", type=Path, metavar="FILE.json", help="write what was found, file by file")
    add("--jobs", type=_jobs, metavar="N", help="processes (default: one a processor)")
    add("--strict", action="store_true", help="exit status 1 for anything that is not converted")
    add(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out files and directories whose path or name matches (may be repeated)",
    )
    add("--quiet", action="store_true", help="no summary, no progress; problems are still told")


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes")
    return int(text)


def _convert(options: argparse.Namespace) -> int:
    if (options.source is None) == (options.files_from is None):
        raise UsageError("convert: give either SRC or --files-from LIST")
    return _finish(options, _run_convert(options, _how(options)))


def _launch(options: argparse.Namespace) -> int:
    source = options.source
    if source.is_file() and not scripts.is_script(source.name, source.read_bytes()):
        raise UsageError(f"{source}: not a shell script, by its name or its first line")
    return _convert(options)


def _run_convert(options: argparse.Namespace, how: tree.Options) -> TreeResult:
    if options.files_from is not None:
        files = options.files_from.read_text(encoding="utf-8").splitlines()
        return tree.convert_files(files, options.strip_prefix, options.out, how)
    out = Path(os.path.abspath(options.out))
    if options.source.is_file():
        return tree.convert_file(options.source, out, how)
    if not options.source.exists():
        raise UsageError(f"{options.source}: no such file or directory")
    with _Progress(quiet=options.quiet) as progress:
        return tree.convert_tree(options.source, out, how, progress.show)


def _check(options: argparse.Namespace) -> int:
    how = _how(options)
    with _Progress(quiet=options.quiet) as progress:
        result = tree.check(options.source, how, progress.show)
    return _finish(options, result)


def _diff(options: argparse.Namespace) -> int:
    if options.report is not None:
        raise UsageError("diff: --report belongs to check and convert")
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    sys.stdout.flush()
    for text in tree.diffs(options.source, _how(options)):
        data = (_coloured(text) if colour else text).encode("latin-1")
        sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


def _coloured(text: str) -> str:
    codes = {"---": "1", "+++": "1", "@@": "36", "-": "31", "+": "32"}
    lines = text.split("\n")
    for index, line in enumerate(lines):
        code = next((code for start, code in codes.items() if line.startswith(start)), None)
        if code:
            lines[index] = f"\033[{code}m{line}\033[0m"
    return "\n".join(lines)


def _how(options: argparse.Namespace) -> tree.Options:
    """The settings that all commands share; raises UsageError where they do not fit together."""
    if options.report is not None and options.report.suffix != ".json":
        raise UsageError(f"--report {options.report}: must end in .json")
    if options.report is not None and not options.report.parent.is_dir():
        raise UsageError(f"--report {options.report.parent}: no such directory")
    found = []
    if options.recipes is not None:
        found = recipes.load(options.recipes, options.upstream, options.target)
    return tree.Options(
        target=options.target,
        upstream=options.upstream,
        recipes=found,
        exclude=options.exclude,
        jobs=options.jobs or len(os.sched_getaffinity(0)),
        force=getattr(options, "force", False),
        references=options.report is not None or not options.quiet,
    )


def _finish(options: argparse.Namespace, result: TreeResult) -> int:
    """Write the report, say what was done; returns the exit status."""
    if options.report is not None:
        _write(options.report, report.report(result))
    if not options.quiet:
        print(report.summary(result))
    problems = result.problems(options.strict)
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


class _Progress:
    """A line on stderr that is redrawn on a terminal; elsewhere one now and then, on long work."""

    def __init__(self, quiet: bool) -> None:
        self._terminal = sys.stderr.isatty()
        self._quiet = quiet
        self._next = time.monotonic() + (0.2 if self._terminal else 10.0)
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def show(self, done: int, total: int) -> None:
        """Tell how far the work is, unless that was told a moment ago."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        self._next = now + (0.1 if self._terminal else 10.0)
        self._shown = True
        text = f"torch2ms: {done} of {total} files"
        print(f"\r{text}" if self._terminal else text, end="", file=sys.stderr)
        print("" if self._terminal else "\n", end="", file=sys.stderr, flush=True)

    def __exit__(self, *error: object) -> None:
        """Take the progress line off the terminal."""
        if self._shown and self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _write(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.write(data)
            file.close()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
