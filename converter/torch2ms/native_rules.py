# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Target `native`: the references of a file that become MindSpore's own, on top of the adapter.

A call becomes MindSpore's if the name is certain, the mapping proves that these arguments mean the
same, and `mindspore` can be imported behind the very import of torch that the name comes from, so
that both are bound whenever one is. A function that is passed as a value becomes MindSpore's only
if all of the tree agrees: see facts.py. Everything else stays on the adapter.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable

from torch2ms import call_text, native, native_forms
from torch2ms.call_text import NotInText
from torch2ms.facts import FileFacts, Held
from torch2ms.findings import Finding
from torch2ms.names import Hook, Imported, Names, Scope, certain, resolve, split_chain, trace
from torch2ms.source import Edit, Source, may_mention

# mint_cpu lets MindSpore's functions take and give tensors of the adapter: without it results would
# be tensors of MindSpore, whose methods have the names of torch's and other meanings.
_IMPORT = b"; from mstorch.mint_cpu import mindspore"
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# Functions that look at an attribute and neither keep nor change it.
_LOOKS = frozenset(
    f"builtins.{name}"
    for name in ("bool", "dir", "hasattr", "id", "isinstance", "print", "repr", "str", "type")
)
# Attributes of a module through which each of the others can be replaced.
_WAYS_IN = re.compile(r"(.+)\.(?:__dict__|__setattr__|__delattr__)(?:\.\w+)?")
# Methods of sys.modules that do not change what a name means.
_READS = frozenset({"get", "pop", "__contains__", "__getitem__"})
# Functions that run code.
_RUNS = frozenset({"builtins.exec", "builtins.eval", "builtins.compile"})
_IN_CODE = re.compile(r"\btorch(?:\.\w+)+")
# A function of this name may replace what a computed name names.
_REPLACES = re.compile("attr|mock|patch|replace")
# A function of this name does, where it is given a module's.
_PUTS = re.compile("setattr|delattr|mock|patch|wrap")


class Natives:
    """Walks with the names of one file (`hooks`), then decides each reference (`run`)."""

    def __init__(self, source: Source, held: Held) -> None:
        self.source = source
        self.held = held
        self.edits: list[Edit] = []
        self.findings: list[Finding] = []
        self.converted = 0
        self.clear()

    def clear(self) -> None:
        """Forget a walk: another one follows."""
        self._calls: list[tuple[ast.Call, Scope]] = []
        self._called: dict[int, ast.Call] = {}
        self._arguments: dict[int, tuple[ast.Call, Scope]] = {}
        self._renamed: set[int] = set()
        self._stored: dict[int, list[str]] = {}
        self._strings: list[tuple[str, int]] = []
        self._subscripts: list[tuple[ast.Subscript, Scope]] = []
        self._unplaced: set[int] = set()

    def hooks(self, keep: Hook) -> dict[type[ast.AST], Hook]:
        """What to call for which nodes; `keep` is called for calls as well."""

        def call(node: ast.AST, scope: Scope) -> None:
            assert isinstance(node, ast.Call)
            keep(node, scope)
            self._call(node, scope)

        def subscript(node: ast.AST, scope: Scope) -> None:
            assert isinstance(node, ast.Subscript)
            keep(node, scope)
            if not isinstance(node.ctx, ast.Load):
                self._subscripts.append((node, scope))

        return {
            ast.Call: call,
            ast.JoinedStr: self._formatted,
            ast.Assign: self._assigned,
            ast.AnnAssign: self._assigned,
            ast.NamedExpr: self._assigned,
            ast.Constant: self._string,
            ast.Subscript: subscript,
        }

    def _call(self, node: ast.Call, scope: Scope) -> None:
        self._calls.append((node, scope))
        self._called[id(node.func)] = node
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            self._arguments[id(argument)] = (node, scope)

    def _formatted(self, node: ast.AST, scope: Scope) -> None:
        """Before 3.12, Python gives no positions inside of an f-string."""
        self._unplaced.update(map(id, ast.walk(node)))

    def _assigned(self, node: ast.AST, scope: Scope) -> None:
        """`nn = torch.nn` gives a module another name: followed, so the module stays in sight."""
        assert isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr))
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if all(isinstance(target, ast.Name) for target in targets) and scope.kind != "class":
            self._renamed.add(id(node.value))
        elif all(isinstance(target, (ast.Attribute, ast.Name)) for target in targets):
            self._stored[id(node.value)] = [
                target.attr if isinstance(target, ast.Attribute) else target.id
                for target in targets
                if isinstance(target, (ast.Attribute, ast.Name))
            ]

    def _string(self, node: ast.AST, scope: Scope) -> None:
        assert isinstance(node, ast.Constant)
        if isinstance(node.value, str):
            self._strings.append((node.value, node.lineno))

    def run(self, names: Names, spellings: set[str], facts: FileFacts) -> None:
        """Decide every reference to torch; `facts` receives what concerns other files."""
        self._facts = facts
        self._imports: dict[int, ast.stmt] = {}
        self._clash = _clash(names)
        self._deleted = {
            node.id
            for _, node, _ in names.references
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)
        }
        unusual = may_mention(self.source.body, (b"modules", b"exec", b"eval", b"compile"))
        for call, scope in self._calls:
            self._named_in_strings(call)
            self._asked_for(call, scope)
            if unusual:
                self._run_or_put(call, scope)
        for text, line in self._strings:
            # In a table of what is to be replaced, for instance.
            if native_forms.has(text):
                self._replaced([text], line)
        for subscript, scope in self._subscripts:
            if certain(resolve(subscript.value, scope)) == "sys.modules":
                self._replaced(_modules_in(subscript), subscript.lineno)
        for chain, scope in names.written:
            self._written(chain, scope)
        for root, node, scope in names.references:
            if root in spellings:
                self._reference(node, scope)
        for statement in self._imports.values():
            end = self.source.span(statement)[1]
            self.edits.append(Edit(end, end, _IMPORT, native.RULE))

    def _reference(self, node: ast.expr, scope: Scope) -> None:
        meanings, imports = trace(node, scope)
        path = certain(meanings)
        if not isinstance(getattr(node, "ctx", None), ast.Load):
            self._replaced((m for m in _torch(meanings) if m != "torch"), node.lineno)
        elif path is None:
            self._facts.kept_values.update(m for m in meanings if m and native.value(m))
            for module in _torch(meanings):
                if module in _modules() and id(node) not in self._renamed:
                    self._escaped(node, module)
        elif id(node) in self._called:
            self._called_by(self._called[id(node)], path, scope, imports)
        elif native.value(path):
            self._value(node, path, scope, imports)
        elif path in _modules() and id(node) not in self._renamed:
            self._escaped(node, path)
            return
        way = _WAYS_IN.fullmatch(path or "")
        if way and way[1] in _modules():
            # Who has it can put anything under any name.
            self._replaced([f"{way[1]}.*"], node.lineno)

    def _called_by(
        self, call: ast.Call, path: str, scope: Scope, imports: list[Imported | None]
    ) -> None:
        if not native_forms.has(path):
            return
        reason = self._obstacle(call.func, scope, imports)
        if reason is None:
            edits = native.convert_call(self.source, call, path, lambda e: _path(e, scope))
            if isinstance(edits, str):
                reason = edits
            elif place := self.held.call(path):
                # What others say comes last: it is not known yet when a file comes first.
                reason = f"the tree replaces this function, or may: {place}"
            else:
                self.edits += edits
                self._facts.converted.add(path)
                self._done(imports)
                return
        self.findings.append(Finding(call.lineno, "adapter", path, reason))

    def _value(
        self, node: ast.expr, path: str, scope: Scope, imports: list[Imported | None]
    ) -> None:
        reason = self._obstacle(node, scope, imports)
        if scope.kind == "class":
            reason = "an attribute of a class: a function there would become a method"
        if reason is None:
            edit = self._replacement(node, native.value(path) or path)
            if isinstance(edit, str):
                reason = edit
            elif self.held.value(path):
                reason = "other places of the tree keep or replace this function"
            else:
                self.edits.append(edit)
                self._facts.converted_values.add(path)
                self._done(imports)
                return
        self._facts.kept_values.add(path)
        self.findings.append(Finding(node.lineno, "adapter", path, reason))

    def _replacement(self, node: ast.expr, target: str) -> Edit | str:
        """The edit that puts `target` in the place of a name, or why there is none."""
        start, end = self.source.span(node)
        if not call_text.spells(self.source.body[start:end], node):
            return "the name is not spelt at its position in the source"
        try:
            after = call_text.callee_text(self.source.body, (start, end), target)
        except NotInText as error:
            return str(error)
        return Edit(start, end, after, native.RULE)

    def _done(self, imports: list[Imported | None]) -> None:
        self.converted += 1
        self._imports.update((id(one.statement), one.statement) for one in imports if one)

    def _obstacle(self, node: ast.expr, scope: Scope, imports: list[Imported | None]) -> str | None:
        """Why MindSpore's name cannot stand in the place of `node`, or None."""
        if id(node) in self._unplaced:
            return "inside of an f-string"
        if split_chain(node)[0] in self._deleted:
            return "the file deletes this name"
        if self._clash:
            return "the file has another use for the name mindspore"
        for one in imports:
            if one is None:
                return "the module is asked for by name, not imported"
            if one.scope.kind not in ("module", "function"):
                return "torch is imported in the body of a class"
            name = _bound(one)
            if name in one.scope.globals or name in one.scope.nonlocals:
                return "torch is imported into the scope of another function"
            if not _sees(scope, one.scope):
                return "the name mindspore means something else here"
        return None

    # --- what other files must know

    def _replaced(self, names: Iterable[str], line: int) -> None:
        for name in names:
            self._facts.replaced.setdefault(name, line)

    def _escaped(self, node: ast.expr, path: str) -> None:
        """A module of torch that is passed on: its functions may be taken or replaced there."""
        if id(node) in self._stored:
            self._facts.kept_values.add(f"{path}.*")
            self._facts.holders.update(dict.fromkeys(self._stored[id(node)], path))
            return
        call, scope = self._arguments.get(id(node), (None, None))
        if call is None or scope is None:
            self._replaced([path], node.lineno)
            return
        function = certain(resolve(call.func, scope))
        if function in _LOOKS:
            return
        named = [f"{path}.{text}" for text in _literals(call) if _IDENTIFIER.fullmatch(text)]
        text = ast.unparse(call.func)
        if function == "builtins.getattr":
            self._facts.kept_values.update(named or [f"{path}.*"])
            return
        if _REPLACES.search(text):
            named += [f"{path}.{keyword.arg}" for keyword in call.keywords if keyword.arg]
        elif not any(map(native_forms.has, named)):
            named = []
        # A name that is computed is one of a function; what else may happen is not known.
        one = len(call.args) > 1 and _PUTS.search(text)
        self._replaced(named or [f"{path}.*" if one else path], call.lineno)

    def _written(self, chain: ast.Attribute, scope: Scope) -> None:
        """`sys.modules["torch"].abs = f`, `getattr(torch, name).abs = f`."""
        self._replaced(_torch(resolve(chain, scope)), chain.lineno)
        base: ast.expr = chain
        while isinstance(base, ast.Attribute):
            base = base.value
        if isinstance(base, ast.Call) and base.args:
            owners = _torch(resolve(base.args[0], scope))
            self._replaced([f"{owner}.*" for owner in owners if owner in _modules()], chain.lineno)

    def _named_in_strings(self, call: ast.Call) -> None:
        """`patch("torch.nn.functional.linear", mine)`: a function that takes names may replace.

        So may `patch.multiple("torch", abs=mine)`, `wrap("torch", "abs", mine)`, and
        `patch(f"torch.{name}", mine)`, whatever the name.
        """
        literals = _literals(call)
        for text in literals:
            if text not in _modules():
                continue
            keywords = [keyword.arg for keyword in call.keywords if keyword.arg]
            names = [f"{text}.{name}" for name in (*literals, *keywords) if name != text]
            known = list(filter(native_forms.has, names))
            if not known and _PUTS.search(ast.unparse(call.func)):
                known = names or [f"{text}.*"]
            self._replaced(known, call.lineno)
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            if not isinstance(argument, ast.Constant):
                may_be = _may_be_named(argument)
                if may_be and _REPLACES.search(ast.unparse(call.func)):
                    self._replaced(may_be, call.lineno)

    def _asked_for(self, call: ast.Call, scope: Scope) -> None:
        """A module of torch that is got by its name and passed on at once."""
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            if isinstance(argument, (ast.Attribute, ast.Call, ast.Subscript)):
                if split_chain(argument)[0] is not None:
                    continue
                for module in _torch(resolve(argument, scope)):
                    if module in _modules():
                        self._escaped(argument, module)

    def _run_or_put(self, call: ast.Call, scope: Scope) -> None:
        """`exec("torch.abs = f")`; `patch.dict(sys.modules, {"torch": mine})` and its like."""
        function = certain(resolve(call.func, scope)) or ""
        if function in _RUNS:
            texts = " ".join(_strings_in(call))
            self._replaced(filter(native_forms.has, _IN_CODE.findall(texts)), call.lineno)
            return
        table, _, method = function.rpartition(".")
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if (table == "sys.modules" and method not in _READS) or any(
            certain(resolve(one, scope)) == "sys.modules"
            or (isinstance(one, ast.Constant) and one.value == "sys.modules")
            for one in given
        ):
            self._replaced(_modules_in(call), call.lineno)


def _torch(meanings: Iterable[str | None]) -> list[str]:
    """Those of the meanings of a name that are something of torch, or torch itself."""
    return sorted(m for m in meanings if m is not None and m.partition(".")[0] == "torch")


def _strings_in(node: ast.AST) -> list[str]:
    return [
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def _modules_in(node: ast.AST) -> list[str]:
    """The strings below a node that name torch or something in it."""
    return [text for text in _strings_in(node) if text.partition(".")[0] == "torch"]


def _literals(call: ast.Call) -> list[str]:
    """The arguments of a call that are strings, spelt out."""
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    values = [argument.value for argument in given if isinstance(argument, ast.Constant)]
    return [value for value in values if isinstance(value, str)]


def _may_be_named(text: ast.expr) -> list[str]:
    """The functions whose name begins as a computed string does, if it begins with torch's.

    They end as an f-string does as well.
    """
    head, tail = _head(text), ""
    if isinstance(text, ast.JoinedStr) and text.values:
        last = text.values[-1]
        tail = str(last.value) if isinstance(last, ast.Constant) else ""
    if not head.startswith("torch"):
        return []
    return [n for n in native_forms.names() if n.startswith(head) and n.endswith(tail)]


def _head(text: ast.expr) -> str:
    """What a string begins with: an f-string, `"a" + b`, `"a%s" % b`, `"a{}".format(b)`."""
    if isinstance(text, ast.Constant):
        return text.value if isinstance(text.value, str) else ""
    if isinstance(text, ast.JoinedStr):
        return _head(text.values[0]) if text.values else ""
    if isinstance(text, ast.BinOp):
        head = _head(text.left)
        return head.partition("%")[0] if isinstance(text.op, ast.Mod) else head
    if isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute):
        return _head(text.func.value).partition("{")[0] if text.func.attr == "format" else ""
    return ""


@functools.cache
def _modules() -> frozenset[str]:
    """The modules of torch that hold a function which can become MindSpore's."""
    return frozenset(name.rpartition(".")[0] for name in native_forms.names())


def _path(node: ast.expr, scope: Scope) -> str | None:
    return certain(resolve(node, scope))


def _bound(one: Imported) -> str:
    """The name that an import binds, as far as its statement has one clause for it."""
    for alias in one.statement.names:
        name = alias.asname or alias.name.partition(".")[0]
        if isinstance(one.statement, ast.ImportFrom):
            name = alias.asname or alias.name
        if name in one.scope.globals or name in one.scope.nonlocals:
            return name
    return ""


def _clash(names: Names) -> bool:
    """Whether a file does anything with the name `mindspore` but import that package."""
    for scope in names.scopes:
        for one in scope.bindings.get("mindspore", ()):
            if not isinstance(one, Imported) or one.path != "mindspore":
                return True
    return any(
        not isinstance(node.ctx, ast.Load) or resolve(ast.Name(root), scope) != {"mindspore"}
        for root, node, scope in names.references
        if root == "mindspore" and isinstance(node, (ast.Name, ast.Attribute))
    )


def _sees(scope: Scope, home: Scope) -> bool:
    """Whether the name `mindspore`, used in `scope`, is the one that `home` imports."""
    current: Scope | None = scope
    while current is not None and current is not home:
        if "mindspore" in current.bindings or "mindspore" in current.globals:
            return False
        if "mindspore" in current.nonlocals:
            return False
        current = current.parent
    return current is home
