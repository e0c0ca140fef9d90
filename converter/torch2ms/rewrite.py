# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The rules: the spans of a file that change so that torch means mstorch.

Imports change, and strings in the places where Python takes a module's name as a string. Nothing
else does: a converted import binds the same names as before, so code, annotations in quotes and
type comments keep their meaning. Line breaks are never added or removed.
"""

from __future__ import annotations

import ast
import functools
import itertools
import re
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from torch2ms.facts import NOTHING, FileFacts, Known
from torch2ms.findings import Counts, Finding
from torch2ms.mapping import ImportCall, Mapping, public_names
from torch2ms.names import (
    Hook,
    Meanings,
    Names,
    Scope,
    certain,
    expressions,
    resolve,
    starred,
    statements,
)
from torch2ms.parts import parts
from torch2ms.source import Edit, Source, SourceError, may_mention, normal_name, parse
from torch2ms.spelling import Lines, spelling

if typing.TYPE_CHECKING:
    from torch2ms.native_rules import Natives

_IMPORT = re.compile(rb"import\b")
_FROM = re.compile(rb"from(?:[ \t\f]|\\(?:\r\n|\n|\r))*([A-Za-z0-9_\x80-\xff]+)")
_IDENTIFIER = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
_PATH = re.compile(r"\w+(?:\.\w+)+")
_TABLE = re.compile(rb"sys\s*\.\s*modules|from\s+sys\s+import")
# A function of this name asks whether a package is there, or for its version.
_ASKS = re.compile(r"avail|install|package|version|requir|find_spec")
_STRING_HEAD = re.compile(rb"[A-Za-z]*(?:\"\"\"|'''|\"|')")


@dataclass
class Rewrite:
    """What one file needs: the edits, what is worth telling, and the numbers."""

    edits: list[Edit] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    facts: FileFacts = field(default_factory=FileFacts)


class Rules(typing.NamedTuple):
    """What holds for one file beside the mapping.

    local_roots  the top-level modules of the tree itself: an absolute import of one of these is the
                 tree's, whatever its name
    packages     all top-level modules of the tree itself
    references   whether to count the names that mean torch's, and tell about those that are not
                 certain: most of the analysis, while the edits of target `adapter` do not need it
    native       whether calls become MindSpore's where the mapping proves them the same
    known        what the other files of the tree say
    """

    local_roots: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    references: bool = True
    native: bool = False
    known: Known = NOTHING


def rewrite(source: Source, mapping: Mapping, rules: Rules) -> Rewrite:
    """Apply the rules to one file. Raises SourceError if it does not parse."""
    return _Rewriter(source, source.parse(), mapping, rules).run()


class _Rewriter:
    def __init__(self, source: Source, tree: ast.Module, mapping: Mapping, rules: Rules) -> None:
        self.source = source
        self.tree = tree
        self.mapping = mapping
        self.rules = rules
        self.local_roots = rules.local_roots
        self.result = Rewrite()
        # The names that the file's imports give to packages that are renamed.
        self._words = set(mapping.renamed_roots)
        self._stars: dict[tuple[int, str], typing.Mapping[str, str]] = {}
        self._starred: set[tuple[int, str]] = set()
        self._sites: list[tuple[ast.AST, Scope]] = []
        self._roots = mapping.renamed_roots - rules.local_roots
        # Strings that were dealt with where the call is that they are given to.
        self._done: set[int] = set()

    def run(self) -> Rewrite:
        words = [match.start() for match in _IMPORT.finditer(self.source.body)]
        lines: set[int] = set()
        imports: list[ast.Import | ast.ImportFrom] = []
        for node in statements(self.tree, Lines(self.source, words)):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
                imports.append(node)
                self._imports_of(node)
        strings = self.mapping.may_name_module(self.source.body)
        if self.rules.references or self.rules.native or strings:
            self._expressions(strings)
        others = [word for word in words if self.source.line_of(word) not in lines]
        self._code_in_strings(others)
        elsewhere = parts(self.source, self.tree, imports, self.mapping, self.local_roots)
        self.result.edits += elsewhere.edits
        self.result.findings += elsewhere.findings
        return self.result

    def _imports_of(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            self._import(node)
            return
        if not node.level:
            self._import_from(node)
        if node.level or (node.module or "").partition(".")[0] in self.rules.packages:
            names = tuple(alias.name for alias in node.names)
            self._starred |= {(node.level, node.module or "")} if "*" in names else set()
            self.result.facts.imports.append((node.level, node.module or "", names))

    def _expressions(self, strings: bool) -> None:
        """What is done for names and strings in expressions, once all bindings are known."""
        natives = None
        if self.rules.native:
            # Target `adapter` needs none of this: not even to be imported.
            from torch2ms.native_rules import Natives

            natives = Natives(self.source, self.rules.known.held)
        names = self._names(everywhere=strings, natives=natives)
        for site, scope in self._sites:
            self._string_site(site, scope)
        spellings = names.spellings(self._names_package)
        exports = self._exports(names, spellings)
        self.result.facts.exports = exports
        self.result.facts.starred = {n: exports[n] for n in starred(self.tree, exports)}
        if self.rules.references:
            self._count_references(names, spellings)
        if natives is not None:
            natives.run(names, spellings, self.result.facts)
            self.result.edits += natives.edits
            self.result.findings += natives.findings
            self.result.counts.native = natives.converted

    def _names(self, everywhere: bool, natives: Natives | None) -> Names:
        """The names of the file; not everywhere, only what has to do with renamed packages."""
        contents = {**self._stars, **self.rules.known.contents}
        kept: tuple[type[ast.AST], ...] = ()
        if self.mapping.has_module_string(self.source.body):
            kept = (ast.Call, ast.Subscript, ast.Compare, ast.List, ast.Tuple, ast.Set, ast.Dict)
        elif may_mention(self.source.body, (b"getattr",)):
            kept = (ast.Call,)
        hooks: dict[type[ast.AST], Hook] = dict.fromkeys(kept, self._keep)
        if natives is not None:
            self._words.add("mindspore")
            hooks.update(natives.hooks(self._keep))
        self._words.update(*self.rules.known.contents.values())
        # A star import spells none of the names that it brings.
        everywhere = everywhere or any(contents.keys() & self._starred)
        while True:
            self._sites.clear()
            if natives is not None:
                natives.clear()
            lines = None if everywhere else spelling(self.source, self._words)
            names = Names(self.tree, hooks, lines, contents)
            # An alias of a name is one more name to look for.
            more = names.spellings(self._names_package) - self._words
            if lines is None or not more:
                return names
            self._words |= more

    def _exports(self, names: Names, spellings: set[str]) -> dict[str, str]:
        """The names of the module itself that are certain to be a renamed package's."""
        exports = {}
        for name in sorted(spellings & names.module.bindings.keys()):
            meaning = certain(resolve(ast.Name(name, ast.Load()), names.module))
            if meaning is not None and self._names_package(meaning):
                exports[name] = meaning
        return exports

    # --- imports

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if not self._becomes(alias.name, alias.lineno):
                continue
            root = alias.name.partition(".")[0]
            start, end = self.source.span(alias)
            span = self._identifier(start, root)
            if span is None:
                self._unconverted(alias.lineno, alias.name, "cannot find the name in the source")
                continue
            self._words.add(alias.asname or root)
            new = self.mapping.packages[root].becomes
            if alias.asname or "." in alias.name:
                self._edit(*span, f"{new}", "import")
                if not alias.asname:
                    # `import torch.nn` imports torch.nn and binds torch.
                    self._edit(end, end, f", {new} as {root}", "import")
            else:
                self._edit(*span, f"{new} as {root}", "import")
            self._counted()

    def _import_from(self, node: ast.ImportFrom) -> None:
        assert node.module is not None
        rows = [self.mapping.packages.get(f"{node.module}.{alias.name}") for alias in node.names]
        # Where every name has a row of its own, that of the module around them says no more.
        if not self._becomes(node.module, node.lineno, tell=not all(rows)):
            for package in filter(None, rows):
                self._left(node.lineno, package.name, package.note)
            return
        root = node.module.partition(".")[0]
        start = self.source.offset(node.lineno, node.col_offset)
        found = _FROM.match(self.source.body, start)
        if found is None or normal_name(found.group(1)) != root:
            self._unconverted(node.lineno, node.module, "cannot find the name in the source")
            return
        self._edit(*found.span(1), self.mapping.packages[root].becomes or root, "import")
        self._counted()
        for alias in node.names:
            self._words.add(alias.asname or alias.name)
            if alias.name == "*":
                self._star(node.module)

    def _star(self, module: str) -> None:
        self._starred.add((0, module))
        public = public_names(module)
        if public is not None:
            self._stars[0, module] = {name: f"{module}.{name}" for name in public}

    def _becomes(self, dotted: str, line: int, tell: bool = True) -> bool:
        """Whether an absolute import of `dotted` is to be renamed; `tell` reports what is left."""
        package = self.mapping.package_of(dotted)
        if package is None:
            return False
        if dotted.partition(".")[0] in self.local_roots:
            if package.becomes is None:
                return False
            message = "the tree has a top-level module of this name"
            self.result.findings.append(Finding(line, "local", dotted, message))
            return False
        if package.becomes is None and tell:
            self._left(line, package.name, package.note)
        return package.becomes is not None

    # --- strings that name a module

    def _keep(self, node: ast.AST, scope: Scope) -> None:
        """Remember the few nodes that hold a string with a renamed package's name in its head."""
        if isinstance(node, ast.Call):
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
            parts += [key for part in parts for key in _keys(part)]
            asks = isinstance(node.func, ast.Name) and node.func.id == "getattr"
            if asks or any(keyword.arg in self._roots for keyword in node.keywords):
                self._sites.append((node, scope))
                return
        elif isinstance(node, ast.Subscript):
            parts = [node.slice]
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            parts = node.elts
        elif isinstance(node, ast.Dict):
            parts = list(_keys(node))
        else:
            assert isinstance(node, ast.Compare)
            parts = [node.left, *node.comparators]
        for part in parts:
            head = _head(part) if part.__class__ in _HEADED else None
            if head is not None and self._names_package(head[1]):
                self._sites.append((node, scope))
                return

    def _names_package(self, text: str) -> bool:
        root = _root(text)
        package = self.mapping.packages.get(root)
        return package is not None and package.becomes is not None and root not in self.local_roots

    def _string_site(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Call):
            self._call_site(node, scope)
        elif isinstance(node, ast.Subscript):
            if self._is_module_table(node.value, scope):
                self._string(node.slice)
        elif isinstance(node, ast.Compare):
            membership = isinstance(node.ops[0], (ast.In, ast.NotIn))
            if membership and self._is_module_table(node.comparators[0], scope):
                self._string(node.left)
            elif _is_module_name(node.left) or any(map(_is_module_name, node.comparators)):
                self._kept_name(node.lineno, ast.unparse(node))
            elif self._asks_for_modules:
                self._kept_names([node.left, *node.comparators])
        elif isinstance(node, (ast.List, ast.Tuple)):
            if not self._command(node) and self._asks_for_modules:
                self._kept_names(node.elts)
        elif self._asks_for_modules:
            assert isinstance(node, (ast.Set, ast.Dict))
            self._kept_names(node.elts if isinstance(node, ast.Set) else _keys(node))

    @functools.cached_property
    def _asks_for_modules(self) -> bool:
        """Whether the file may look modules up by names that it holds somewhere else."""
        words = (b"import_module", b"find_spec", b"__import__")
        return may_mention(self.source.body, words) or _TABLE.search(self.source.body) is not None

    def _kept_names(self, texts: Iterable[ast.expr]) -> None:
        """Strings that may be asked for as modules: nothing follows them to there."""
        for text in texts:
            head = _head(text)
            if head is None or id(text) in self._done or not self._names_package(head[1]):
                continue
            module = head[1].rstrip(".")
            if module in self._roots or public_names(module) is not None:
                self._kept_name(text.lineno, head[1])

    def _command(self, node: ast.List | ast.Tuple) -> bool:
        """["python", "-m", "torch.distributed.run"]: a process that would import torch."""
        told = False
        words = [part.value if isinstance(part, ast.Constant) else None for part in node.elts]
        for option, word in itertools.pairwise(words):
            if option == "-m" and isinstance(word, str) and self._names_package(word):
                self._kept_name(node.lineno, f"-m {word}")
                told = True
        return told

    def _is_module_table(self, node: ast.expr, scope: Scope) -> bool:
        return certain(resolve(node, scope)) in self.mapping.module_tables

    def _call_site(self, node: ast.Call, scope: Scope) -> None:
        meanings = resolve(node.func, scope)
        if meanings == {"builtins.getattr"} and len(node.args) > 1:
            self._computed_attribute(node, scope)
            return
        if self._gives_table(node, scope, certain(meanings) or ""):
            return
        known = [tuple(self._calls(meaning)) for meaning in sorted(meanings, key=str)]
        calls = {(call.argument, call.kind): call for one in known for call in one}
        if not calls:
            self._unknown_call(node)
        for call in calls.values():
            argument, keyword = _argument(node, call)
            if argument is None or not self._is_renamed_string(argument):
                continue
            if any((call.argument, call.kind) not in _places(one) for one in known):
                self._unconverted_node(argument, f"may or may not be given to {call.name}")
            elif not self._stands_for(argument, call):
                message = f"{call.name} needs a package of its own, and its counterpart is a part"
                self._unconverted_node(argument, message)
            elif call.kind == "version":
                self._version(node, argument, keyword)
            else:
                self._string(argument)

    def _gives_table(self, node: ast.Call, scope: Scope, function: str) -> bool:
        """`patch.dict(sys.modules, {"torch": mine})`, `sys.modules.update({"torch": mine})`."""
        table, _, method = function.rpartition(".")
        given = [one for one in node.args if self._is_module_table(one, scope)]
        if function.endswith("patch.dict") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and first.value in self.mapping.module_tables:
                given.append(first)
        if not given and not (table in self.mapping.module_tables and method == "update"):
            return False
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            for text in (argument, *_keys(argument)):
                self._done.add(id(text))
                self._string(text)
        for keyword in node.keywords:
            if keyword.arg in self._roots:
                message = "the name of a keyword; give it as a string"
                self._unconverted(keyword.value.lineno, keyword.arg or "", message)
        return True

    def _unknown_call(self, node: ast.Call) -> None:
        """A function that may import what its first argument names, or compare module names."""
        first = node.args[0] if node.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            return
        asks = _ASKS.search(_function_name(node)) and self._names_package(first.value)
        if _function_name(node) == "startswith" and self._asks_for_modules:
            asks = self._names_package(first.value)
        if _PATH.fullmatch(first.value) or _is_module_name(node.func) or asks:
            self._kept_name(first.lineno, first.value)

    def _computed_attribute(self, node: ast.Call, scope: Scope) -> None:
        owner = certain(resolve(node.args[0], scope))
        if owner and self._names_package(owner) and not isinstance(node.args[1], ast.Constant):
            message = "the adapter looks the name up at run time"
            self.result.findings.append(Finding(node.lineno, "dynamic", ast.unparse(node), message))

    def _calls(self, meaning: str | None) -> Iterator[ImportCall]:
        if meaning is None:
            return
        yield from self.mapping.calls.get(meaning, ())
        table, _, method = meaning.rpartition(".")
        if method in self.mapping.module_tables.get(table, ()):
            yield ImportCall(meaning, 0, "key", "module")

    def _is_renamed_string(self, node: ast.expr) -> bool:
        head = _head(node)
        return head is not None and self._names_package(head[1])

    def _stands_for(self, node: ast.expr, call: ImportCall) -> bool:
        """Whether the counterpart of the package that a string names is what a call wants there.

        `__import__("a.b")` gives a, and a part of a package has no distribution.
        """
        head = _head(node)
        new = self.mapping.packages[_root(head[1])].becomes if head else None
        whole = call.kind in ("version", "distribution") or call.name.endswith("__import__")
        return not (whole and new and "." in new)

    def _string(self, node: ast.expr) -> bool:
        """Rename the package in a string's head; what cannot be edited is reported."""
        head = _head(node)
        if head is None or not self._names_package(head[1]):
            return False
        literal, text, whole = head
        root = _root(text)
        if not whole and text == root:
            self._unconverted_node(node, "the module's name is computed")
            return False
        start, end = self.source.span(literal)
        quote = _STRING_HEAD.match(self.source.body, start)
        if quote is None or not self.source.body.startswith(root.encode("ascii"), quote.end()):
            self._unconverted_node(node, "the string is not written in one piece")
            return False
        if not self._is_at(literal, start, end):
            self._unconverted_node(node, "inside of an f-string, where Python gives no position")
            return False
        new = self.mapping.packages[root].becomes or root
        self._edit(quote.end(), quote.end() + len(root), new, "import string")
        self._counted()
        return True

    def _version(self, node: ast.Call, argument: ast.expr, keyword: ast.keyword | None) -> None:
        """`version("torch")`: the version of torch whose API mstorch follows, not mstorch's own.

        Becomes `__import__("mstorch").__version__`, so that a comparison with a release of torch
        still decides what it was written to decide.
        """
        start, end = self.source.span(node.func)
        call_end = self.source.span(node)[1]
        if len(node.args) + len(node.keywords) != 1:
            self._unconverted_node(node, "more arguments than the function takes")
        elif not self._is_at(node.func, start, end):
            self._unconverted_node(node, "inside of an f-string, where Python gives no position")
        elif self._string(argument):
            self._edit(start, end, "__import__", "version of torch")
            if keyword is not None and keyword.arg is not None:
                name = self.source.offset(keyword.lineno, keyword.col_offset)
                self._edit(name, name + len(keyword.arg), "name", "version of torch")
            self._edit(call_end, call_end, ".__version__", "version of torch")

    # --- what is only told

    def _count_references(self, names: Names, spellings: set[str]) -> None:
        # What a chain means is what its first name means there, and the rest.
        known: dict[tuple[str, Scope], Meanings] = {}
        for root, node, scope in names.references:
            if root in spellings:
                if (root, scope) not in known:
                    known[root, scope] = resolve(ast.Name(root, ast.Load()), scope)
                self._count_reference(node, known[root, scope])

    def _count_reference(self, node: ast.expr, meanings: Meanings) -> None:
        if not any(meaning and self._names_package(meaning) for meaning in meanings):
            return
        self.result.counts.found += 1
        self.result.counts.converted += 1
        if len(meanings) == 1:
            self.result.counts.resolved += 1
        else:
            text = ast.unparse(node)
            message = "bound to torch's and to something else"
            self.result.findings.append(Finding(node.lineno, "uncertain", text, message))

    def _code_in_strings(self, words: list[int]) -> None:
        """Report import statements inside of string literals; documentation and comments aside.

        `words` are the places that spell `import` on lines without an import statement.
        """
        roots = "|".join(sorted(self.mapping.renamed_roots))
        anywhere = re.compile(rf"(?:from|import)[ \t]+(?:{roots})")
        places = [w for w in words if anywhere.search(self.source.line(self.source.line_of(w)))]
        if not places:
            return
        pattern = re.compile(rf"(?:^|[;\n])[ \t]*(?:from|import)[ \t]+(?:{roots})\b")
        for statement in statements(self.tree, Lines(self.source, places)):
            for node in expressions(statement):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found = pattern.search(node.value)
                    if found:
                        message = "source code in a string is kept as it is"
                        text = found.group().strip("; \t\n")
                        self.result.findings.append(Finding(node.lineno, "code", text, message))

    # --- helpers

    def _identifier(self, start: int, name: str) -> tuple[int, int] | None:
        found = _IDENTIFIER.match(self.source.body, start)
        if found is None or normal_name(found.group()) != name:
            return None
        return found.span()

    def _is_at(self, node: ast.expr, start: int, end: int) -> bool:
        """Whether the source at a span is this very node (before 3.12 not so inside f-strings)."""
        try:
            there = parse(b"(" + self.source.body[start:end] + b"\n)").body
        except SourceError:
            return False
        return (
            len(there) == 1
            and isinstance(there[0], ast.Expr)
            and ast.dump(there[0].value) == ast.dump(node)
        )

    def _edit(self, start: int, end: int, after: str, rule: str) -> None:
        self.result.edits.append(Edit(start, end, after.encode("utf-8"), rule))

    def _counted(self) -> None:
        self.result.counts.found += 1
        self.result.counts.resolved += 1
        self.result.counts.converted += 1

    def _kept_name(self, line: int, text: str) -> None:
        message = "names a module of torch in a way that only the running program can tell: kept"
        self.result.findings.append(Finding(line, "name", text, message))

    def _left(self, line: int, name: str, note: str) -> None:
        if self.mapping.packages[name].part is None:
            self.result.findings.append(Finding(line, "left", name, note))

    def _unconverted_node(self, node: ast.expr, message: str) -> None:
        self._unconverted(node.lineno, ast.unparse(node), message)

    def _unconverted(self, line: int, text: str, message: str) -> None:
        self.result.counts.found += 1
        self.result.findings.append(Finding(line, "unconverted", text, message))


def _root(text: str) -> str:
    """The top-level name of a dotted path, or of `module:object`."""
    return text.partition(".")[0].partition(":")[0]


def _keys(node: ast.expr) -> Iterator[ast.expr]:
    """The keys of a dictionary that is spelt out; none of another expression."""
    if isinstance(node, ast.Dict):
        yield from filter(None, node.keys)


# The expressions that `_head` may find something in.
_HEADED = frozenset({ast.BinOp, ast.Call, ast.Constant, ast.JoinedStr})


def _head(node: ast.expr) -> tuple[ast.Constant | ast.JoinedStr, str, bool] | None:
    """The literal that a string expression begins with, its text, and whether it is all of it."""
    whole = True
    while True:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node, node.value, whole
        if isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                return node, first.value, whole and len(node.values) == 1
            return None
        whole = False
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
            node = node.left
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "format"
        ):
            node = node.func.value
        else:
            return None


def _function_name(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _is_module_name(node: ast.expr) -> bool:
    """`x.__module__`, `x.__name__`, and a method of these: `x.__module__.startswith`."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return any(name in ("__module__", "__name__") for name in attributes[:2])


def _places(calls: Iterable[ImportCall]) -> set[tuple[int, str]]:
    return {(call.argument, call.kind) for call in calls}


def _argument(node: ast.Call, call: ImportCall) -> tuple[ast.expr | None, ast.keyword | None]:
    """The argument of `node` that holds the module's name, and its keyword if it has one."""
    before = node.args[: call.argument + 1]
    if len(before) > call.argument and not any(isinstance(a, ast.Starred) for a in before):
        return before[call.argument], None
    for keyword in node.keywords:
        if keyword.arg == call.keyword:
            return keyword.value, keyword
    return None, None
