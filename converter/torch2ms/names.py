# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What does this name mean here? Scopes and bindings of one module, by Python's own rules.

One walk over the tree builds the scopes and collects the references; a reference is resolved
afterwards, when every binding is known. The answer is a set of meanings: a dotted path
(`torch.nn.functional`) for each import that may have bound the name, None for anything else that
may have. One dotted path alone is certain; a path beside None is a name that is torch's on some
ways through the program only.

The analysis does not follow the order of execution: a name that a scope binds twice has both
meanings in all of that scope.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Meanings = frozenset[str | None]
Hook = Callable[[ast.AST, "Scope"], None]

_OPAQUE: Meanings = frozenset({None})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Alias:
    """A binding by assignment of another name: `nn = torch.nn`."""

    value: ast.expr
    scope: Scope


# An imported dotted path, an alias, or None for a binding that means something of the file's own.
Binding = str | Alias | None


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class, function or comprehension; `kind` is one of these words."""

    kind: str
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)

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
        self.home(name).bindings.setdefault(name, []).append(binding)

    def declare(self, name: str) -> None:
        """Make `name` local without giving it a meaning (`del`, `name = None`, `name: T`)."""
        self.home(name).bindings.setdefault(name, [])


def resolve(node: ast.expr, scope: Scope) -> Meanings:
    """The meanings of a name or attribute chain that is evaluated in `scope`."""
    found: set[str | None] = set()
    seen: dict[tuple[Scope, str], str] = {}
    work = [(node, scope, "")]
    while work:
        value, where, suffix = work.pop()
        root, chain = split_chain(value)
        suffix = chain + suffix
        if root is None:
            found.add(None)
            continue
        if (where, root) in seen:
            if seen[where, root] != suffix:
                found.add(None)  # `x = x.next`: what x means grows with every turn
            continue
        seen[where, root] = suffix
        for binding in _lookup(root, where):
            if isinstance(binding, Alias):
                work.append((binding.value, binding.scope, suffix))
            else:
                found.add(None if binding is None else binding + suffix)
    return frozenset(found) or _OPAQUE


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


def _lookup(name: str, scope: Scope) -> list[Binding]:
    """Python's rule: the scope itself, enclosing functions, the module, then builtins.

    The body of a class sees the class's own names, and the outer ones until it has bound them;
    functions inside of it do not see them.
    """
    start = scope.home(name)
    found: list[Binding] = []
    current: Scope | None = start
    while current is not None:
        if name in current.globals and current.kind != "class":
            current = current.module
        if (current.kind != "class" or current is start) and name in current.bindings:
            found += current.bindings[name]
            if current.kind != "class":
                # Only `x = None` or `del x`: bound here, so not a builtin and not torch's.
                return found or [None]
        current = current.parent
    return found or [f"builtins.{name}"]


def statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Every statement, nested ones included, without a look at any expression."""
    stack: list[ast.stmt] = list(reversed(tree.body))
    while stack:
        node = stack.pop()
        yield node
        for block in _blocks(node):
            stack.extend(reversed(block))


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The statement lists directly in `node`, last one first."""
    for name in ("finalbody", "orelse", "handlers", "cases", "body"):
        block = getattr(node, name, None)
        if not isinstance(block, list):
            continue
        if name in ("handlers", "cases"):
            for part in reversed(block):
                yield part.body
        else:
            yield block


def imported(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> tuple[str, Binding]:
    """The name that one clause of an import binds, and what it is bound to.

    A relative import is of the tree itself, so it means nothing of torch's.
    """
    if isinstance(node, ast.Import):
        if alias.asname:
            return alias.asname, alias.name
        root = alias.name.partition(".")[0]
        return root, root
    if node.level:
        return alias.asname or alias.name, None
    return alias.asname or alias.name, f"{node.module}.{alias.name}"


class Names:
    """The scopes of one module and the references made in them.

    `references` holds every name that is read and every attribute chain (once, as a whole) with its
    scope. `hooks` are called with the nodes of the types they name while the tree is walked; the
    bindings are complete only after the constructor has returned.
    """

    def __init__(self, tree: ast.Module, hooks: dict[type[ast.AST], Hook] | None = None) -> None:
        self.module = Scope("module", None)
        self.references: list[tuple[ast.expr, Scope]] = []
        self._imports: list[tuple[str, str]] = []
        self._aliases: list[tuple[str, str]] = []
        self._hooks = hooks or {}
        self._stack: list[tuple[ast.AST, Scope]] = []
        # nonlocal needs the outer function's bindings: resolved in order of the walk, outer first.
        self._deferred: deque[tuple[Scope, list[ast.AST]]] = deque()
        self._push_all(tree.body, self.module)
        self._walk()
        while self._deferred:
            scope, body = self._deferred.popleft()
            self._declare_scope(scope, body)
            self._push_all(body, scope)
            self._walk()

    def spellings(self, wanted: Callable[[str], bool]) -> set[str]:
        """The names that some import of a wanted path, or an alias of such a name, binds anywhere.

        A reference that starts with another name cannot mean a wanted path: a quick filter before
        `resolve`.
        """
        names = {name for name, path in self._imports if wanted(path)}
        grown = bool(names)
        while grown:
            more = {name for name, root in self._aliases if root in names} - names
            names |= more
            grown = bool(more)
        return names

    def _push_all(
        self, nodes: list[ast.stmt] | list[ast.expr] | list[ast.AST], scope: Scope
    ) -> None:
        self._stack.extend((node, scope) for node in reversed(nodes))

    @staticmethod
    def _declare_scope(scope: Scope, body: list[ast.AST]) -> None:
        """global and nonlocal hold for the whole scope, so they are read before anything else."""
        stack = list(body)
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Global):
                scope.globals.update(node.names)
            elif isinstance(node, ast.Nonlocal):
                scope.nonlocals.update(node.names)
            elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                for block in _blocks(node):
                    stack.extend(block)

    def _walk(self) -> None:
        stack = self._stack
        hooks = self._hooks
        while stack:
            node, scope = stack.pop()
            kind = node.__class__
            if kind is ast.Name:
                self._name(node, scope)  # type: ignore[arg-type]
                continue
            if kind is ast.Constant:
                continue
            if kind in hooks:
                hooks[kind](node, scope)
            if kind is ast.Attribute:
                self._attribute(node, scope)  # type: ignore[arg-type]
                continue
            handler = _HANDLERS.get(kind)
            if handler is not None:
                handler(self, node, scope)
            else:
                self._children(node, scope)

    def _children(self, node: ast.AST, scope: Scope) -> None:
        stack = self._stack
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                for item in value:
                    if isinstance(item, ast.AST):
                        stack.append((item, scope))
            elif isinstance(value, ast.AST):
                stack.append((value, scope))

    def _name(self, node: ast.Name, scope: Scope) -> None:
        if node.ctx.__class__ is ast.Load:
            self.references.append((node, scope))
        elif node.ctx.__class__ is ast.Store:
            scope.bind(node.id, None)
        else:
            scope.declare(node.id)
            self.references.append((node, scope))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        value: ast.expr = node.value
        while value.__class__ is ast.Attribute:
            value = value.value
        if value.__class__ is ast.Name:
            self.references.append((node, scope))
        else:
            self._stack.append((value, scope))

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if alias.name != "*":
                name, binding = imported(node, alias)
                scope.bind(name, binding)
                if isinstance(binding, str):
                    self._imports.append((name, binding))

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, scope: Scope) -> None:
        value = node.value
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        home = _walrus_home(scope) if isinstance(node, ast.NamedExpr) else scope
        for target in targets:
            if not isinstance(target, ast.Name):
                self._stack.append((target, scope))
            elif value is None:
                if scope.kind == "function":
                    scope.declare(target.id)
            elif isinstance(value, ast.Constant) and value.value is None:
                home.declare(target.id)
            elif isinstance(value, (ast.Name, ast.Attribute)):
                home.bind(target.id, Alias(value, scope))
                root = split_chain(value)[0]
                if root is not None:
                    self._aliases.append((target.id, root))
            else:
                home.bind(target.id, None)
        if isinstance(node, ast.AnnAssign):
            self._stack.append((node.annotation, scope))
        if value is not None:
            self._stack.append((value, scope))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        scope.bind(node.name, None)
        self._push_all(node.decorator_list, scope)
        outer = self._type_parameters(node, scope)
        inner = self._arguments(node.args, scope, outer)
        if node.returns is not None:
            self._stack.append((node.returns, outer))
        self._deferred.append((inner, list(node.body)))

    def _lambda(self, node: ast.Lambda, scope: Scope) -> None:
        inner = self._arguments(node.args, scope, scope)
        self._deferred.append((inner, [node.body]))

    def _arguments(self, args: ast.arguments, defaults: Scope, annotations: Scope) -> Scope:
        """The function's scope; defaults and annotations are evaluated outside of it."""
        inner = Scope("function", annotations)
        self._push_all(args.defaults, defaults)
        self._push_all([default for default in args.kw_defaults if default is not None], defaults)
        variadic = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, *variadic):
            inner.bind(arg.arg, None)
            if arg.annotation is not None:
                self._stack.append((arg.annotation, annotations))
        return inner

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        scope.bind(node.name, None)
        self._push_all(node.decorator_list, scope)
        outer = self._type_parameters(node, scope)
        self._push_all(node.bases, outer)
        self._push_all([keyword.value for keyword in node.keywords], outer)
        self._deferred.append((Scope("class", outer), list(node.body)))

    def _type_parameters(self, node: ast.AST, scope: Scope) -> Scope:
        """PEP 695: the parameters live in a scope of their own around the definition."""
        parameters = getattr(node, "type_params", None)
        if not parameters:
            return scope
        inner = Scope("function", scope)
        for parameter in parameters:
            inner.bind(parameter.name, None)
            self._children(parameter, inner)
        return inner

    def _type_alias(self, node: ast.AST, scope: Scope) -> None:
        scope.bind(node.name.id, None)  # type: ignore[attr-defined]
        inner = self._type_parameters(node, scope)
        self._stack.append((node.value, inner))  # type: ignore[attr-defined]

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> None:
        """Its own scope, apart from the first iterable, which is evaluated outside."""
        inner = Scope("comprehension", scope)
        first = node.generators[0]
        self._stack.append((first.iter, scope))
        for generator in node.generators:
            self._stack.append((generator.target, inner))
            self._push_all(generator.ifs, inner)
            if generator is not first:
                self._stack.append((generator.iter, inner))
        parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        self._push_all(list(parts), inner)

    def _handler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name:
            scope.bind(node.name, None)
        self._children(node, scope)

    def _capture(self, node: ast.AST, scope: Scope) -> None:
        name = getattr(node, "rest", None) if isinstance(node, ast.MatchMapping) else node.name  # type: ignore[attr-defined]
        if name:
            scope.bind(name, None)
        self._children(node, scope)

    def _declaration(self, node: ast.AST, scope: Scope) -> None:
        """global and nonlocal were read when the scope began; at module level they say nothing."""


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
    ast.Global: Names._declaration,
    ast.Nonlocal: Names._declaration,
}
if hasattr(ast, "TypeAlias"):
    _HANDLERS[ast.TypeAlias] = Names._type_alias
