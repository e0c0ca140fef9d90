# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""From files to tokens: a tokenizer of bytes, plain text and JSON lines."""

import importlib.resources
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mstrain.errors import UserError

END_OF_DOCUMENT = 256
VOCABULARY = 257
"""The 256 bytes and the mark that ends a document: any text has a spelling, with no download."""

DEFAULT_TEXT = "corpus.txt"


def encode(document: bytes) -> np.ndarray:
    """Tokens of one document with its end mark: uint16, shape [len(document) + 1]."""
    tokens = np.empty(len(document) + 1, dtype=np.uint16)
    tokens[:-1] = np.frombuffer(document, dtype=np.uint8)
    tokens[-1] = END_OF_DOCUMENT
    return tokens


def decode(tokens: np.ndarray) -> bytes:
    """The bytes behind tokens; end marks disappear."""
    kept = tokens[tokens < END_OF_DOCUMENT]
    return bytes(kept.astype(np.uint8))


def _jsonl_documents(path: Path, raw: bytes, text_key: str) -> Iterator[bytes]:
    """Yields the text of every line of a JSON-lines file."""
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}:{number}: not JSON: {error}; fix or remove the line") from None
        text = record.get(text_key) if isinstance(record, dict) else None
        if not isinstance(text, str):
            raise UserError(
                f"{path}:{number}: no text under {text_key!r}; name the key with --text-key"
            )
        yield text.encode("utf-8", "surrogatepass")


def _documents(path: Path, text_key: str) -> Iterator[bytes]:
    """Yields the documents of one file: the lines of a .jsonl file, else the file as a whole."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read data {path}: {error.strerror}; check --data") from error
    if path.suffix == ".jsonl":
        yield from _jsonl_documents(path, raw, text_key)
    elif raw:
        yield raw


def default_text() -> Path:
    """The text that comes with the package."""
    path = Path(str(importlib.resources.files("mstrain") / DEFAULT_TEXT))
    if not path.is_file():
        raise UserError(
            f"this installation has no {DEFAULT_TEXT}; name a text with --data or reinstall mstrain"
        )
    return path


def load_tokens(paths: Sequence[Path], text_key: str = "text") -> np.ndarray:
    """Reads files in the order given into one array of tokens, uint16, shape [n].

    Raises:
        UserError: a file cannot be read, a line is not what it should be, or there is no text.
    """
    pieces = [encode(document) for path in paths for document in _documents(path, text_key)]
    if not pieces:
        raise UserError(f"no text in {', '.join(map(str, paths))}; name other files with --data")
    return np.concatenate(pieces)
