# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""How values of several processes become one. The order is that of the ranks, so that results are
the same in every run and on every member.
"""

import enum
import functools

import numpy

from mstorch import _dtypes
from mstorch._quiet import quiet


class ReduceOp(enum.Enum):
    """How a reduction combines the members' values."""

    SUM = 0
    AVG = 1
    PRODUCT = 2
    MIN = 3
    MAX = 4
    BAND = 5
    BOR = 6
    BXOR = 7


_FUNCTIONS = {
    ReduceOp.SUM: numpy.add,
    ReduceOp.AVG: numpy.add,
    ReduceOp.PRODUCT: numpy.multiply,
    ReduceOp.MIN: numpy.minimum,
    ReduceOp.MAX: numpy.maximum,
    ReduceOp.BAND: numpy.bitwise_and,
    ReduceOp.BOR: numpy.bitwise_or,
    ReduceOp.BXOR: numpy.bitwise_xor,
}
_BITWISE = frozenset((ReduceOp.BAND, ReduceOp.BOR, ReduceOp.BXOR))


def check(name: str, op: ReduceOp, kind: numpy.dtype) -> None:
    """Raise as torch does where an operation is not defined for a type."""
    if not isinstance(op, ReduceOp):
        raise TypeError(f"{name}: op must be a torch.distributed.ReduceOp, got {op!r}")
    if kind.kind == "c":
        if op not in (ReduceOp.SUM, ReduceOp.AVG):
            raise ValueError(f"{name} does not support {op} on complex tensors")
    elif _dtypes.BY_NUMPY[kind].is_floating_point:
        if op in _BITWISE:
            raise RuntimeError(f"Cannot use {op} with non-integral dtype")
    elif op is ReduceOp.AVG:
        raise RuntimeError(f"{name}: the average of {_dtypes.BY_NUMPY[kind]} has no integer value")


def combine(op: ReduceOp, arrays: list[numpy.ndarray]) -> numpy.ndarray:
    """The reduction of arrays of one type and size, element by element.

    Half types are added up in float32 and rounded once.
    """
    kind = arrays[0].dtype
    if kind in _dtypes.REDUCED:
        arrays = [array.astype(numpy.float32) for array in arrays]
    with quiet():
        total = functools.reduce(_FUNCTIONS[op], arrays)
        if op is ReduceOp.AVG:
            total = total / len(arrays)
    return total.astype(kind, copy=False)
