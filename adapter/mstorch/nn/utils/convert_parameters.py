# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters as one vector."""

from mstorch._ops import views


def parameters_to_vector(parameters):
    """All parameters flattened and joined."""
    return views.cat([views.reshape(p, (-1,)) for p in parameters])


def vector_to_parameters(vec, parameters):
    """Give each parameter its part of a vector, as its data."""
    start = 0
    for parameter in parameters:
        count = parameter.numel()
        parameter.data = vec[start : start + count].view(parameter.shape).data
        start += count
