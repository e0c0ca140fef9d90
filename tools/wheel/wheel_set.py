# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Copies wheels into one folder and writes SHA256SUMS beside them, as sha256sum would."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path


def sums_text(wheels: Sequence[Path]) -> str:
    """Returns `sha256  name` lines, sorted by name; `sha256sum --check` reads them."""
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in wheels}
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


def collect(wheels: Sequence[Path], sums: Path) -> None:
    """Copies the wheels beside `sums` and writes it."""
    for path in wheels:
        shutil.copyfile(path, sums.parent / path.name)
    sums.write_text(sums_text(wheels), encoding="ascii")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: --sums FILE WHEEL..."""
    parser = argparse.ArgumentParser(description="Put wheels and their checksums in one folder.")
    parser.add_argument("--sums", type=Path, required=True, help="SHA256SUMS file to write")
    parser.add_argument("wheels", nargs="+", type=Path)
    args = parser.parse_args(argv)
    try:
        collect(args.wheels, args.sums)
    except OSError as error:
        print(f"wheel_set: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
