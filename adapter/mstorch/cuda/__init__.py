# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cuda in a process without CUDA: what asks answers no, what needs a device is an error,
seeds are kept for later.

That is what a CPU build of torch does. Streams, events and graphs can be named, and made only where
there is a device.
"""

import contextlib

from mstorch import _device, _dtypes
from mstorch._errors import absent_class, module_getattr
from mstorch._ops.creation import legacy_type
from mstorch.cuda import amp, random

__all__ = ["amp", "random"]

default_generators = ()


def is_available():
    """False: there is no CUDA device."""
    return False


def is_initialized():
    """False: there is nothing to initialise."""
    return False


def device_count():
    """0."""
    return 0


def is_bf16_supported(including_emulation=True):
    """False: there is no CUDA device."""
    return False


def _lazy_init():
    raise AssertionError("Torch not compiled with CUDA enabled")


def _lazy_call(callback, **kwargs):
    """Keep a call for the moment when a device is initialised, which never comes."""


def init():
    """An error: there is no CUDA device."""
    _lazy_init()


def manual_seed(seed):
    """Nothing to seed."""
    int(seed)


manual_seed_all = manual_seed


def _needs_device(name):
    def call(*args, **kwargs):
        _lazy_init()

    call.__name__ = name
    call.__doc__ = f"torch.cuda.{name}: an AssertionError, as there is no CUDA device."
    return call


current_device = _needs_device("current_device")
current_stream = _needs_device("current_stream")
default_stream = _needs_device("default_stream")
set_device = _needs_device("set_device")
set_stream = _needs_device("set_stream")
synchronize = _needs_device("synchronize")
get_device_properties = _needs_device("get_device_properties")
get_device_name = _needs_device("get_device_name")
get_device_capability = _needs_device("get_device_capability")
get_rng_state = random.get_rng_state
set_rng_state = random.set_rng_state
mem_get_info = _needs_device("mem_get_info")
utilization = _needs_device("utilization")
temperature = _needs_device("temperature")
power_draw = _needs_device("power_draw")
clock_rate = _needs_device("clock_rate")
graph_pool_handle = _needs_device("graph_pool_handle")


def empty_cache():
    """Nothing to free."""


def memory_allocated(device=None):
    """0 bytes."""
    return 0


def memory_reserved(device=None):
    """0 bytes."""
    return 0


def max_memory_allocated(device=None):
    """0 bytes."""
    return 0


def max_memory_reserved(device=None):
    """0 bytes."""
    return 0


def reset_peak_memory_stats(device=None):
    """Nothing to reset."""


def memory_stats(device=None):
    """No statistics."""
    return {}


@contextlib.contextmanager
def stream(stream):
    """No stream can exist; None is accepted and changes nothing, as in torch."""
    if stream is not None:
        _lazy_init()
    yield


class device:
    """A context that would select a device; here it accepts None and negative numbers alone."""

    def __init__(self, device):
        number = device.index if isinstance(device, _device.device) else device
        if number is not None and (not isinstance(number, int) or number >= 0):
            _lazy_init()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


Stream = absent_class("torch.cuda.Stream", "there is no CUDA device")
Event = absent_class("torch.cuda.Event", "there is no CUDA device")
CUDAGraph = absent_class("torch.cuda.CUDAGraph", "there is no CUDA device")
graph = absent_class("torch.cuda.graph", "there is no CUDA device")


def _legacy(name, dtype):
    """A type like torch.cuda.FloatTensor, which no tensor here is an instance of."""
    base = legacy_type(name, dtype)

    class Meta(type(base)):
        def __instancecheck__(cls, instance):
            return False

        def __call__(cls, *args, **kwargs):
            _lazy_init()

    return Meta(name, (), {"dtype": dtype})


FloatTensor = _legacy("cuda.FloatTensor", _dtypes.float32)
HalfTensor = _legacy("cuda.HalfTensor", _dtypes.float16)
BFloat16Tensor = _legacy("cuda.BFloat16Tensor", _dtypes.bfloat16)
LongTensor = _legacy("cuda.LongTensor", _dtypes.int64)
__getattr__ = module_getattr("torch.cuda")
