# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Operators by topic. Importing this package registers all of them."""

from mstorch._ops import (  # noqa: F401
    activation,
    attention,
    comparison,
    convolution,
    creation,
    decompositions,
    distances,
    dropout,
    embedding,
    experts,
    fused_optimizers,
    indexing,
    inplace,
    linalg,
    loss,
    multi_head,
    normalization,
    pointwise,
    reduction,
    resample,
    sampling,
    scatter,
    shaped_activations,
    sorting,
    views,
)
