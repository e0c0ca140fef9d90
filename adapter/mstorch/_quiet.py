# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic that says nothing of infinities and nans, as PyTorch's does not."""

from numpy import geterrobj, seterrobj


class quiet:
    """What `numpy.errstate(all="ignore")` does, in a fifth of its two microseconds, which were a
    quarter of what a small operator costs.
    """

    __slots__ = ("_before",)

    def __enter__(self):
        self._before = before = geterrobj()
        # The size of NumPy's buffers, no kind of error to report, nobody to call.
        seterrobj([before[0], 0, None])

    def __exit__(self, *exception):
        seterrobj(self._before)
