# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cuda.random: the random stream of the accelerator, which is the CPU's where there is none.

Seeding it seeds the one stream that there is.
"""

from mstorch._errors import module_getattr
from mstorch._random import default_generator


def get_rng_state(device="cuda"):
    """The state of the default stream, as a tensor of bytes."""
    return default_generator.get_state()


def set_rng_state(new_state, device="cuda"):
    """Continue the default stream from a state."""
    default_generator.set_state(new_state)


def get_rng_state_all():
    """[]: there are no devices."""
    return []


def set_rng_state_all(new_states):
    """The states of no devices."""
    for state in new_states:
        set_rng_state(state)


def manual_seed(seed):
    """Start the default stream anew."""
    default_generator.manual_seed(seed)


def manual_seed_all(seed):
    """Start the default stream anew."""
    default_generator.manual_seed(seed)


def seed():
    """Start the default stream anew from a seed of the system's."""
    default_generator.seed()


def seed_all():
    """Start the default stream anew from a seed of the system's."""
    default_generator.seed()


def initial_seed():
    """The seed that the default stream started from."""
    return default_generator.initial_seed()


__getattr__ = module_getattr("torch.cuda.random")
