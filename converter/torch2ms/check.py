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
        # Instructions are two bytes, the first one names the operation.
        if _IMPORT_NAME in one.co_code[::2]:
            yield from _imports_of(one, roots)


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
