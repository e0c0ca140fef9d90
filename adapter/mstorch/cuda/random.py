# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cuda.random: the streams of CUDA devices, of which there are none."""

from mstorch._errors import module_getattr


def get_rng_state(device="cuda"):
    """An AssertionError: there is no CUDA device."""
    raise AssertionError("Torch not compiled with CUDA enabled")


def set_rng_state(new_state, device="cuda"):
    """Kept by torch for the moment when a device is initialised, which never comes."""


def get_rng_state_all():
    """[]: there are no devices."""
    return []


def set_rng_state_all(new_states):
    """The states of no devices."""
    for state in new_states:
        set_rng_state(state)


def manual_seed(seed):
    """Nothing to seed."""
    int(seed)


def manual_seed_all(seed):
    """Nothing to seed."""
    int(seed)


def seed():
    """Nothing to seed."""


def seed_all():
    """Nothing to seed."""


def initial_seed():
    """An AssertionError: there is no CUDA device."""
    raise AssertionError("Torch not compiled with CUDA enabled")


__getattr__ = module_getattr("torch.cuda.random")
