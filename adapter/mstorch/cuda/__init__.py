# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""torch.cuda in a process without an accelerator: the CPU stands in for it.

What asks whether there is a device answers no, as in a CPU build of torch, so that programs with a
way for the CPU take it. Those without one run all the same: what they move to the current device
stays, streams have nothing to do, and the device's random stream is the CPU's. What only a device
can tell or do, its properties and graphs, is an error as in torch.
"""

import collections

from mstorch import _device, _dtypes
from mstorch._errors import module_getattr
from mstorch._ops.creation import legacy_type
from mstorch._random import default_generator
from mstorch.cuda import amp, random, streams
from mstorch.cuda.streams import Event, Stream

__all__ = ["Event", "Stream", "amp", "random", "streams"]

default_generators = (default_generator,)


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
    """Nothing to initialise."""


def _lazy_call(callable, **kwargs):
    """Call at once: nothing has to be initialised first."""
    callable()


def init():
    """Nothing to initialise."""


def current_device():
    """0, the number of the CPU that stands in."""
    return 0


def set_device(device):
    """There is nothing to choose from."""


def synchronize(device=None):
    """Everything is done already."""


def current_stream(device=None):
    """The one stream that there is."""
    return Stream()


default_stream = current_stream


def _no_device():
    raise AssertionError("Torch not compiled with CUDA enabled")


def _needs_device(name):
    def call(*args, **kwargs):
        _no_device()

    call.__name__ = name
    call.__doc__ = f"torch.cuda.{name}: an AssertionError, as there is no CUDA device."
    return call


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
    """There is nothing to choose from."""


class StreamContext:
    """A context that would select a stream."""

    def __init__(self, stream):
        self.stream = stream

    def __enter__(self):
        return None

    def __exit__(self, *error):
        return False


def stream(stream):
    """A context that would select a stream."""
    return StreamContext(stream)


class device:
    """A context that would select a device."""

    def __init__(self, device):
        self.idx = device.index if isinstance(device, _device.device) else device

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


class device_of(device):
    """A context that would select the device of a tensor."""

    def __init__(self, obj):
        super().__init__(None)


def _needs_build(name, message):
    """A class that can be named and tested with isinstance, and whose instances need CUDA."""

    def __init__(self, *args, **kwargs):  # noqa: N807  it becomes a method
        raise RuntimeError(message)

    doc = f"torch.cuda.{name}: creating one is a RuntimeError, as there is no CUDA device."
    return type(name, (), {"__init__": __init__, "__doc__": doc})


CUDAGraph = _needs_build("CUDAGraph", "Tried to instantiate dummy base class CUDAGraph")
graph = _needs_build("graph", "torch.cuda.Stream requires CUDA support")


def _legacy(name, dtype):
    """A type like torch.cuda.FloatTensor, which makes tensors on the CPU, that are no instances."""
    base = legacy_type(name, dtype)

    class Meta(type(base)):
        def __instancecheck__(cls, instance):
            return False

    return Meta(name, (), {"dtype": dtype})


FloatTensor = _legacy("cuda.FloatTensor", _dtypes.float32)
HalfTensor = _legacy("cuda.HalfTensor", _dtypes.float16)
BFloat16Tensor = _legacy("cuda.BFloat16Tensor", _dtypes.bfloat16)
LongTensor = _legacy("cuda.LongTensor", _dtypes.int64)
__getattr__ = module_getattr("torch.cuda")
