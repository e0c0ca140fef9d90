# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""grouped_gemm.ops: rows, grouped by expert, times the matrices of the experts, by msops."""

from mstorch._errors import missing, module_getattr
from mstorch._ops import experts


def gmm(a, b, batch_sizes, trans_a=False, trans_b=False):
    """Rows of `a`, batch_sizes[e] one after the other for each e, times b[e] (transposed with
    `trans_b`). Recorded.
    """
    if trans_a:
        raise missing("grouped_gemm.ops.gmm", "trans_a, which is the gradient of b; ask backward")
    return experts.grouped_rows(a, b, batch_sizes, trans_b)


__getattr__ = module_getattr("grouped_gemm.ops")
