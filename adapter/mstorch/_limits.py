# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Limits of the numeric types."""

import numpy

from mstorch import _dtypes


class finfo:
    """Limits of a floating point type."""

    def __init__(self, type=None):
        type = _dtypes.get_default_dtype() if type is None else type
        self.dtype = type.name
        self.bits = type.itemsize * 8
        if type is _dtypes.bfloat16:
            self.eps, self.tiny, self.max = 2.0**-7, 2.0**-126, (2 - 2.0**-7) * 2.0**127
            self.resolution = 0.01
        else:
            info = numpy.finfo(_dtypes.numpy_of(type))
            self.eps, self.tiny, self.max = float(info.eps), float(info.tiny), float(info.max)
            self.resolution = float(info.resolution)
        self.min, self.smallest_normal = -self.max, self.tiny


class iinfo:
    """Limits of an integer type."""

    def __init__(self, type):
        info = numpy.iinfo(_dtypes.numpy_of(type))
        self.dtype, self.bits, self.min, self.max = (
            type.name,
            info.bits,
            int(info.min),
            int(info.max),
        )
