# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.library: operators with a schema and Python functions that implement them, and torch.ops,
where they are called.

An implementation for CPU is called, and where there is none one for CUDA or for PrivateUse1, which
is Ascend: the CPU stands in for both. What it records is recorded.
"""

import ast
import inspect
import re

from mstorch._errors import missing, module_getattr
from mstorch._tensor import Tensor

_NAME = re.compile(r"(?:(\w+)::)?(\w+)(?:\.(\w+))?")
_KEYS = (
    *("CPU", "CUDA", "PrivateUse1", "AutogradCPU", "AutogradCUDA", "AutogradPrivateUse1"),
    *("Autograd", "CompositeExplicitAutograd", "CompositeImplicitAutograd"),
)
_IMPLICIT = "CompositeImplicitAutograd"
_KINDS = {
    "Tensor": (Tensor, type(None)),  # None is torch's undefined tensor
    "int": int,
    "SymInt": int,
    "float": (int, float),
    "bool": bool,
    "str": str,
    "Scalar": (bool, int, float, complex),
}


def _accepts(kind, value):
    """Whether a value is of a type of schemas; anything is of one that is not known."""
    if kind.endswith("?"):
        return value is None or _accepts(kind[:-1], value)
    listed = re.fullmatch(r"(.*)\[\d*\]", kind)
    if listed:
        return isinstance(value, (list, tuple)) and all(_accepts(listed[1], v) for v in value)
    known = _KINDS.get(kind)
    return known is None or isinstance(value, known)


def _default(text):
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text  # a name, such as `contiguous_format`


def _signature(arguments):
    """A signature whose annotations are the types, as text."""
    kind, found = inspect.Parameter.POSITIONAL_OR_KEYWORD, []
    # Types hold no comma but for sets of aliases, which are left out.
    for part in filter(None, map(str.strip, re.sub(r"\([^)]*\)", "", arguments).split(","))):
        if part == "*":
            kind = inspect.Parameter.KEYWORD_ONLY
            continue
        declared, equals, default = part.partition("=")
        annotation, _, name = declared.strip().rpartition(" ")
        value = _default(default.strip()) if equals else inspect.Parameter.empty
        found.append(
            inspect.Parameter(name, kind, default=value, annotation=annotation.replace(" ", ""))
        )
    return inspect.Signature(found)


class OpOverload:
    """One schema of an operator, with what implements it for each key."""

    def __init__(self, namespace, name, overload, signature):
        self._name = f"{namespace}::{name}" + (f".{overload}" if overload else "")
        self._signature = signature
        self.implementations = {}

    def name(self):
        """`namespace::operator.overload`."""
        return self._name

    def accepts(self, args, kwargs):
        """Why these arguments do not fit; None where they do."""
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            return str(error)
        for name, value in bound.arguments.items():
            wanted = self._signature.parameters[name].annotation
            if not _accepts(wanted, value):
                return (
                    f"Expected a value of type '{wanted}' for argument '{name}' but instead found "
                    f"type '{type(value).__name__}'."
                )
        return None

    def __call__(self, *args, **kwargs):
        problem = self.accepts(args, kwargs)
        if problem is not None:
            raise RuntimeError(f"{self._name}() {problem}")
        operands = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
        keys = ("Meta", _IMPLICIT) if any(t.is_meta for t in operands) else _KEYS
        for key in keys:
            if key in self.implementations:
                return self.implementations[key](*args, **kwargs)
        raise NotImplementedError(
            f"Could not run '{self._name}' with arguments from the "
            f"'{'Meta' if keys[0] == 'Meta' else 'CPU'}' backend: it is implemented for "
            f"{', '.join(self.implementations) or 'none'}"
        )

    def __repr__(self):
        return f"<OpOverload(op='{self._name}')>"


class OpOverloadPacket:
    """All schemas of an operator; a call goes to the first that the arguments fit."""

    def __init__(self, name):
        self._name = name
        self.by_overload = {}

    def overloads(self):
        """The names of the schemas."""
        return list(self.by_overload)

    def __getattr__(self, overload):
        found = self.__dict__.get("by_overload", {}).get(overload)
        if found is None:
            raise AttributeError(
                f"The underlying op of '{self.__dict__.get('_name')}' has no overload name "
                f"'{overload}'"
            )
        return found

    def __call__(self, *args, **kwargs):
        several = list(self.by_overload.values())
        fits = (one for one in several if one.accepts(args, kwargs) is None)
        return next(fits, several[0])(*args, **kwargs)


class OpNamespace:
    """The operators of one namespace."""

    def __init__(self, name):
        self._name = name
        self.operators = {}

    def __getattr__(self, operator):
        found = self.__dict__.get("operators", {}).get(operator)
        if found is None:
            name = self.__dict__.get("_name")
            raise AttributeError(f"'_OpNamespace' '{name}' object has no attribute '{operator}'")
        return found


class _Ops:
    """torch.ops: namespaces by name. Those of torch itself have no operators here."""

    def __init__(self):
        self.namespaces = {}

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("aten", "prims", "c10d"):
            raise missing(f"torch.ops.{name}", "call torch's functions")
        return self.__dict__["namespaces"].setdefault(name, OpNamespace(name))

    def load_library(self, path):
        """Operators compiled against PyTorch cannot be loaded."""
        raise missing("torch.ops.load_library", "write an operator of MindSpore")


ops = _Ops()


class Library:
    """Operators of a namespace: new ones (`DEF`, `FRAGMENT`), or more implementations (`IMPL`)."""

    def __init__(self, ns, kind, dispatch_key=""):
        if kind not in ("DEF", "FRAGMENT", "IMPL"):
            raise ValueError("Unsupported library type: ", kind)
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key

    def define(self, schema, alias_analysis="", *, tags=()):
        """Add an operator with the schema `name.overload(types and names) -> types`; the name."""
        head, bracket, rest = schema.strip().partition("(")
        arguments, arrow, _ = rest.rpartition("->")
        names = _NAME.fullmatch(head.strip())
        if not names or not bracket or not arrow or names[1] not in (None, self.ns):
            raise RuntimeError(f"{schema!r} is no schema of an operator of {self.ns}")
        operators = getattr(ops, self.ns).operators
        packet = operators.setdefault(names[2], OpOverloadPacket(f"{self.ns}.{names[2]}"))
        overload = names[3] or "default"
        if overload in packet.by_overload:
            raise RuntimeError(f"{self.ns}::{head.strip()} is defined twice")
        arguments = arguments.strip().removesuffix(")")
        packet.by_overload[overload] = OpOverload(
            self.ns, names[2], names[3], _signature(arguments)
        )
        return names[2]

    def impl(self, op_name, fn, dispatch_key="", *, with_keyset=False, allow_override=False):
        """Let a function implement an operator, which is defined, for a key, such as `CPU`."""
        if with_keyset:
            raise missing("torch.library.Library.impl", "with_keyset")
        if not callable(fn):
            raise TypeError(
                f"Input function is required to be a callable but found type {type(fn)}"
            )
        named = op_name.name() if isinstance(op_name, OpOverload) else op_name
        names = _NAME.fullmatch(named)
        packet = getattr(ops, self.ns).operators.get(names[2]) if names else None
        found = packet and packet.by_overload.get(names[3] or "default")
        if found is None:
            raise RuntimeError(f"there is no operator {self.ns}::{named} to implement")
        key = dispatch_key or self.dispatch_key or _IMPLICIT
        if key in found.implementations and not allow_override:
            raise RuntimeError(f"{found.name()} is implemented twice for {key}")
        found.implementations[key] = fn


def impl(lib, name, dispatch_key=""):
    """A decorator: the function implements an operator of a Library for a key."""
    if not isinstance(lib, Library):
        raise missing("torch.library.impl", "with a name in the place of a Library")

    def register(function):
        lib.impl(name, function, dispatch_key)
        return function

    return register


__getattr__ = module_getattr("torch.library")
