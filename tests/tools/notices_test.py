# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Third-party notices say what the table of pins says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import notices
from third_party.fetch import pins
from third_party.fetch.cache import FetchError


def test_the_notices_in_the_repository_are_those_of_the_pins() -> None:
    table = pins.read_table(notices.TABLE)
    made = notices.notices_text(table.values())
    assert notices.NOTICES.read_text() == made, "renew with: bazel run //tools:notices"
    for pin in table.values():
        assert (
            f"| {pin.fields['name']} | {pin.fields['version']} | {pin.fields['licence']} |" in made
        )


def test_the_highway_that_is_compiled_in_is_the_one_that_the_notices_name() -> None:
    (installed,) = Path("/usr/lib").glob("*/pkgconfig/libhwy.pc")
    versions = re.findall(r"^Version: *(.*)$", installed.read_text(), re.MULTILINE)
    assert versions == [pins.read_table(notices.TABLE)["highway"].fields["version"]]


def test_a_pin_without_a_licence_is_an_error_with_its_place(tmp_path: Path) -> None:
    table = tmp_path / "upstreams.bzl"
    table.write_text('UPSTREAMS = {\n    "x": {\n        "name": "x",\n    },\n}\n')
    with pytest.raises(FetchError, match=r"upstreams\.bzl:2: x states no licence"):
        notices.notices_text(pins.read_table(table).values())
