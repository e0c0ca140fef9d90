# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The launches for Ascend with the stand-in for CANN: what they called, and, where a test wants
values, NumPy in place of the operators.
"""

import contextlib
import ctypes
import json
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import recorded
from mindspore import _c_expression

import cann_reference
import msops

TABLE = tomllib.loads(Path("csrc/ascend/aclnn.toml").read_text())
"""Operator -> its documented arguments."""

LETTERS = {"double": "d", "float": "f", "string": "s"}

DTYPES = {
    0: np.float32, 1: np.float16, 3: np.int32, 4: np.uint8, 9: np.int64, 11: np.float64,
    12: np.bool_,
}  # fmt: skip
"""aclDataType -> what NumPy calls it."""

library = ctypes.CDLL(recorded.__file__)
library.stand_in_record.restype = ctypes.c_char_p
Work = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p)
library.stand_in_set_work.argtypes = [Work]

# Each operator is launched before the call returns, so the record is whole and in order.
_c_expression.disable_multi_thread()


def arguments_of(name: str) -> list[list[str]]:
    """Kind and name of each argument."""
    return [argument.split() for argument in TABLE[name].split(", ")]


@contextlib.contextmanager
def module_of_ascend(monkeypatch) -> Iterator[None]:
    """Inside, msops calls the launches for Ascend, and the stand-in knows the signatures."""
    for name in TABLE:
        letters = "".join(LETTERS.get(kind, "p") for kind, _ in arguments_of(name))
        library.stand_in_set_signature(name.encode(), letters.encode())
    library.stand_in_forget()
    with monkeypatch.context() as patch:
        patch.setattr("msops._native._MODULES", {"CPU": "recorded"})
        msops._native.native.cache_clear()
        yield
    msops._native.native.cache_clear()


def recorded_calls() -> list[tuple[str, list, str, list]]:
    """Each operator since the last time: how it was asked for its workspace, and how it was run."""
    lines = [json.loads(line) for line in library.stand_in_record().decode().splitlines()]
    library.stand_in_forget()
    return [
        (asked["call"], asked["arguments"], run["call"], run["arguments"])
        for asked, run in zip(lines[::2], lines[1::2], strict=True)
    ]


def array(tensor: dict | int) -> np.ndarray | None:
    """The memory of a tensor, as it lies."""
    if tensor == 0:
        return None
    dtype, shape = np.dtype(DTYPES[tensor["dtype"]]), tensor["shape"]
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    reach = 1 + sum((n - 1) * step for n, step in zip(shape, tensor["strides"], strict=True))
    start = tensor["address"] + tensor["offset"] * dtype.itemsize
    memory = (ctypes.c_char * (reach * dtype.itemsize)).from_address(start)
    strides = [step * dtype.itemsize for step in tensor["strides"]]
    return np.ndarray(shape, dtype, memory, strides=strides)


def as_numpy(kind: str, value):
    """An argument as `cann_reference` takes it."""
    if kind == "tensor":
        return array(value)
    if kind == "tensors":
        return [array(one) for one in value or []]
    if kind in ("ints", "bools"):
        return None if value == 0 else value
    if kind == "bool":
        return bool(value & 0xFF)
    return value["scalar"] if kind == "scalar" else value


@contextlib.contextmanager
def computing() -> Iterator[None]:
    """Inside, operators do in NumPy what their documentation says. Their errors are raised."""
    errors = []

    def work(name: bytes, arguments: bytes) -> None:
        operator = name.decode()
        kinds = [kind for kind, _ in arguments_of(operator)]
        try:
            values = zip(kinds, json.loads(arguments), strict=True)
            with np.errstate(all="ignore"):
                cann_reference.OPERATORS[operator](*[as_numpy(*pair) for pair in values])
        except Exception as error:  # would be lost in the C++ code that called
            error.add_note(f"in {operator}")
            errors.append(error)

    function = Work(work)
    library.stand_in_set_work(function)
    try:
        yield
    finally:
        library.stand_in_set_work(Work())
    if errors:
        raise errors[0]
