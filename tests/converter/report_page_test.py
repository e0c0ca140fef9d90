# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The report as a page, as far as it can be read without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser

import pytest

import reports
from torch2ms import cli, report, report_page
from torch2ms.python_file import Change
from torch2ms.report import Skipped
from torch2ms.rewrite import Finding


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of style, script and data."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._inside = ""
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self._inside = dict(attributes).get("id") or tag

    def handle_data(self, text: str) -> None:
        self.text[self._inside] = self.text.get(self._inside, "") + text

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def data(self) -> dict[str, object]:
        """What the script reads."""
        return json.loads(self.text["data"])


def shown(result: report.TreeResult) -> Page:
    return Page(report_page.page(result))


def test_nothing_is_loaded_from_anywhere(tmp_path) -> None:
    page = report_page.page(reports.sample(tmp_path))
    assert not re.search(rb"https?:|//[a-z]|url\(|@import", page)
    elements = Page(page).elements
    assert not {tag for tag, _ in elements} & {"link", "img", "iframe", "object", "embed", "base"}
    addresses = [given.get(name) for _, given in elements for name in ("src", "href")]
    assert [address for address in addresses if address] == ["#files"]


def test_the_policy_allows_the_inline_parts_alone(tmp_path) -> None:
    page = shown(reports.sample(tmp_path))
    (policy,) = [a["content"] for _, a in page.elements if "http-equiv" in a]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    for part in ("style", "script"):
        digest = hashlib.sha256(page.text[part].encode("utf-8")).digest()
        assert rules.pop(f"{part}-src") == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert rules == {
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }


def test_the_page_shows_what_the_json_report_holds(tmp_path) -> None:
    result = reports.sample(tmp_path)
    other = json.loads(report.report(result))
    data = shown(result).data()
    strings = data["strings"]
    assert [data[key] for key in ("numbers", "left", "recipes")] == [
        other[key] for key in ("numbers", "left", "recipes")
    ]
    rows = {row[0]: row for row in data["files"]}
    assert rows.keys() >= {entry["path"] for entry in other["files"]}
    for entry in other["files"]:
        _, _, reason, _, counts, edits, findings = rows[entry["path"]]
        assert reason == (entry["unparsable"] or entry["does_not_compile"])
        assert counts == list(entry["counts"].values())
        assert [
            (edits[i], *(strings[place] for place in edits[i + 1 : i + 4]))
            for i in range(0, len(edits), 4)
        ] == [(e["line"], e["rule"], e["before"], e["after"]) for e in entry["edits"]]
        assert [
            (findings[i], *(strings[place] for place in findings[i + 1 : i + 4]))
            for i in range(0, len(findings), 4)
        ] == [tuple(finding.values()) for finding in entry["findings"]]


def test_every_file_has_one_status(tmp_path) -> None:
    rows = shown(reports.sample(tmp_path)).data()["files"]
    assert {row[0]: row[1] for row in rows} == {
        "data": "skipped",
        "pkg/__init__.py": "unchanged",
        "pkg/code.py": "attention",
        "pkg/computed.py": "attention",
        "pkg/layers.py": "converted",
        "pkg/model.py": "converted",
        "pkg/old.py": "unparsable",
        "requirements.txt": "converted",
        "run.sh": "attention",
    }


def test_a_result_that_does_not_compile_needs_attention() -> None:
    broken = reports.file("a.py", [Change(1, "import torch", "import mstorch as torch", "import")])
    broken.does_not_compile = "line 3: 'return' outside function"
    row = shown(reports.result([broken])).data()["files"][0]
    assert row[1:3] == ["attention", "line 3: 'return' outside function"]


def test_there_is_a_sentence_for_every_rule_finding_and_number(tmp_path) -> None:
    result = reports.sample(tmp_path)
    result.imports = {}
    texts = shown(result).data()["texts"]
    rules = {change.rule for file in result.files for change in file.changes}
    assert {row["name"] for row in texts["rule"]} == rules | {"native"}
    kinds = set(re.findall(r"`(\w+)`\s+\(", Finding.__doc__))
    assert {row["kind"] for row in texts["finding"]} == kinds
    levels = {row["kind"] for row in texts["finding"] if row["level"] != "note"}
    assert levels == report.STRICT_FAILURES
    named = {row[key] for row in texts["number"] for key in ("key", "of", "also") if key in row}
    assert named | {"files", "files_changed", "unparsable"} == report.numbers(result).keys()


@pytest.mark.parametrize("text", ["</script><script>", "<!--<script>", "]]>", "\ud800", "\u2028"])
def test_no_text_ends_the_data(text) -> None:
    lines = [Change(1, f"x = '{text}'", f"y = '{text}'", text)]
    page = shown(reports.result([reports.file("a.py", lines, [Finding(1, "left", text, text)])]))
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert page.data()["strings"] == [text, f"x = '{text}'", f"y = '{text}'", "left"]


def test_file_names_are_text_and_never_the_same() -> None:
    names = [
        os.fsdecode(b"a\xff.py"),
        "a\\xff.py",
        "a\n.py",
        "a\\n.py",
        "a\u202e.py",
        "<b>.py",
        "é.py",
    ]
    data = shown(reports.result(map(reports.file, names), [Skipped("l\udcfe", "why")])).data()
    paths = [row[0] for row in data["files"]]
    assert paths == [
        "a\\xff.py",
        "a\\\\xff.py",
        "a\\u000a.py",
        "a\\\\n.py",
        "a\\u202e.py",
        "<b>.py",
        "é.py",
        "l\\xfe",
    ]


def test_a_recipe_is_found_under_the_name_of_its_file() -> None:
    name = "a\\b.py"
    applied = reports.recipe(name, "one", "x", "y", "so that it works")
    data = shown(reports.result([reports.file(name, applied=[applied])])).data()
    assert data["recipes"][0]["file"] == data["files"][0][0] == "a\\\\b.py"


def test_the_page_depends_on_the_result_alone(tmp_path) -> None:
    one, other = (reports.sample(tmp_path / name) for name in ("one", "other"))
    assert report_page.page(one) == report_page.page(other)
    assert str(tmp_path).encode() not in report_page.page(one)


@pytest.mark.parametrize("command", ["check", "convert", "launch"])
def test_every_command_writes_it(command, tmp_path) -> None:
    source = reports.write({"a.py": "import torch\n", "b.sh": "torchrun a.py\n"}, tmp_path / "src")
    out = [] if command == "check" else [tmp_path / "out"]
    options = map(str, [source, *out, "--quiet", "--report", tmp_path / "report.html"])
    assert cli.main([command, *options]) == 0
    page = Page((tmp_path / "report.html").read_bytes())
    edited = [row[0] for row in page.data()["files"] if row[5]]
    assert edited == (["b.sh"] if command == "launch" else ["a.py", "b.sh"])
