# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The text of a tensor, in torch's form."""

import numpy

from mstorch import _dtypes, _engine

_EDGE, _THRESHOLD, _PRECISION, _WIDTH = 3, 1000, 4, 80


def tensor_str(tensor) -> str:
    """`tensor([...], dtype=..., requires_grad=True)`."""
    array = tensor._a
    if array.dtype == _engine.bfloat16_numpy:
        array = array.astype(numpy.float32)
    name = "Parameter containing:\n" if type(tensor).__name__ == "Parameter" else ""
    suffix = _suffix(tensor)
    body = _body(array)
    return f"{name}tensor({body}{''.join(', ' + part for part in suffix)})"


def _suffix(tensor):
    parts = []
    if tensor._a.size == 0 and tensor._a.ndim != 1:
        parts.append(f"size={tuple(tensor._a.shape)}")
    shown = (_dtypes.get_default_dtype(), _dtypes.int64, _dtypes.bool)
    if tensor.dtype not in shown or (
        tensor._a.size == 0 and tensor.dtype is not _dtypes.get_default_dtype()
    ):
        parts.append(f"dtype={tensor.dtype}")
    if tensor.grad_fn is not None:
        parts.append(f"grad_fn={tensor.grad_fn!r}")
    elif tensor.requires_grad:
        parts.append("requires_grad=True")
    return parts


def _body(array):
    if array.size == 0:
        return "[]"
    return numpy.array2string(
        array,
        separator=", ",
        prefix="tensor(",
        threshold=_THRESHOLD,
        edgeitems=_EDGE,
        max_line_width=_WIDTH,
        formatter=_formatter(array),
    )


def _formatter(array):
    if array.dtype.kind == "b":
        width = max(len(str(bool(v))) for v in array.flat)
        return {"bool": lambda v: f"{bool(v)!s:>{width}}"}
    if array.dtype.kind in "iu":
        width = max(len(str(int(array.min()))), len(str(int(array.max()))))
        return {"int": lambda v: f"{int(v):>{width}}"}
    if array.dtype.kind == "c":
        return {"complexfloat": lambda v: f"{v.real:.{_PRECISION}f}{v.imag:+.{_PRECISION}f}j"}
    return {"float": _float_format(array)}


def _float_format(array):
    """Torch's choice between integers with a point, fixed and scientific notation, all at one
    width.
    """
    values = array.astype(numpy.float64).ravel()
    finite = values[numpy.isfinite(values) & (values != 0)]
    size = numpy.abs(finite)
    if not finite.size:
        text = "{:.0f}."
    elif (finite == numpy.ceil(finite)).all():
        large = size.max() / size.min() > 1000 or size.max() > 1e8
        text = "{:." + str(_PRECISION) + "e}" if large else "{:.0f}."
    elif size.max() / size.min() > 1000 or size.max() > 1e8 or size.min() < 1e-4:
        text = "{:." + str(_PRECISION) + "e}"
    else:
        text = "{:." + str(_PRECISION) + "f}"

    def plain(value):
        return text.format(value) if numpy.isfinite(value) else str(float(value))

    width = max((len(plain(v)) for v in finite), default=1)
    return lambda value: f"{plain(value):>{width}}"
