# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cuda in a process without CUDA: what asks answers no, what needs a device is an error,
seeds are kept for later.

That is what a CPU build of torch does. Streams, events and graphs can be named, and made only where
there is a device.
"""

import collections

from mstorch import _device, _dtypes
from mstorch._errors import module_getattr
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
synchronize = _needs_device("synchronize")
get_device_properties = _needs_device("get_device_properties")
get_device_name = _needs_device("get_device_name")
get_device_capability = _needs_device("get_device_capability")
can_device_access_peer = _needs_device("can_device_access_peer")
ipc_collect = _needs_device("ipc_collect")
current_blas_handle = _needs_device("current_blas_handle")
cudart = _needs_device("cudart")
get_rng_state = random.get_rng_state
get_rng_state_all = random.get_rng_state_all
initial_seed = random.initial_seed
manual_seed = random.manual_seed
manual_seed_all = random.manual_seed_all
seed = random.seed
seed_all = random.seed_all
set_rng_state = random.set_rng_state
set_rng_state_all = random.set_rng_state_all
mem_get_info = _needs_device("mem_get_info")


def _needs_monitor(name):
    def call(device=None):
        raise ModuleNotFoundError(
            "nvidia-ml-py does not seem to be installed or it can't be imported."
        )

    call.__name__ = name
    call.__doc__ = f"torch.cuda.{name}: a ModuleNotFoundError, as nothing monitors devices."
    return call


utilization = _needs_monitor("utilization")
temperature = _needs_monitor("temperature")
power_draw = _needs_monitor("power_draw")
clock_rate = _needs_monitor("clock_rate")


def graph_pool_handle():
    """A RuntimeError: graphs need a CUDA device."""
    raise RuntimeError("Tried to instantiate dummy base class _graph_pool_handle")


def is_current_stream_capturing():
    """A RuntimeError: graphs need a CUDA device."""
    raise RuntimeError("Tried to instantiate dummy base class _cuda_isCurrentStreamCapturing")


def get_arch_list():
    """[]: nothing was compiled for CUDA."""
    return []


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
    return collections.OrderedDict()


def set_stream(stream):
    """No stream can exist; None is accepted and changes nothing, as in torch."""
    if stream is not None:
        _lazy_init()


class StreamContext:
    """A context that would select a stream: None is accepted and changes nothing."""

    def __init__(self, stream):
        set_stream(stream)
        self.stream = stream

    def __enter__(self):
        return None

    def __exit__(self, *error):
        return False


def stream(stream):
    """A context that would select a stream."""
    return StreamContext(stream)


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


class device_of(device):
    """A context that would select the device of a tensor, which is never a CUDA device here."""

    def __init__(self, obj):
        super().__init__(None)


def _needs_build(name, message):
    """A class that can be named and tested with isinstance, and whose instances need CUDA."""

    def __init__(self, *args, **kwargs):  # noqa: N807  it becomes a method
        raise RuntimeError(message)

    doc = f"torch.cuda.{name}: creating one is a RuntimeError, as there is no CUDA device."
    return type(name, (), {"__init__": __init__, "__doc__": doc})


Stream = _needs_build("Stream", "torch.cuda.Stream requires CUDA support")
Event = _needs_build("Event", "Tried to instantiate dummy base class Event")
CUDAGraph = _needs_build("CUDAGraph", "Tried to instantiate dummy base class CUDAGraph")
graph = _needs_build("graph", "torch.cuda.Stream requires CUDA support")


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
