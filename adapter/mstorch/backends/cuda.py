# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.backends.cuda: switches of a back-end that is not there; they can be set and change
nothing.
"""

from mstorch._errors import module_getattr


class _Switches:
    """Matrix product options of CUDA."""

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True


matmul = _Switches()


def is_built():
    """False."""
    return False


def enable_flash_sdp(enabled):
    """Nothing: attention has one form here, whichever kernels are allowed."""


enable_mem_efficient_sdp = enable_math_sdp = enable_cudnn_sdp = enable_flash_sdp


__getattr__ = module_getattr("torch.backends.cuda")
