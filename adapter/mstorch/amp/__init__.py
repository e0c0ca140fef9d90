# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.amp.

Casting while computing is not here yet: a disabled autocast works, an enabled one is an error.
"""

import functools

from mstorch._errors import absent_class, missing, module_getattr


class autocast:
    """A context and decorator; `enabled=False` is a no-op, anything else NotImplementedError."""

    def __init__(self, device_type="cuda", dtype=None, enabled=True, cache_enabled=None):
        if enabled and device_type != "cuda":
            raise missing("torch.autocast", "mixed precision")
        self._enabled = False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __call__(self, function):
        return function


def is_autocast_available(device_type):
    """False: no device has autocast."""
    return False


def custom_fwd(fwd=None, *, device_type=None, cast_inputs=None):
    """Decorates Function.forward; without autocast there is nothing to note."""
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)
    return fwd


def custom_bwd(bwd=None, *, device_type=None):
    """Decorates Function.backward; without autocast there is nothing to restore."""
    return functools.partial(custom_bwd, device_type=device_type) if bwd is None else bwd


GradScaler = absent_class("torch.amp.GradScaler")

__getattr__ = module_getattr("torch.amp")
