# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.amp.autocast: computing products in a lower precision, and what custom functions need for
it.
"""

import collections.abc
import functools
import warnings

from mstorch import _device, _dtypes
from mstorch._autocast import state
from mstorch._errors import module_getattr
from mstorch._tensor import Tensor

_CPU_TYPES = (_dtypes.bfloat16, _dtypes.float16)


def is_autocast_available(device_type):
    """Whether the device type has autocast."""
    return _device.device(device_type).type in state.enabled


def is_autocast_enabled(device_type="cuda"):
    """Whether autocast is on for a device type."""
    return state.enabled[_known(device_type)]


def set_autocast_enabled(device_type, enabled):
    """Switch autocast for a device type."""
    state.enabled[_known(device_type)] = bool(enabled)
    state.refresh()


def get_autocast_dtype(device_type):
    """The lower type of a device type."""
    return state.dtypes[_known(device_type)]


def set_autocast_dtype(device_type, dtype):
    """Choose the lower type of a device type."""
    state.dtypes[_known(device_type)] = dtype
    state.refresh()


def is_autocast_cache_enabled():
    """Whether casts of parameters are kept until the context ends."""
    return state.caches


def set_autocast_cache_enabled(enabled):
    """Keep, or do not keep, casts of parameters until the context ends."""
    state.caches = bool(enabled)


def clear_autocast_cache():
    """Forget all casts that were kept."""
    state.cache.clear()


def autocast_increment_nesting():
    """Note that a context begins; returns how many are open."""
    state.depth += 1
    return state.depth


def autocast_decrement_nesting():
    """Note that a context ends; returns how many are open."""
    state.depth -= 1
    return state.depth


def _known(device_type):
    kind = _device.device(device_type).type
    if kind not in state.enabled:
        raise RuntimeError(f"unknown device type for autocast: {kind}")
    return kind


class autocast:
    """A context and decorator in which products are computed in `dtype`, losses in float32.

    On the CPU `dtype` is bfloat16 (the default) or float16. For "cuda" it warns and does nothing,
    as in a torch without CUDA.
    """

    def __init__(self, device_type, dtype=None, enabled=True, cache_enabled=None):
        if not isinstance(device_type, str):
            raise ValueError(
                f"Expected `device_type` of type `str`, got: `{type(device_type).__name__}`"
            )
        self.device = _known(device_type)
        self.fast_dtype = get_autocast_dtype(self.device) if dtype is None else dtype
        self._enabled = bool(enabled)
        self._cache_enabled = state.caches if cache_enabled is None else cache_enabled
        if self.device == "cuda" and self._enabled:
            self._refuse("User provided device_type of 'cuda', but CUDA is not available.")
        elif self._enabled and self.fast_dtype not in _CPU_TYPES:
            self._refuse(
                f"In {self.device.upper()} autocast, but the target dtype is not supported."
            )

    def _refuse(self, reason):
        warnings.warn(f"{reason} Disabling autocast.", stacklevel=3)
        self._enabled = False

    def __enter__(self):
        self._before = (
            state.enabled[self.device],
            state.dtypes[self.device],
            state.caches,
        )
        set_autocast_enabled(self.device, self._enabled)
        set_autocast_dtype(self.device, self.fast_dtype)
        set_autocast_cache_enabled(self._cache_enabled)
        autocast_increment_nesting()
        return self

    def __exit__(self, *error):
        if autocast_decrement_nesting() == 0:
            clear_autocast_cache()
        enabled, dtype, caches = self._before
        set_autocast_enabled(self.device, enabled)
        set_autocast_dtype(self.device, dtype)
        set_autocast_cache_enabled(caches)
        return False

    def __call__(self, function):
        @functools.wraps(function)
        def decorated(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return decorated


def _cast(value, device_type, dtype):
    """Floating point tensors of a device, except float64, in another type, inside containers
    too.
    """
    if isinstance(value, Tensor):
        eligible = (
            value.is_floating_point()
            and value.device.type == device_type
            and value.dtype is not _dtypes.float64
        )
        return value.to(dtype) if eligible else value
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, collections.abc.Mapping):
        return {
            _cast(k, device_type, dtype): _cast(v, device_type, dtype) for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(item, device_type, dtype) for item in value)
    return value


def custom_fwd(fwd=None, *, device_type, cast_inputs=None):
    """Decorates Function.forward: notes the autocast state for backward; with `cast_inputs` casts
    the inputs to that type and switches autocast off inside.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def decorated(ctx, *args, **kwargs):
        ctx._dtype = get_autocast_dtype(device_type)
        enabled = is_autocast_enabled(device_type)
        ctx._fwd_used_autocast = enabled and cast_inputs is None
        if cast_inputs is None or not enabled:
            return fwd(ctx, *args, **kwargs)
        with autocast(device_type=device_type, enabled=False):
            return fwd(
                ctx,
                *_cast(args, device_type, cast_inputs),
                **_cast(kwargs, device_type, cast_inputs),
            )

    return decorated


def custom_bwd(bwd=None, *, device_type):
    """Decorates Function.backward: the autocast state is the one of forward."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def decorated(ctx, *args, **kwargs):
        with autocast(device_type=device_type, enabled=ctx._fwd_used_autocast, dtype=ctx._dtype):
            return bwd(ctx, *args, **kwargs)

    return decorated


__getattr__ = module_getattr("torch.amp.autocast_mode")
