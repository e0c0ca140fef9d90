# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.random: the state of the default generator."""

import contextlib

from mstorch import _random
from mstorch._errors import module_getattr

default_generator = _random.default_generator


def manual_seed(seed):
    """Start the default stream anew; returns the generator."""
    return default_generator.manual_seed(seed)


def seed():
    """Start the default stream from a random seed; returns it."""
    return default_generator.seed()


def initial_seed():
    """The seed that the default stream started from."""
    return default_generator.initial_seed()


def get_rng_state():
    """The state of the default stream, as a tensor of bytes."""
    return default_generator.get_state()


def set_rng_state(new_state):
    """Continue the default stream from a state."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices=None, enabled=True, device_type="cuda"):
    """Give the default stream back its state at the end."""
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)


__getattr__ = module_getattr("torch.random")
