# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What does this name mean here? Scopes and bindings of one module, by Python's own rules.

One walk over the tree builds the scopes and collects the references; a reference is resolved
afterwards, when every binding is known. The answer is a set of meanings: a dotted path
(`torch.nn.functional`) for each import that may have bound the name, None for anything else that
may have. One dotted path alone is certain; a path beside None is a name that is torch's on some
ways through the program only.

The analysis does not follow the order of execution: a name that a scope binds twice has both
meanings in all of that scope. What a star import binds is asked of whoever knows the module.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch2ms.spelling import Lines

Meanings = frozenset[str | None]
Hook = Callable[[ast.AST, "Scope"], None]
# What modules bind: by the level and the name that an import statement gives, each name's path.
Contents = Mapping[tuple[int, str], Mapping[str, str]]

_OPAQUE: Meanings = frozenset({None})
# Statements that hold statements of the same scope, and those that open a scope.
_COMPOUND = (
    *(ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith),
    *(ast.Try, ast.TryStar, ast.Match),
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Functions that give the module that their first argument names.
_GIVE_MODULES = frozenset({"importlib.import_module", "pytest.importorskip", "sys.modules.get"})
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*", re.ASCII)
_DECLARING = frozenset({ast.Global, ast.Nonlocal, *_COMPOUND})


class Alias(NamedTuple):
    """A binding by assignment of another name: `nn = torch.nn`."""

    value: ast.expr
    scope: Scope


class Imported(NamedTuple):
    """A binding by an import statement; `path` is a dotted one, or None if the tree's own."""

    path: str | None
    statement: ast.Import | ast.ImportFrom
    scope: Scope


# An import, an alias, or None for a binding that means something of the file's own.
Binding = Imported | Alias | None


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class, function or comprehension; `kind` is one of these words."""

    kind: str
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    stars: list[tuple[Mapping[str, str] | None, ast.ImportFrom]] = field(default_factory=list)
    # Of a module: what `asked_for` has found for its expressions.
    asked: dict[int, str | None] = field(default_factory=dict)
    asking: bool = False

    @property
    def module(self) -> Scope:
        """The module's own scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def home(self, name: str) -> Scope:
        """The scope in which a binding of `name` made here takes effect."""
        if name in self.globals:
            return self.module
        if name in self.nonlocals:
            outer = self.parent
            while outer is not None and outer.parent is not None:
                if outer.kind == "function" and name in outer.bindings:
                    return outer
                outer = outer.parent
        return self

    def bind(self, name: str, binding: Binding) -> None:
        """Record a binding; `nonlocal` names go to the function that owns them."""
        home = self.home(name) if self.globals or self.nonlocals else self
        home.bindings.setdefault(name, []).append(binding)

    def declare(self, name: str) -> None:
        """Make `name` local without giving it a meaning (`del`, `name = None`, `name: T`)."""
        self.home(name).bindings.setdefault(name, [])


def resolve(node: ast.expr, scope: Scope) -> Meanings:
    """The meanings of a name or attribute chain that is evaluated in `scope`."""
    return trace(node, scope)[0]


def trace(node: ast.expr, scope: Scope) -> tuple[Meanings, list[Imported | None]]:
    """The meanings of a name or attribute chain, and the imports that they come from.

    None among the imports stands for a module that is asked for by name: see `asked_for`.
    """
    found: set[str | None] = set()
    imports: list[Imported | None] = []
    seen: dict[tuple[Scope, str], str] = {}
    work = [(node, scope, "")]
    while work:
        value, where, suffix = work.pop()
        root, chain = split_chain(value)
        suffix = chain + suffix
        if root is None:
            module = asked_for(_base(value), where)
            found.add(module and module + suffix)
            imports.append(None)
            continue
        if (where, root) in seen:
            if seen[where, root] != suffix:
                found.add(None)  # `x = x.next`: what x means grows with every turn
            continue
        seen[where, root] = suffix
        for binding in _lookup(root, where):
            if isinstance(binding, Alias):
                work.append((binding.value, binding.scope, suffix))
            elif binding is None or isinstance(binding, str):
                found.add(binding and binding + suffix)
            else:
                found.add(binding.path and binding.path + suffix)
                imports.append(binding)
    return frozenset(found) or _OPAQUE, imports


def asked_for(node: ast.expr, scope: Scope) -> str | None:
    """The module that an expression gets by its literal name, as a dotted path.

    `sys.modules["torch"]`, `importlib.import_module("torch.nn")`, `getattr(torch, "nn")`.
    """
    name = _literal_name(node)
    if name is None:
        return None
    module = scope.module
    if id(node) not in module.asked:
        if module.asking:
            # One within another is not followed: a name may be bound to itself hundreds of times.
            return None
        module.asking = True
        module.asked[id(node)] = _asked_for(node, name, scope)
        module.asking = False
    return module.asked[id(node)]


def _asked_for(node: ast.expr, name: str, scope: Scope) -> str | None:
    if isinstance(node, ast.Subscript):
        return name if certain(resolve(node.value, scope)) == "sys.modules" else None
    assert isinstance(node, ast.Call)
    function = certain(resolve(node.func, scope))
    if function == "builtins.getattr":
        owner = certain(resolve(node.args[0], scope))
        return owner and f"{owner}.{name}"
    if function in ("builtins.__import__", "importlib.__import__"):
        # With a list of names it gives the module itself, else the package that it lies in.
        return name if len(node.args) + len(node.keywords) > 1 else name.partition(".")[0]
    return name if function in _GIVE_MODULES else None


def _literal_name(node: ast.expr) -> str | None:
    """The dotted name in a subscript or in the first argument of a call; for getattr the second."""
    if isinstance(node, ast.Subscript):
        value: ast.expr = node.slice
    elif isinstance(node, ast.Call) and node.args:
        named = isinstance(node.func, ast.Name) and node.func.id == "getattr"
        value = node.args[1] if named and len(node.args) > 1 else node.args[0]
    else:
        return None
    text = value.value if isinstance(value, ast.Constant) else None
    return text if isinstance(text, str) and _DOTTED.fullmatch(text) else None


def _base(node: ast.expr) -> ast.expr:
    """What an attribute chain starts with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def certain(meanings: Meanings) -> str | None:
    """The one dotted path that is meant, or None if there is none or more than one."""
    return next(iter(meanings)) if len(meanings) == 1 else None


def split_chain(node: ast.expr) -> tuple[str | None, str]:
    """`a.b.c` as ("a", ".b.c"); the root is None where the chain does not start at a name."""
    suffix = ""
    while isinstance(node, ast.Attribute):
        suffix = f".{node.attr}{suffix}"
        node = node.value
    return (node.id if isinstance(node, ast.Name) else None), suffix


def _lookup(name: str, scope: Scope) -> Sequence[Binding | str]:
    """Python's rule: the scope itself, enclosing functions, the module, then builtins (a path).

    The body of a class sees the class's own names, and the outer ones until it has bound them;
    functions inside of it do not see them.
    """
    start = scope.home(name)
    found: list[Binding | str] = []
    current: Scope | None = start
    while current is not None:
        if name in current.globals and current.kind != "class":
            current = current.module
        if (current.kind != "class" or current is start) and name in current.bindings:
            found += current.bindings[name]
            if current.kind != "class":
                # Only `x = None` or `del x`: bound here, so not a builtin and not torch's.
                return found or [None]
        if current.parent is None:
            found += _starred(name, current)
        current = current.parent
    return found or [f"builtins.{name}"]


def _starred(name: str, module: Scope) -> list[Binding]:
    """What the star imports of a module may have bound `name` to."""
    found: list[Binding] = []
    for contents, statement in module.stars:
        if contents is None:
            continue
        if name in contents:
            found.append(Imported(contents[name], statement, module))
    if found and any(contents is None for contents, _ in module.stars):
        found.append(None)  # another module may bind it as well
    return found


def statements(tree: ast.Module, lines: Lines) -> Iterator[ast.stmt]:
    """Every statement that has one of `lines`, nested ones included, without any expression."""
    stack: list[ast.stmt] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        if not lines.within(node.lineno, node.end_lineno or node.lineno):
            continue
        yield node
        if isinstance(node, (*_COMPOUND, *_DEFINITIONS)):
            for block in _blocks(node):
                stack.extend(reversed(block))


def expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement, without the statements in it; none of one that only documents."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return
    stack = list(ast.iter_child_nodes(statement))
    while stack:
        node = stack.pop()
        if not isinstance(node, ast.stmt):
            yield node
            stack.extend(ast.iter_child_nodes(node))


def starred(tree: ast.Module, names: Iterable[str]) -> list[str]:
    """Those of a module's names that `from module import *` binds; none where that is computed."""
    listed: set[object] | None = None
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(one, ast.Name) and one.id == "__all__" for one in targets):
            continue
        value = getattr(node, "value", None)
        if listed is not None or isinstance(node, ast.AugAssign):
            return []
        if not isinstance(value, (ast.List, ast.Tuple)):
            return []
        listed = {one.value for one in value.elts if isinstance(one, ast.Constant)}
    return [n for n in names if (n[0] != "_" if listed is None else n in listed)]


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The statement lists directly in `node`, last one first."""
    for name in ("finalbody", "orelse", "handlers", "cases", "body"):
        block = getattr(node, name, ())
        if name in ("handlers", "cases"):
            for part in reversed(block):
                yield part.body
        elif block:
            yield block


def imported(
    node: ast.Import | ast.ImportFrom, alias: ast.alias, contents: Contents
) -> tuple[str, str | None]:
    """The name that one clause of an import binds, and the dotted path that it is bound to.

    A relative import is of the tree itself: its path is None, unless `contents` says what the
    module has under that name.
    """
    if isinstance(node, ast.Import):
        if alias.asname:
            return alias.asname, alias.name
        root = alias.name.partition(".")[0]
        return root, root
    known = contents.get((node.level, node.module or ""), {}).get(alias.name)
    if known is not None or node.level:
        return alias.asname or alias.name, known
    return alias.asname or alias.name, f"{node.module}.{alias.name}"


class Names:
    """The scopes of one module and the references made in them.

    `scopes` holds the scopes, some more than once, and `references` every name that is read and
    every attribute chain (once, as a whole), each with the name that it starts with and its scope;
    `written` every chain that starts with no name, and is assigned to or deleted.
    `hooks` are called with the nodes of the types they name while the tree is walked; the bindings
    are complete only after the constructor has returned. With `lines`, statements that have none of
    these are skipped: what they bind and refer to is not known. `contents` says what modules bind.
    """

    def __init__(
        self,
        tree: ast.Module,
        hooks: dict[type[ast.AST], Hook] | None = None,
        lines: Lines | None = None,
        contents: Contents | None = None,
    ) -> None:
        self.module = Scope("module", None)
        self._lines = lines
        self._contents = contents or {}
        self.scopes: list[Scope] = []
        self.references: list[tuple[str, ast.expr, Scope]] = []
        self.written: list[tuple[ast.Attribute, Scope]] = []
        self._imports: list[tuple[str, str]] = []
        self._aliases: list[tuple[str, str]] = []
        self._hooks = hooks or {}
        # The nodes of the scope that is being walked, and the scopes that are still to be walked:
        # outer ones first, because nonlocal needs the bindings of the function around.
        self._stack: list[ast.AST | None] = []
        self._deferred: deque[tuple[Scope, Sequence[ast.AST | None]]] = deque()
        self._deferred.append((self.module, tree.body))
        while self._deferred:
            scope, nodes = self._deferred.popleft()
            self.scopes.append(scope)
            if scope.kind in ("function", "class"):
                self._declare(scope, nodes)
            self._stack.extend(reversed(nodes))
            self._walk(scope)

    def spellings(self, wanted: Callable[[str], bool]) -> set[str]:
        """The names that some import of a wanted path, or an alias of such a name, binds anywhere.

        A reference that starts with another name cannot mean a wanted path: a quick filter before
        `resolve`.
        """
        names = {name for name, path in self._imports if wanted(path)}
        for contents, _ in self.module.stars:
            names |= {name for name, path in (contents or {}).items() if wanted(path)}
        grown = bool(names)
        while grown:
            more = {name for name, root in self._aliases if root in names} - names
            names |= more
            grown = bool(more)
        return names

    def _walk(self, scope: Scope) -> None:
        stack = self._stack
        hooks = self._hooks
        # The commonest kinds first, and nothing looked up for these: a tree has very many nodes.
        while stack:
            node = stack.pop()
            if node is None:
                continue
            if type(node) is ast.Name:
                self._name(node, scope)
                continue
            if type(node) is ast.Attribute:
                self._attribute(node, scope)
                continue
            if isinstance(node, ast.stmt) and not self._matters(node):
                continue
            kind = node.__class__
            if kind in hooks:
                hooks[kind](node, scope)
            handler = _HANDLERS.get(kind)
            if handler is not None:
                handler(self, node, scope)
                continue
            for name in _CHILDREN[kind]:
                value = getattr(node, name)
                if value.__class__ is list:
                    stack.extend(value)
                else:
                    stack.append(value)

    def _matters(self, node: ast.stmt) -> bool:
        if self._lines is None:
            return True
        first = node.lineno
        if isinstance(node, _DEFINITIONS) and node.decorator_list:
            first = node.decorator_list[0].lineno
        return self._lines.within(first, node.end_lineno or first)

    def _declare(self, scope: Scope, body: Sequence[ast.AST | None]) -> None:
        """global and nonlocal hold for the whole scope, so they are read before anything else."""
        stack = [n for n in body if isinstance(n, ast.stmt) and n.__class__ in _DECLARING]
        while stack:
            node = stack.pop()
            if not self._matters(node):
                continue
            if isinstance(node, ast.Global):
                scope.globals.update(node.names)
            elif isinstance(node, ast.Nonlocal):
                scope.nonlocals.update(node.names)
            else:
                for block in _blocks(node):
                    stack += [inner for inner in block if inner.__class__ in _DECLARING]

    def _children(self, node: ast.AST) -> None:
        for name in _CHILDREN[node.__class__]:
            value = getattr(node, name)
            if isinstance(value, list):
                self._stack.extend(value)
            else:
                self._stack.append(value)

    def _later(self, scope: Scope, nodes: Sequence[ast.AST | None]) -> None:
        self._deferred.append((scope, nodes))

    def _name(self, node: ast.Name, scope: Scope) -> None:
        if node.ctx.__class__ is ast.Load:
            self.references.append((node.id, node, scope))
        elif node.ctx.__class__ is ast.Store:
            scope.bind(node.id, None)
        else:
            scope.declare(node.id)
            self.references.append((node.id, node, scope))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        value: ast.expr = node.value
        while value.__class__ is ast.Attribute:
            value = value.value
        if value.__class__ is ast.Name:
            self.references.append((value.id, node, scope))
            return
        if node.ctx.__class__ is not ast.Load:
            self.written.append((node, scope))
        self._stack.append(value)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if alias.name == "*":
                assert isinstance(node, ast.ImportFrom)
                contents = self._contents.get((node.level, node.module or ""))
                self.module.stars.append((contents, node))
                continue
            name, path = imported(node, alias, self._contents)
            scope.bind(name, Imported(path, node, scope))
            if path is not None:
                self._imports.append((name, path))

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, scope: Scope) -> None:
        value = node.value
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        home = _walrus_home(scope) if isinstance(node, ast.NamedExpr) else scope
        for target in targets:
            if not isinstance(target, ast.Name):
                self._stack.append(target)
            elif value is None:
                # `name: T` makes a local, `(name): T` does not.
                if scope.kind == "function" and isinstance(node, ast.AnnAssign) and node.simple:
                    scope.declare(target.id)
            elif isinstance(value, ast.Constant) and value.value is None:
                home.declare(target.id)
            elif isinstance(value, (ast.Name, ast.Attribute)) or _literal_name(value) is not None:
                self._alias(target.id, value, scope, home)
            else:
                home.bind(target.id, None)
        if isinstance(node, ast.AnnAssign):
            self._stack.append(node.annotation)
        self._stack.append(value)

    def _alias(self, name: str, value: ast.expr, scope: Scope, home: Scope) -> None:
        home.bind(name, Alias(value, scope))
        root = split_chain(value)[0]
        if root is not None:
            self._aliases.append((name, root))
            return
        base = _base(value)
        module = _literal_name(base)
        if module is not None:
            self._imports.append((name, module))
        if isinstance(base, ast.Call) and base.args and isinstance(base.args[0], ast.Name):
            # getattr(torch, "nn")
            self._aliases.append((name, base.args[0].id))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        scope.bind(node.name, None)
        self._stack.extend(node.decorator_list)
        outer = self._type_parameters(node, scope)
        inner = self._arguments(node.args, scope, outer)
        self._outside([node.returns], scope, outer)
        self._later(inner, node.body)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> None:
        self._later(self._arguments(node.args, scope, scope), [node.body])

    def _arguments(self, args: ast.arguments, scope: Scope, outer: Scope) -> Scope:
        """The function's scope; defaults and annotations are evaluated outside of it."""
        inner = Scope("function", outer)
        self._stack.extend(args.defaults)
        self._stack.extend(args.kw_defaults)
        variadic = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs, *variadic]
        for arg in every:
            inner.bind(arg.arg, None)
        self._outside([arg.annotation for arg in every if arg.annotation], scope, outer)
        return inner

    def _outside(self, nodes: Sequence[ast.AST | None], scope: Scope, outer: Scope) -> None:
        """Walk nodes that belong to `outer`: the current scope, or type parameters around it."""
        if outer is scope:
            self._stack.extend(nodes)
        else:
            self._later(outer, nodes)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        scope.bind(node.name, None)
        self._stack.extend(node.decorator_list)
        outer = self._type_parameters(node, scope)
        self._outside([*node.bases, *node.keywords], scope, outer)
        self._later(Scope("class", outer), node.body)

    def _type_parameters(self, node: ast.AST, scope: Scope) -> Scope:
        """PEP 695: the parameters live in a scope of their own around the definition."""
        parameters = getattr(node, "type_params", None)
        if not parameters:
            return scope
        inner = Scope("type parameters", scope)
        for parameter in parameters:
            inner.bind(parameter.name, None)
            parts = [getattr(parameter, name, None) for name in ("bound", "default_value")]
            self._later(inner, parts)
        return inner

    def _type_alias(self, node: Any, scope: Scope) -> None:
        """`type X = ...` (an ast.TypeAlias, which Python 3.11 does not have)."""
        scope.bind(node.name.id, None)
        outer = self._type_parameters(node, scope)
        self._outside([node.value], scope, outer)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> None:
        """Its own scope, apart from the first iterable, which is evaluated outside."""
        inner = Scope("comprehension", scope)
        first = node.generators[0]
        self._stack.append(first.iter)
        parts: list[ast.AST | None] = []
        for generator in node.generators:
            parts += [generator.target, *generator.ifs]
            if generator is not first:
                parts.append(generator.iter)
        parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._later(inner, parts)

    def _handler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name:
            scope.bind(node.name, None)
        self._children(node)

    def _capture(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping, scope: Scope) -> None:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name:
            scope.bind(name, None)
        self._children(node)

    def _nothing(self, node: ast.AST, scope: Scope) -> None:
        """A leaf; global and nonlocal were read when their scope began."""


def _walrus_home(scope: Scope) -> Scope:
    while scope.kind == "comprehension" and scope.parent is not None:
        scope = scope.parent
    return scope


_HANDLERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Import: Names._import,
    ast.ImportFrom: Names._import,
    ast.Assign: Names._assign,
    ast.AnnAssign: Names._assign,
    ast.NamedExpr: Names._assign,
    ast.FunctionDef: Names._function,
    ast.AsyncFunctionDef: Names._function,
    ast.Lambda: Names._lambda,
    ast.ClassDef: Names._class,
    ast.ListComp: Names._comprehension,
    ast.SetComp: Names._comprehension,
    ast.GeneratorExp: Names._comprehension,
    ast.DictComp: Names._comprehension,
    ast.ExceptHandler: Names._handler,
    ast.MatchAs: Names._capture,
    ast.MatchStar: Names._capture,
    ast.MatchMapping: Names._capture,
    ast.Global: Names._nothing,
    ast.Nonlocal: Names._nothing,
    ast.Constant: Names._nothing,
    ast.MatchSingleton: Names._nothing,
}
if hasattr(ast, "TypeAlias"):
    _HANDLERS[ast.TypeAlias] = Names._type_alias

# Fields that hold text, numbers or operators: no name is read or bound in these.
_LEAVES = {
    *("asname", "attr", "conversion", "ctx", "id", "is_async", "kwd_attrs", "level", "module"),
    *("op", "ops", "simple", "str", "type_comment"),
    *("arg", "name", "rest"),
}


class _Children(dict[type[ast.AST], tuple[str, ...]]):
    """For each type of node, the fields that hold nodes or lists of nodes."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        self[kind] = tuple(name for name in kind._fields if name not in _LEAVES)
        return self[kind]


_CHILDREN = _Children()
