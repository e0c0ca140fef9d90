# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: `mstrain pretrain` and `mstrain presets`."""

import argparse
import signal
import sys
import tomllib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from mstrain import checkpoint
from mstrain.config import Config, load_config, load_preset, preset_names, with_settings
from mstrain.counting import count_weights
from mstrain.errors import StoppedError, UserError
from mstrain.inputs import Inputs, load, stored_config

# Options that are short for --set train.KEY=VALUE.
_SHORTHANDS: dict[str, tuple[type, str]] = {
    "steps": (int, "last step of the run"),
    "batch_size": (int, "sequences a step"),
    "seq_len": (int, "tokens a sequence"),
    "seed": (int, "seed of weights and samples"),
    "lr": (float, "highest learning rate"),
    "min_lr": (float, "learning rate at the end of the schedule"),
    "warmup_steps": (int, "steps up to the highest learning rate"),
    "decay_steps": (int, "step at which the schedule ends"),
}
DEFAULT_FOLDER = Path("mstrain-checkpoints")


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints take one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def _count(text: str) -> int:
    """A whole number of at least zero."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number


def _positive(text: str) -> int:
    """A whole number of at least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def _setting(text: str) -> tuple[str, Any]:
    """KEY=VALUE with the value spelt as in TOML."""
    key, equals, value = text.partition("=")
    try:
        parsed = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        parsed = {}
    if not equals or list(parsed) != ["value"]:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not KEY=VALUE, such as train.weight_decay=0.1"
        )
    return key, parsed["value"]


def _add_pretrain_options(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what is trained")
    source = what.add_mutually_exclusive_group()
    source.add_argument("--preset", metavar="NAME", help=f"one of: {', '.join(preset_names())}")
    source.add_argument("--config", type=Path, metavar="FILE", help="a configuration of your own")
    for name, (kind, text) in _SHORTHANDS.items():
        option = f"--{name.replace('_', '-')}"
        what.add_argument(option, type=kind, metavar="N" if kind is int else "X", help=text)
    what.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="any key of the configuration, such as model.layers=3",
    )  # fmt: skip
    text = parser.add_argument_group("on which text")
    text.add_argument(
        "--data", type=Path, nargs="+", default=[], metavar="FILE",
        help="text files or .jsonl files (default: the text that comes with the package)",
    )  # fmt: skip
    text.add_argument("--text-key", default="text", metavar="KEY", help="key of the text in .jsonl")
    start = parser.add_argument_group("where it starts").add_mutually_exclusive_group()
    start.add_argument(
        "--resume", type=Path, nargs="?", const=Path(), metavar="PATH",
        help="carry on from this checkpoint, or from the latest in this folder "
        "(default: in --checkpoint-dir)",
    )  # fmt: skip
    start.add_argument("--init", type=Path, metavar="FILE", help="take a checkpoint's weights only")
    out = parser.add_argument_group("what it writes")
    out.add_argument("--log-json", type=Path, metavar="FILE", help="a JSON object a step")
    out.add_argument("--tensorboard", type=Path, metavar="DIR", help="TensorBoard events")
    out.add_argument(
        "--checkpoint-dir", type=Path, metavar="DIR",
        help="write a checkpoint after the last step (a run that is stopped with Ctrl-C writes one "
        f"in any case, by default in {DEFAULT_FOLDER})",
    )  # fmt: skip
    out.add_argument("--save-every", type=_count, default=0, metavar="N", help="steps between them")
    out.add_argument("--keep", type=_positive, default=2, metavar="N", help="how many to keep")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="mstrain", description="Trains DeepSeek-V3-shaped models.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_pretrain_options(commands.add_parser("pretrain", help="train from random weights or on"))
    commands.add_parser("presets", help="list the presets")
    return parser


def _resumed_file(options: argparse.Namespace) -> Path | None:
    """The checkpoint to carry on from, if any."""
    if options.resume is None:
        return None
    path = options.resume
    if path == Path():
        path = options.checkpoint_dir or DEFAULT_FOLDER
    return path if path.is_file() else checkpoint.latest(path)


def _base_config(options: argparse.Namespace, resumed: Path | None) -> Config:
    """The configuration before the options on the command line."""
    if options.config is not None:
        return load_config(options.config)
    if options.preset is not None:
        return load_preset(options.preset)
    if resumed is not None:
        stored = checkpoint.read(resumed)
        return stored_config(stored.path, stored.description)
    raise UserError(f"give --preset NAME ({', '.join(preset_names())}) or --config FILE")


def _pretrain(options: argparse.Namespace) -> None:
    resumed = _resumed_file(options)
    settings = {f"train.{n}": getattr(options, n) for n in _SHORTHANDS}
    settings = {key: value for key, value in settings.items() if value is not None}
    settings.update(options.settings)
    config = with_settings("command line", _base_config(options, resumed), settings)
    inputs = Inputs(tuple(options.data), options.text_key, resumed, options.init)
    loaded = load(config, inputs)
    # Megatron says so on every import; here it is always so and costs nothing.
    warnings.filterwarnings("ignore", message="Apex is not installed")
    # Imported late: megatron takes seconds, and a mistake above should be told at once.
    from mstrain.pretrain import Outputs, pretrain

    folder = options.checkpoint_dir
    outputs = Outputs(
        checkpoints=folder or DEFAULT_FOLDER,
        save_every=options.save_every,
        save_last=folder is not None or options.save_every > 0,
        keep=options.keep,
        log_json=options.log_json,
        tensorboard=options.tensorboard,
    )
    pretrain(config, inputs, loaded, outputs)


def _presets() -> None:
    """Prints a line for each preset."""
    for name in preset_names():
        config = load_preset(name)
        weights = count_weights(config.model)
        tokens = config.train.batch_size * config.train.seq_len
        print(f"{name:8} {weights.main + weights.mtp:>13,} weights  {tokens:>6,} tokens a step")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit status: 0 done, 1 failed, 2 usage, 128 + n signal n."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "presets":
            _presets()
        else:
            _pretrain(options)
    except UserError as error:
        print(f"mstrain: error: {error}", file=sys.stderr)
        return 1
    except StoppedError as stopped:
        print(f"mstrain: {stopped}", file=sys.stderr)
        return 128 + stopped.signum
    except KeyboardInterrupt:
        print("mstrain: stopped at once; no checkpoint was written for it", file=sys.stderr)
        return 128 + signal.SIGINT
    return 0
