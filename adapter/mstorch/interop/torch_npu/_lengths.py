# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Lengths and ends of sequences and groups, which torch_npu takes as lists or as tensors."""

import numpy


def numbers_of(given):
    """The integers of a list or of a tensor."""
    return [int(n) for n in (given if isinstance(given, (list, tuple)) else given.tolist())]


def group_sizes(group_list, group_list_type):
    """The rows of each group, int64, where `group_list` has their ends, or them with type 1."""
    numbers = numpy.asarray(numbers_of(group_list), dtype=numpy.int64)
    return numbers if group_list_type == 1 else numpy.diff(numbers, prepend=0)
