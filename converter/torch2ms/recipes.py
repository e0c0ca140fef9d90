# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What one upstream needs beyond the rules: replacements anchored on syntax, strict about matching.

A recipe file is TOML:

    [upstream]
    name = "megatron_core"
    versions = ">=0.12.1,<0.12.2"

    [[recipe]]
    name = "device index without CUDA"
    file = "megatron/core/x.py"
    scope = "Class.method"                # qualified name; "" is the whole module
    match = "torch.cuda.current_device()" # one expression, or one or more statements
    replace = "0"
    count = 1                             # how often it must match; 1 if left out
    reason = "there is no CUDA device"
    targets = ["adapter"]                 # adapter, native, torch; all if left out

`match` is compared with the code as syntax: spacing, comments and quotes do not matter, names and
values do. It must occur exactly `count` times in the scope (nested functions and classes included),
places that already read as `replace` says left out: so a recipe that wraps what it matches cannot
wrap it twice. No match is always an error, except in a tree whose manifest says that this very
recipe made it.
"""

from __future__ import annotations

import ast
import hashlib
import io
import textwrap
import tokenize
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch2ms import versions
from torch2ms.errors import UsageError
from torch2ms.source import Edit, Source, SourceError, apply_edits, parse
from torch2ms.targets import TARGETS

_KEYS = {"name", "file", "scope", "match", "replace", "count", "reason", "targets"}


class RecipeError(UsageError):
    """A recipe is malformed, or does not fit the upstream that it is for."""


@dataclass(frozen=True)
class Recipe:
    """One replacement; `origin` is `FILE:LINE` of the recipe itself."""

    name: str
    file: str
    scope: str
    match: str
    replace: str
    count: int
    reason: str
    targets: tuple[str, ...]
    origin: str

    @property
    def sha256(self) -> str:
        """What the recipe does, as one hash: two forms of one recipe differ in it."""
        what = (self.file, self.scope, self.match, self.replace, str(self.count))
        return hashlib.sha256("\0".join(what).encode("utf-8")).hexdigest()

    def error(self, message: str) -> RecipeError:
        """An error that names this recipe, where it is written and the file that it is for."""
        return RecipeError(f"{self.origin}: recipe '{self.name}' for {self.file}: {message}")


@dataclass(frozen=True)
class RecipeSet:
    """The recipes of one file, with the upstream that they are for."""

    upstream: str
    versions: str
    recipes: tuple[Recipe, ...]
    origin: str


@dataclass(frozen=True)
class Applied:
    """One recipe's outcome in one file: the lines (of the file before it) that it replaced.

    No line means that the tree's manifest says that the recipe was applied before.
    """

    recipe: Recipe
    lines: tuple[int, ...]


def load(path: Path, upstream: str | None, target: str) -> list[Recipe]:
    """The recipes for `upstream` (NAME==VERSION) and `target` from a file or a directory of files.

    Raises RecipeError if a file is malformed, none is for this upstream, or the upstream's version
    is outside of the range that the recipes were written for.
    """
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    sets = [_read(file) for file in files]
    if not sets:
        raise RecipeError(f"{path}: no .toml file with recipes in this directory")
    if upstream is None:
        names = ", ".join(f"{one.upstream}{one.versions}" for one in sets)
        raise RecipeError(f"{path}: recipes need --upstream NAME==VERSION; these are for {names}")
    name, separator, version = upstream.partition("==")
    if not separator or not name or not version:
        raise UsageError(f"--upstream {upstream}: write it as NAME==VERSION")
    chosen = [one for one in sets if one.upstream == name]
    if not chosen:
        names = ", ".join(one.upstream for one in sets)
        raise RecipeError(f"{path}: no recipes for upstream {name}; these are for {names}")
    found: list[Recipe] = []
    for one in chosen:
        _check_version(one, version)
        found += [recipe for recipe in one.recipes if target in recipe.targets]
    return found


def _check_version(recipes: RecipeSet, version: str) -> None:
    try:
        inside = versions.contains(recipes.versions, version)
    except ValueError as error:
        raise RecipeError(f"{recipes.origin}: {error}") from error
    if not inside:
        raise RecipeError(
            f"{recipes.origin}: recipes for {recipes.upstream}{recipes.versions} do not cover"
            f" version {version}: review every recipe against it, then widen `versions`"
        )


def _read(path: Path) -> RecipeSet:
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise RecipeError(f"{path}: cannot read recipes: {why}") from error
    upstream = table.get("upstream")
    if not isinstance(upstream, dict) or not {"name", "versions"} <= upstream.keys():
        raise RecipeError(f"{path}: [upstream] with name and versions is missing")
    rows = table.get("recipe", [])
    lines = _recipe_lines(text)
    recipes = tuple(_recipe(row, f"{path}:{line}") for row, line in zip(rows, lines, strict=True))
    names = [recipe.name for recipe in recipes]
    for recipe in recipes:
        if names.count(recipe.name) > 1:
            raise RecipeError(f"{recipe.origin}: the name '{recipe.name}' is used twice")
    return RecipeSet(upstream["name"], upstream["versions"], recipes, str(path))


def _recipe_lines(text: str) -> list[int]:
    return [
        number for number, line in enumerate(text.split("\n"), 1) if line.strip() == "[[recipe]]"
    ]


def _recipe(row: dict[str, object], origin: str) -> Recipe:
    unknown = row.keys() - _KEYS
    if unknown:
        raise RecipeError(f"{origin}: unknown key {sorted(unknown)[0]!r} in this recipe")
    for key in ("name", "file", "match", "replace", "reason"):
        value = row.get(key)
        if not isinstance(value, str) or not value.strip():
            raise RecipeError(f"{origin}: this recipe needs a non-empty string for {key!r}")
    count = row.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise RecipeError(f"{origin}: count must be a number from 1, not {count!r}")
    targets = row.get("targets", list(TARGETS))
    if not isinstance(targets, list) or not targets or not set(targets) <= set(TARGETS):
        raise RecipeError(f"{origin}: targets must be a list out of {', '.join(TARGETS)}")
    return Recipe(
        name=str(row["name"]),
        file=str(row["file"]),
        scope=str(row.get("scope", "")).replace(".<locals>", ""),
        match=_unindented(str(row["match"])),
        replace=_unindented(str(row["replace"])),
        count=count,
        reason=str(row["reason"]),
        targets=tuple(targets),
        origin=origin,
    )


def _unindented(text: str) -> str:
    return textwrap.dedent(text).strip("\n").rstrip()


# --- matching

# A match: the expression, or the statements that follow one another in one block.
_Match = Sequence[ast.stmt | ast.expr]


def apply(source: Source, recipe: Recipe) -> tuple[bytes, Applied]:
    """The body of `source` with `recipe` applied, and what was done.

    Raises RecipeError when the recipe does not match as it must.
    """
    try:
        tree = source.parse()
    except SourceError as error:
        raise recipe.error(f"the file does not parse: {error}") from error
    wanted = _parsed(recipe, recipe.match, "match")
    replacement = _parsed(recipe, recipe.replace, "replace")
    if isinstance(wanted, ast.expr) and not isinstance(replacement, ast.expr):
        # An expression can become statements only where it is a statement itself.
        wanted = [ast.Expr(wanted)]
    if isinstance(replacement, ast.expr) and not isinstance(wanted, ast.expr):
        replacement = [ast.Expr(replacement)]
    scopes = list(_scopes(tree, recipe.scope))
    if not scopes:
        raise recipe.error(f"there is no function or class {recipe.scope!r} in this file")
    present = _find(scopes, replacement)
    inside = {id(node) for match in present for part in match for node in ast.walk(part)}
    matches = [m for m in _find(scopes, wanted) if id(m[0]) not in inside]
    lines = tuple(match[0].lineno for match in matches)
    if len(matches) != recipe.count:
        raise recipe.error(_count_message(recipe, lines, len(present)))
    body = source.body
    for match in sorted(matches, key=lambda m: source.span(m[0]), reverse=True):
        body = _replaced(Source.from_utf8(body), recipe, match, replacement)
    return body, Applied(recipe, lines)


def _count_message(recipe: Recipe, lines: tuple[int, ...], present: int) -> str:
    where = f"in {recipe.scope!r}" if recipe.scope else "in the module"
    first = recipe.match.split("\n")[0]
    if not lines:
        hint = f" (`replace` is there {present} times: applied before?)" if present else ""
        return f"`{first}` matches nothing {where}{hint}; compare it with the upstream's code"
    text = ", ".join(str(line) for line in sorted(lines))
    return f"`{first}` matches {len(lines)} times {where} (lines {text}), not {recipe.count}"


def _parsed(recipe: Recipe, text: str, key: str) -> ast.expr | list[ast.stmt]:
    """The text as one expression if it is one, else as statements."""
    try:
        body = parse(text.encode("utf-8")).body
    except SourceError as error:
        raise recipe.error(f"`{key}` does not parse: {error}") from error
    if not body:
        raise recipe.error(
            f"`{key}` holds no code; to delete statements replace them by `pass`, so that a tree"
            " with the recipe applied can be told from one that it does not fit"
        )
    if len(body) == 1 and isinstance(body[0], ast.Expr):
        return body[0].value
    return body


def _scopes(tree: ast.AST, qualified: str) -> Iterator[ast.AST]:
    """Every function or class with this qualified name; the module itself for ""."""
    if not qualified:
        yield tree
        return
    first, _, rest = qualified.partition(".")
    for node in _definitions(tree):
        if node.name == first:
            yield from _scopes(node, rest)


def _definitions(
    node: ast.AST,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """The functions and classes that `node` defines, under `if` and the like too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child
        elif not isinstance(child, ast.expr):
            yield from _definitions(child)


def _find(scopes: list[ast.AST], wanted: ast.expr | list[ast.stmt]) -> list[_Match]:
    """All places that read as `wanted`, in order of the source, none overlapping another."""
    if isinstance(wanted, ast.expr):
        found: list[_Match] = []
        text = ast.dump(wanted)
        for node in _walk(scopes):
            if node.__class__ is wanted.__class__ and ast.dump(node) == text:
                found.append([node])
        return found
    return list(_find_statements(scopes, wanted))


def _find_statements(scopes: list[ast.AST], wanted: list[ast.stmt]) -> Iterator[_Match]:
    texts = [ast.dump(node) for node in wanted]
    for node in _walk(scopes):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            position = 0
            while position + len(wanted) <= len(block):
                window = block[position : position + len(wanted)]
                if all(
                    one.__class__ is other.__class__ and ast.dump(one) == text
                    for one, other, text in zip(window, wanted, texts, strict=True)
                ):
                    yield window
                    position += len(wanted)
                else:
                    position += 1


def _walk(scopes: list[ast.AST]) -> Iterator[ast.AST]:
    for scope in scopes:
        yield from ast.walk(scope)


# --- replacing


def _replaced(
    source: Source, recipe: Recipe, match: _Match, replacement: ast.expr | list[ast.stmt]
) -> bytes:
    """`source` with one match replaced; proves by parsing that nothing else has changed."""
    start, end = _match_span(source, match)
    expected = _expected(source, recipe, (start, end), match, replacement)
    plain = _lines_for(source, recipe, start, match)
    candidates = [plain]
    if isinstance(replacement, ast.expr):
        candidates.append(b"(" + plain + b")")
    for text in candidates:
        body = apply_edits(source.body, [Edit(start, end, text, recipe.name)])
        try:
            if ast.dump(parse(body)) == expected:
                return body
        except SourceError:
            continue
    raise recipe.error(
        f"line {match[0].lineno}: `replace` does not fit there (a statement that shares its line"
        " with others can only be replaced by statements on one line)"
    )


def _match_span(source: Source, match: _Match) -> tuple[int, int]:
    start = source.span(match[0])[0]
    decorators = getattr(match[0], "decorator_list", None)
    if decorators:
        first = source.span(decorators[0])[0]
        start = source.body.rindex(b"@", 0, first)
    return start, source.span(match[-1])[1]


def _lines_for(source: Source, recipe: Recipe, start: int, match: _Match) -> bytes:
    """`replace` with the indentation and the newlines of the place where it goes."""
    line_start = source.line_starts[source.line_of(start) - 1]
    before = source.body[line_start:start]
    indent = before.decode("utf-8") if not before.strip() else ""
    inside_strings = _lines_inside_strings(recipe.replace)
    lines = [
        line if number in inside_strings or not line or number == 1 else indent + line
        for number, line in enumerate(recipe.replace.split("\n"), 1)
    ]
    return source.newline().join(line.encode("utf-8") for line in lines)


def _lines_inside_strings(text: str) -> set[int]:
    """The lines that begin inside of a string literal: indenting these would change its value."""
    lines: set[int] = set()
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        name = tokenize.tok_name[token.type]
        if name == "STRING":
            lines.update(range(token.start[0] + 1, token.end[0] + 1))
        elif name in ("FSTRING_START", "TSTRING_START"):
            begun.append(token.start[0])
        elif name in ("FSTRING_END", "TSTRING_END"):
            lines.update(range(begun.pop() + 1, token.end[0] + 1))
    return lines


def _expected(
    source: Source,
    recipe: Recipe,
    span: tuple[int, int],
    match: _Match,
    replacement: ast.expr | list[ast.stmt],
) -> str:
    """The dump of the tree that must result: the old one with the matched nodes exchanged."""
    tree = source.parse()
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(replacement, ast.expr) and _is_match(source, value, span, match[0]):
                setattr(node, name, replacement)
                return ast.dump(tree)
            if not isinstance(value, list):
                continue
            for index, item in enumerate(value):
                if _is_match(source, item, span, match[0]):
                    new = [replacement] if isinstance(replacement, ast.expr) else replacement
                    value[index : index + len(match)] = new
                    return ast.dump(tree)
    raise recipe.error(f"line {match[0].lineno}: the match is not where the parser says it is")


def _is_match(source: Source, value: object, span: tuple[int, int], first: ast.AST) -> bool:
    if value.__class__ is not first.__class__ or not isinstance(value, (ast.stmt, ast.expr)):
        return False
    return _match_span(source, [value])[0] == span[0] and ast.dump(value) == ast.dump(first)
