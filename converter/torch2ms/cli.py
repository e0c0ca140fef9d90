# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: `torch2ms convert SRC OUT`."""

from __future__ import annotations

import argparse
import atexit
import gc
import io
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from torch2ms import __version__, api_commands
from torch2ms.collector import without_collector
from torch2ms.errors import UsageError
from torch2ms.targets import TARGETS

if TYPE_CHECKING:
    from torch2ms.report import TreeResult

_SOURCE = "a directory, a file, an sdist or a wheel"
_CONVERT = """\
Convert SRC (a tree, one file, an sdist or a wheel) into OUT. A wheel becomes an unpacked wheel, or
a wheel if OUT is one of the same name.

Outside of the edited spans the result is the source byte for byte. OUT appears whole or not at all
and holds torch2ms-manifest.json: what each file came from and every line that changed. Files that
do not parse are copied unchanged and reported. SRC is never written.
"""
_EXAMPLES = """\
examples:
  torch2ms check Megatron-LM                  what is there to convert, and what is left
  torch2ms diff Megatron-LM | less            what would change
  torch2ms convert Megatron-LM out            write the result to out

torch2ms COMMAND --help tells more.
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
  native    on top of that, calls become MindSpore's where the mapping proves that these arguments
            mean the same (`torch2ms explain NAME` tells); everything else stays on the adapter
  torch     recipes only: the same sources as the adapter target gets, still for PyTorch

exit status:
  0  done
  1  done, but an import or a launcher of torch is left or a file does not compile; with --strict
     also if a file does not parse, a string holds source code that imports torch, or an option
     of a launcher was dropped
  2  bad usage or input, or a recipe that does not fit its upstream: nothing was written

example:
  torch2ms convert Megatron-LM out --exclude tests --report report.html
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    # Looking for cycles once more when the command ends would find none.
    atexit.register(gc.freeze)
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # File names need not be text in the terminal's encoding.
            stream.reconfigure(errors="backslashreplace")
    try:
        with without_collector():
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
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"torch2ms {__version__}")
    # Who types the name alone wants to know what there is.
    parser.set_defaults(run=lambda options: _no_command(parser))
    commands = parser.add_subparsers(metavar="COMMAND")
    convert = commands.add_parser(
        "convert",
        help="convert a tree, a file, an sdist or a wheel",
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
    check.add_argument("source", metavar="SRC", type=Path, help=_SOURCE)
    _settings_arguments(check)
    _run_arguments(check)
    check.set_defaults(run=_check)
    diff = commands.add_parser(
        "diff",
        help="show what convert would change",
        description="Print what `torch2ms convert` would change as a unified diff.",
    )
    diff.add_argument("source", metavar="SRC", type=Path, help=_SOURCE)
    _settings_arguments(diff)
    _jobs_argument(diff)
    _exclude_argument(diff)
    diff.set_defaults(run=_diff)
    launch = commands.add_parser(
        "launch",
        help="convert launch scripts alone",
        description=_LAUNCH,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _launch_arguments(launch)
    launch.set_defaults(run=_launch)
    api_commands.add_to(commands)
    return parser


def _no_command(parser: argparse.ArgumentParser) -> int:
    parser.print_help(sys.stderr)
    return 2


def _launch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="SRC", type=Path, help="a directory, a shell script or an archive"
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="what to write: a new path")
    _run_arguments(parser)
    parser.add_argument("--force", action="store_true", help="replace the result of an earlier run")


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("source", metavar="SRC", nargs="?", type=Path, help=_SOURCE)
    add("out", metavar="OUT", type=Path, help="what to write: must not exist, or be empty")
    _settings_arguments(parser)
    _run_arguments(parser)
    add(
        "--import-with",
        metavar="PYTHON",
        help="an interpreter with mstorch and what else the tree needs: report which changed"
        " modules import there (this runs the tree's code)",
    )
    add(
        "--verify",
        action="store_true",
        help="have Python compile every changed file, and search its byte code for imports of"
        " torch; --report and --strict do so in any case, --target native where calls change",
    )
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


def _settings_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--target", choices=TARGETS, default="adapter", help="default: adapter")
    add("--recipes", type=Path, metavar="PATH", help="a recipe file, or a directory of them")
    add("--upstream", metavar="NAME==VERSION", help="what SRC is: chooses and checks the recipes")


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--report",
        type=Path,
        metavar="FILE",
        help="write what was found, file by file: FILE.json, or FILE.html, a page to look at",
    )
    _jobs_argument(parser)
    add("--strict", action="store_true", help="exit status 1 for anything that is not converted")
    _exclude_argument(parser)
    add("--quiet", action="store_true", help="no summary, no progress; problems are still told")


def _jobs_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=_jobs, metavar="N", help="processes (default: one a processor)"
    )


def _exclude_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out files and directories whose path or name matches (may be repeated)",
    )


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes")
    return int(text)


def _convert(options: argparse.Namespace) -> int:
    from torch2ms import commands

    if (options.source is None) == (options.files_from is None):
        raise UsageError("convert: give SRC and OUT, or --files-from LIST and OUT")
    if options.files_from is not None:
        if options.import_with is not None:
            raise UsageError("convert: --import-with needs SRC, a whole tree")
        return _convert_list(options)
    with _Progress(quiet=options.quiet) as progress:
        result = commands.convert(
            options.source,
            options.out,
            **_settings(options),
            **_run_settings(options),
            force=options.force,
            import_with=options.import_with,
            verify=options.verify,
            references=_references(options),
            progress=progress.show,
        )
    return _finish(options, result)


def _convert_list(options: argparse.Namespace) -> int:
    from torch2ms import commands, tree

    how = commands.options(
        options.target,
        options.jobs,
        options.exclude,
        options.recipes,
        options.upstream,
        options.force,
        _references(options),
    )
    files = options.files_from.read_text(encoding="utf-8").splitlines()
    result = tree.convert_files(files, options.strip_prefix, options.out, how)
    return _finish(options, commands.finished(result, options.strict, options.report))


def _launch(options: argparse.Namespace) -> int:
    from torch2ms import commands

    with _Progress(quiet=options.quiet) as progress:
        result = commands.launch(
            options.source,
            options.out,
            **_run_settings(options),
            force=options.force,
            progress=progress.show,
        )
    return _finish(options, result)


def _check(options: argparse.Namespace) -> int:
    from torch2ms import commands

    with _Progress(quiet=options.quiet) as progress:
        result = commands.check(
            options.source,
            **_settings(options),
            **_run_settings(options),
            references=_references(options),
            progress=progress.show,
        )
    return _finish(options, result)


def _diff(options: argparse.Namespace) -> int:
    from torch2ms import commands

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    sys.stdout.flush()
    run = {name: getattr(options, name) for name in ("jobs", "exclude")}
    for text in commands.diff(options.source, **run, **_settings(options)):
        sys.stdout.buffer.write(_coloured(text) if colour else text)
    sys.stdout.buffer.flush()
    return 0


def _coloured(text: bytes) -> bytes:
    codes = {b"---": b"1", b"+++": b"1", b"@@": b"36", b"-": b"31", b"+": b"32"}
    lines = text.split(b"\n")
    for index, line in enumerate(lines):
        code = next((code for start, code in codes.items() if line.startswith(start)), None)
        if code:
            lines[index] = b"\033[%sm%s\033[0m" % (code, line)
    return b"\n".join(lines)


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """What decides how a file is converted."""
    return {name: getattr(options, name) for name in ("target", "recipes", "upstream")}


def _run_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What every command that tells about a run has."""
    return {name: getattr(options, name) for name in ("report", "jobs", "strict", "exclude")}


def _references(options: argparse.Namespace) -> bool:
    """Counting references costs time, and without a report or a summary nobody reads them."""
    return options.report is not None or not options.quiet


def _finish(options: argparse.Namespace, result: TreeResult) -> int:
    """Say what was done; returns the exit status."""
    from torch2ms import report

    if not options.quiet:
        print(report.summary(result))
    problems = result.problems()
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
