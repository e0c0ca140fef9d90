# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch._dynamo._trace_wrapped_higher_order_op: what libraries import from there."""

import contextlib

from mstorch._errors import module_getattr


class TransformGetItemToIndex(contextlib.nullcontext):
    """In torch it lets tensors inside of vmap index others, which here they always may."""


__getattr__ = module_getattr("torch._dynamo._trace_wrapped_higher_order_op")
