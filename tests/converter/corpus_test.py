# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Files that were never written for this: a sample of the standard library."""

import ast
import symtable
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import pytest

from torch2ms.names import Names, resolve
from torch2ms.python_file import Settings, convert
from torch2ms.source import Source
from torch2ms.spelling import spelling

LIBRARY = Path(sysconfig.get_path("stdlib"))
SKIPPED = {"site-packages", "__pycache__", "idlelib", "ensurepip"}
FILES = sorted(
    path
    for path in LIBRARY.rglob("*.py")
    if not SKIPPED & set(path.relative_to(LIBRARY).parts) and path.stat().st_size < 100_000
)
SAMPLE = FILES[:: max(1, len(FILES) // 300)]


def test_the_sample_is_a_few_hundred_files():
    assert 200 < len(SAMPLE) < 800


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_file_without_torch_is_the_same_bytes_even_when_it_is_parsed(path):
    data = path.read_bytes()
    # A comment makes the file one that might mention torch, so that every rule sees it.
    marked = data + (b"" if data.endswith((b"\n", b"\r")) or not data else b"\n") + b"# torch\n"
    after, result = convert(marked, path.name, Settings("adapter"))
    assert after == marked
    assert convert(data, path.name, Settings("adapter"))[0] == data
    assert not [f for f in result.findings if f.kind not in ("left", "code")]


def parsable(path):
    """The tree, or None for the few files that test the parser itself."""
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None


@pytest.mark.parametrize("path", SAMPLE[::3], ids=lambda path: str(path.relative_to(LIBRARY)))
def test_every_name_that_is_read_is_collected_once_with_its_scope(path):
    tree = parsable(path) or ast.parse("x")
    read = [
        n for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Store)
    ]
    roots = []
    for _, node, _ in Names(tree).references:
        while isinstance(node, ast.Attribute):
            node = node.value
        roots.append(id(node))
    assert sorted(roots) == sorted(id(node) for node in read)


def meanings(names, word):
    """What each reference that starts with a word means, by its place."""
    return {
        (node.lineno, node.col_offset): resolve(node, scope)
        for root, node, scope in names.references
        if root == word
    }


@pytest.mark.parametrize("path", SAMPLE[::3], ids=lambda path: str(path.relative_to(LIBRARY)))
@pytest.mark.parametrize("word", ["os", "self", "name"])
def test_skipping_statements_that_do_not_spell_a_name_changes_none_of_its_meanings(path, word):
    tree = parsable(path)
    if tree is not None:
        lines = spelling(Source.decode(path.read_bytes()), [word])
        found = meanings(Names(tree, lines=lines), word)
        assert found.keys() == meanings(Names(tree), word).keys()
        assert all(bool(meaning) for meaning in found.values())


def locals_by_python(path):
    """For each function and comprehension, the names that Python's compiler takes as local."""
    found = Counter()
    tables = [symtable.symtable(path.read_bytes(), str(path), "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        if table.get_type() == "function":
            local = (s.get_name() for s in table.get_symbols() if s.is_local() or s.is_parameter())
            # The compiler adds a dot's name for an iterable, and mangles private names.
            found[frozenset(n for n in local if n[0] != "." and "__" not in n)] += 1
    return found


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="comprehensions have no table any more")
@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_local_names_are_those_of_pythons_own_compiler(path):
    tree = parsable(path)
    scopes = {scope for _, _, scope in Names(tree or ast.parse("")).references}
    ours = Counter(
        frozenset(name for name in scope.bindings if "__" not in name)
        for scope in scopes
        if scope.kind in ("function", "comprehension")
    )
    assert tree is None or not ours - locals_by_python(path)
