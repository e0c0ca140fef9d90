# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""mapping/launch.toml: what options of torchrun and variables of the environment become.

Apart from the other tables because most trees have no launch scripts.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from typing import NamedTuple

from torch2ms import mapping


class Option(NamedTuple):
    """An option of torchrun; see launch.toml for `action`."""

    action: str
    takes_value: bool
    becomes: str = ""
    only: tuple[str, ...] = ()
    note: str = ""


class Variable(NamedTuple):
    """A variable of the environment; see launch.toml for `action`."""

    name: str
    action: str
    note: str
    becomes: str = ""
    values: dict[str, str] | None = None


@dataclass(frozen=True)
class LaunchTable:
    """launch.toml: options by each of their names, variables, and two kinds of commands."""

    options: dict[str, Option]
    variables: tuple[Variable, ...]
    run: frozenset[str]
    talk: frozenset[str]

    def variable(self, name: str) -> Variable | None:
        """The row for a variable: its own, or the longest that ends in * and fits."""
        fits = [
            row
            for row in self.variables
            if row.name == name or (row.name[-1] == "*" and name.startswith(row.name[:-1]))
        ]
        return max(fits, key=lambda row: (row.name == name, len(row.name)), default=None)

    @functools.cached_property
    def words(self) -> re.Pattern[bytes]:
        """Found in every script that there may be something to do for."""
        names = "|".join(sorted({re.escape(row.name.rstrip("*")) for row in self.variables}))
        return re.compile(rf"torchrun|torch\.distributed\.|\b(?:{names})".encode("ascii"))


@functools.cache
def load() -> LaunchTable:
    """Read the table of launch scripts."""
    table = tomllib.loads(mapping.text("launch.toml"))
    options = {}
    for row in table["option"]:
        option = Option(
            row["action"],
            row["takes"] == "value",
            row.get("becomes", ""),
            tuple(row.get("only", ())),
            row.get("note", ""),
        )
        options.update(dict.fromkeys(row["names"], option))
    return LaunchTable(
        options,
        tuple(Variable(**row) for row in table["environment"]),
        frozenset(table["commands"]["run"]),
        frozenset(table["commands"]["talk"]),
    )
