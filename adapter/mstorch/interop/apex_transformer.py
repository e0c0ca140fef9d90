# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""apex.transformer.functional for tensors of mstorch: rotary position embedding by msops.

megatron-core imports it where it is there, and needs it for apply_rope_fusion.
"""

import numpy

from mstorch._errors import module_getattr
from mstorch._ops import indexing, pointwise, rotary
from mstorch._tensor import wrap


def fused_apply_rotary_pos_emb(t, freqs, transpose_output_memory=False):
    """(length, batch, heads, size) with the first columns, as many as `freqs` has, turned by these
    angles, (length, 1, 1, columns), by halves. How the result lies in memory is not asked here.
    """
    return rotary.rotary_position_embedding(t, *_tables(freqs))


def fused_apply_rotary_pos_emb_thd(t, cu_seqlens, freqs):
    """The same for packed sequences, (total length, heads, size): `cu_seqlens` has 0 and the ends,
    and each begins with the first angle.
    """
    ends = cu_seqlens._a
    lengths = numpy.diff(ends)
    places = numpy.arange(int(ends[-1])) - numpy.repeat(ends[:-1], lengths)
    angles = indexing.index_select(freqs, 0, wrap(places.astype(numpy.int64)))
    return rotary.rotary_position_embedding(t, *_tables(angles[:, 0]))


def _tables(freqs):
    return pointwise.cos(freqs), pointwise.sin(freqs)


__getattr__ = module_getattr("apex.transformer.functional")
