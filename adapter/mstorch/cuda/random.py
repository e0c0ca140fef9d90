# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cuda.random: the streams of CUDA devices, of which there are none."""

from mstorch._errors import module_getattr


def get_rng_state(device="cuda"):
    """An AssertionError: there is no CUDA device."""
    raise AssertionError("Torch not compiled with CUDA enabled")


def set_rng_state(new_state, device="cuda"):
    """Kept by torch for the moment when a device is initialised, which never comes."""


__getattr__ = module_getattr("torch.cuda.random")
