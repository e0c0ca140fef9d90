# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes to tokens and back; files of text and of JSON lines."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mstrain.errors import UserError
from mstrain.text import END_OF_DOCUMENT, VOCABULARY, decode, default_text, encode, load_tokens


@given(st.binary())
def test_any_bytes_survive_the_round_trip(document: bytes) -> None:
    tokens = encode(document)
    assert decode(tokens) == document
    assert tokens[-1] == END_OF_DOCUMENT
    assert tokens.max() < VOCABULARY


@given(st.lists(st.text().filter(str.strip), min_size=1))
def test_json_lines_give_one_document_a_line(tmp_path_factory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    path.write_text("".join(json.dumps({"body": text}) + "\n" for text in texts))
    tokens = load_tokens([path], text_key="body")
    assert np.count_nonzero(tokens == END_OF_DOCUMENT) == len(texts)
    assert decode(tokens) == b"".join(text.encode("utf-8", "surrogatepass") for text in texts)


def test_files_follow_one_another_in_the_order_given(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_bytes(b"one")
    (tmp_path / "two.txt").write_bytes(b"\xff\x00")
    tokens = load_tokens([tmp_path / "two.txt", tmp_path / "one.txt"])
    assert tokens.tolist() == [255, 0, END_OF_DOCUMENT, *b"one", END_OF_DOCUMENT]


@pytest.mark.parametrize(
    "name, content, complaint",
    [
        ("a.jsonl", b'{"text": "fine"}\n{"text": \n', r"a\.jsonl:2: not JSON"),
        ("a.jsonl", b'{"text": "fine"}\n[1]\n', r"a\.jsonl:2: no text under 'text'"),
        ("a.jsonl", b'{"body": "other key"}\n', r"a\.jsonl:1: no text under 'text'; .*--text-key"),
        ("a.jsonl", b'{"text": 7}\n', r"a\.jsonl:1: no text under 'text'"),
        ("a.jsonl", b"\xff\xfe\n", r"a\.jsonl:1: not JSON"),
        ("a.jsonl", b"\n\n", "no text in"),
        ("a.txt", b"", "no text in"),
    ],
)
def test_data_that_cannot_be_used_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=complaint) as caught:
        load_tokens([tmp_path / name])
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file or directory; check --data"):
        load_tokens([tmp_path / "absent.txt"])


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Is a directory"):
        load_tokens([tmp_path])


def test_the_package_brings_a_text_long_enough_to_train_on() -> None:
    assert default_text().stat().st_size > 100_000
