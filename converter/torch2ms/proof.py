# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Proof after the fact: a converted file compiles and imports nothing under its old name.

The check shares nothing with the rules that made the file. Python compiles the result, and the
import instructions of the byte code say which modules it would ask for.
"""

from __future__ import annotations

import dis
import opcode
import types
import warnings
from collections.abc import Iterator

_IMPORT_NAME = opcode.opmap["IMPORT_NAME"]


def compiled(body: bytes, filename: str) -> tuple[types.CodeType | None, str]:
    """The code object of a module, or None and the message with which Python refuses it."""
    try:
        with warnings.catch_warnings():
            # What Python thinks of the source's style is not ours to tell.
            warnings.simplefilter("ignore")
            return compile(body.decode("utf-8"), filename, "exec", dont_inherit=True), ""
    except SyntaxError as error:
        return None, f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return None, f"{type(error).__name__}: {error}"


def imports(code: types.CodeType, roots: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, module) of every absolute import of a module below one of `roots`."""
    stack = [code]
    while stack:
        one = stack.pop()
        stack.extend(const for const in one.co_consts if isinstance(const, types.CodeType))
        if any(name.partition(".")[0] in roots for name in _asked_for(one)):
            yield from _imports_of(one, roots)


def _asked_for(code: types.CodeType) -> Iterator[str]:
    """The modules that some import instruction names; several times faster than `dis`."""
    # Instructions are two bytes: the operation and the low byte of its argument. Higher bytes come
    # before, in instructions of their own.
    operations, arguments = code.co_code[::2], code.co_code[1::2]
    position = operations.find(_IMPORT_NAME)
    while position >= 0:
        index, shift, before = arguments[position], 8, position - 1
        while before >= 0 and operations[before] == dis.EXTENDED_ARG:
            index |= arguments[before] << shift
            shift, before = shift + 8, before - 1
        yield code.co_names[index]
        position = operations.find(_IMPORT_NAME, position + 1)


def _imports_of(code: types.CodeType, roots: frozenset[str]) -> Iterator[tuple[int, str]]:
    # Python pushes the level (0: absolute) and the names, then imports.
    level = names = None
    for instruction in dis.get_instructions(code):
        if instruction.opcode == _IMPORT_NAME and level is not None and level.argval == 0:
            module = instruction.argval
            if module.partition(".")[0] in roots:
                line = instruction.positions.lineno if instruction.positions else None
                yield line or code.co_firstlineno, module
        if instruction.opname != "EXTENDED_ARG":
            level, names = names, instruction
