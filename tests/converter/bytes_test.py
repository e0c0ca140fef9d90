# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Outside of the edited spans the result is the input, byte for byte."""

import codecs

import pytest

from torch2ms.python_file import Settings, convert
from torch2ms.source import Edit, Source, apply_edits

REWRITE = {
    "line feeds": b"import torch\nx = 1\n",
    "carriage return and line feed": b"import os\r\nimport torch\r\nx = 1\r\n",
    "lone carriage returns": b"import os\rimport torch\rx = 1\r",
    "all three mixed": b"import os\r\nx = 1\rimport torch\ny = '''a\r\nb\rc'''\n",
    "no final newline": b"x = 1\nimport torch",
    "trailing white space and tabs": b"if 1:\n\timport torch  \t\n\tx = 1   \n\n\n",
    "form feeds": b"x = 1\n\x0c\nimport torch\n\x0cimport torch.nn as nn\n",
    "vertical tab and separators in strings": (
        "x = '\x0b \x1c \x85 \u2028'; import torch\nimport torch as t\n".encode()
    ),
    "byte order mark": codecs.BOM_UTF8 + b"import torch\n",
    "byte order mark and cookie": codecs.BOM_UTF8 + b"# coding: utf-8\nimport torch\n",
    "UTF-8 before the import on its line": "x = 'ü€😀'; import torch\n".encode(),
    "Latin-1": b"# -*- coding: latin-1 -*-\nx = '\xe9\xff'; import torch\n",
    "cookie on the second line": b"#!python\n# coding: cp1252\nx='\x80'; import torch\n",
    "Shift JIS": "# coding: shift_jis\nx = '表示'; import torch\n".encode("shift_jis"),
    "GBK": "# coding: gbk\nx = '中文'; import torch  # 中文\n".encode("gbk"),
    "a continued line": b"from \\\r\n torch import \\\r\n nn\r\n",
    "an escape that Python warns about": b"x = '\\d'; import torch\n",
}

UNPARSABLE = {
    "a syntax error": b"import torch\ndef f(:\n",
    "Python 2": b"import torch\nprint 'x'\n",
    "bytes that are not UTF-8": b"import torch\nx = '\xe9'\n",
    "an unknown encoding": b"# coding: no-such-encoding\nimport torch\n",
    "bytes that are not of the encoding": b"# coding: ascii\nimport torch\nx = '\xe9'\n",
    "a null byte": b"import torch\n\x00\n",
    "nesting without end": b"import torch\nx = " + b"(" * 5000 + b")" * 5000 + b"\n",
    "a cookie that contradicts the mark": codecs.BOM_UTF8 + b"# coding: latin-1\nimport torch\n",
}


@pytest.mark.parametrize("name", REWRITE)
def test_only_the_imports_differ(name):
    data = REWRITE[name]
    after, result = convert(data, "file.py", Settings("adapter"))
    assert result.unparsable is None and result.does_not_compile is None
    assert after != data
    assert after.replace(b"mstorch as torch", b"torch").replace(b"mstorch", b"torch") == data


@pytest.mark.parametrize("name", UNPARSABLE)
def test_a_file_that_python_cannot_read_is_given_back_and_reported(name):
    data = UNPARSABLE[name]
    after, result = convert(data, "file.py", Settings("adapter"))
    assert after == data
    assert result.unparsable
    assert not result.changed


@pytest.mark.parametrize("name", REWRITE)
def test_a_file_that_needs_no_change_is_the_same_bytes(name):
    data = REWRITE[name].replace(b"import torch", b"import rocks")
    data = data.replace(b"torch import", b"rocks import")
    after, result = convert(data, "file.py", Settings("adapter"))
    assert after == data and not result.changed


def test_a_file_without_torch_is_not_even_read_as_python():
    data = b"this is (not Python \xff\x00"
    after, result = convert(data, "file.py", Settings("adapter"))
    assert after == data and result.unparsable is None


def test_an_encoding_that_cannot_be_given_back_leaves_the_file_alone():
    # ISO-2022-JP may say twice in a row that ASCII follows; encoding says it once.
    data = b"# coding: iso-2022-jp\nx = 1 # \x1b(B\x1b(B\nimport torch\n"
    after, result = convert(data, "file.py", Settings("adapter"))
    assert after == data
    assert "iso-2022-jp" in result.unparsable


def test_an_encoding_that_writes_torch_in_other_letters_is_not_overlooked():
    data = b"# coding: utf-7\nimport +AHQ-orch\n"
    after, result = convert(data, "file.py", Settings("adapter"))
    assert after == data
    assert "utf-7" in result.unparsable


@pytest.mark.parametrize("name", ["pytorch_25", "torch_norm", "Torch", "xtorch"])
def test_a_longer_name_is_not_torch(name):
    data = f"this is (not Python: {name}".encode()
    after, result = convert(data, "file.py", Settings("adapter"))
    assert after == data and result.unparsable is None


def test_edits_that_overlap_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        apply_edits(b"abc", [Edit(0, 2, b"x", "one"), Edit(1, 3, b"y", "two")])


def test_lines_are_counted_as_the_parser_counts_them():
    body = "a = 1\r\nb = '\x0c \x85 \u2028'\rc = 3\n\x0cd = 4".encode()
    source = Source.from_utf8(body)
    starts = [source.span(node)[0] for node in source.parse().body]
    assert [body[start : start + 1] for start in starts] == [b"a", b"b", b"c", b"d"]
