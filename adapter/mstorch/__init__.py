# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E402, F401  what is imported here is the API, some of it once operators are there
"""mstorch: torch's API on MindSpore.

The module tree is torch's, so converted code only changes its imports. An API that is absent raises
NotImplementedError with its torch name.
"""

import math as _math
import os as _os

from mstorch import _random, _registry, version
from mstorch._device import (
    Size,
    channels_last,
    channels_last_3d,
    contiguous_format,
    device,
    get_default_device,
    layout,
    memory_format,
    preserve_format,
    set_default_device,
    sparse_coo,
    strided,
)
from mstorch._dtypes import (
    bfloat16,
    bool,
    complex64,
    complex128,
    dtype,
    float8_e4m3fn,
    float8_e5m2,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
    uint16,
    uint32,
    uint64,
)
from mstorch._errors import module_getattr as _module_getattr
from mstorch._limits import finfo, iinfo
from mstorch._tensor import Tensor

from mstorch import _adoption, _attributes, _autocast, _batching, _dtypes, _ops  # isort: skip

_autocast.install()
_adoption.install()
_attributes.install(Tensor)
_batching.install()
globals().update(_registry.registered("torch"))
globals().update(_dtypes.ALIASES)

from mstorch import (
    _C,
    _dynamo,
    _utils,
    amp,
    autograd,
    backends,
    compiler,
    cuda,
    distributed,
    distributions,
    func,
    futures,
    fx,
    jit,
    library,
    linalg,
    mps,
    multiprocessing,
    nn,
    optim,
    random,
    serialization,
    special,
    utils,
    xpu,
)
from mstorch._control import cond
from mstorch._ops.creation import legacy_type as _legacy_type
from mstorch._ops.views import LEGACY_TYPES as _LEGACY_TYPES
from mstorch._vmap import vmap
from mstorch.amp import GradScaler, autocast
from mstorch.amp.autocast_mode import (
    autocast_decrement_nesting,
    autocast_increment_nesting,
    clear_autocast_cache,
    get_autocast_dtype,
    is_autocast_cache_enabled,
    is_autocast_enabled,
    set_autocast_cache_enabled,
    set_autocast_dtype,
    set_autocast_enabled,
)
from mstorch.amp.grad_scaler import (
    amp_foreach_non_finite_check_and_unscale_ as _amp_foreach_non_finite_check_and_unscale_,
)
from mstorch.autograd.anomaly_mode import is_anomaly_enabled
from mstorch.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from mstorch.library import ops
from mstorch.random import get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from mstorch.serialization import load, save

globals().update({name: _legacy_type(name, kind) for name, kind in _LEGACY_TYPES.items()})

__version__ = version.__version__
Generator = _random.Generator
Event, Stream = cuda.Event, cuda.Stream
default_generator = _random.default_generator
inf, nan, pi, e, newaxis = _math.inf, _math.nan, _math.pi, _math.e, None


def compile(model=None, **options):
    """The function or module itself: it stays Python, and computes the same."""
    return model if model is not None else lambda function: function


def get_autocast_gpu_dtype():
    """The type that autocast uses for CUDA."""
    return get_autocast_dtype("cuda")


def get_num_threads():
    """The number of processors that matrix products may use."""
    return len(_os.sched_getaffinity(0))


def set_num_threads(count):
    """Not possible after NumPy was loaded: set OMP_NUM_THREADS before starting."""
    if count != get_num_threads():
        raise NotImplementedError(
            "torch.set_num_threads is not implemented by mstorch: set OMP_NUM_THREADS before "
            "starting"
        )


def use_deterministic_algorithms(mode, *, warn_only=False):
    """All kernels are deterministic; nothing to switch."""


def are_deterministic_algorithms_enabled():
    """True: all kernels are deterministic."""
    return True


__getattr__ = _module_getattr("torch")
