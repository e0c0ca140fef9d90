# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""A plugin of pytest: the CPU answers for the CUDA device that a test insists on.

It is converted like the tests, so that the same changes hold for PyTorch and for mstorch: what asks
for CUDA by name gets the CPU, NCCL is gloo, streams have nothing to do, and CUDA's random stream
is that of the CPU.
"""

import functools

import torch
import torch._dynamo  # It keeps a table of torch's functions: of those that were there at first.

CPU = torch.device("cpu")
FACTORIES = [
    "arange",
    "as_tensor",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "linspace",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "tensor",
    "zeros",
    "zeros_like",
]


def here(value):
    """CPU in place of what names a CUDA device; anything else as it is."""
    if isinstance(value, str):
        return CPU if value.split(":")[0] == "cuda" else value
    if isinstance(value, torch.device):
        return CPU if value.type == "cuda" else value
    return value


def on_cpu(function):
    """A function that understands CUDA devices among its arguments as the CPU."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        named = {key: here(value) if key == "device" else value for key, value in kwargs.items()}
        return function(*map(here, args), **named)

    return call


def with_gloo(function):
    """A function that makes groups of gloo where it is asked for NCCL."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        args = ["gloo" if value == "nccl" else value for value in args]
        if kwargs.get("backend") in ("nccl", "cpu:gloo,cuda:nccl"):
            kwargs["backend"] = "gloo"
        kwargs.pop("pg_options", None)
        return function(*args, **kwargs)

    return call


class Stream:
    """A stream in which everything is done when it is asked for."""

    cuda_stream = 0

    def __init__(self, *args, **kwargs):
        pass

    def __eq__(self, other):
        return isinstance(other, Stream)

    __hash__ = object.__hash__

    def synchronize(self):
        """Nothing is waited for."""

    wait_stream = wait_event = record_event = lambda self, event=None: event


class Event(Stream):
    """An event that has happened."""

    record = wait = lambda self, stream=None: None

    def query(self):
        """True."""
        return True

    def elapsed_time(self, other):
        """No milliseconds."""
        return 0.0


class OneGenerator:
    """The generators of CUDA devices, which are all that of the CPU."""

    def __getitem__(self, device):
        return torch.default_generator


def nothing(*args, **kwargs):
    """Does nothing."""


class Unchanged:
    """A context that changes nothing."""

    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


ANSWERS = {
    "is_available": lambda: True,
    "is_initialized": lambda: True,
    "device_count": lambda: 1,
    "current_device": lambda: CPU,
    "get_device_capability": lambda device=None: (8, 0),
    "set_device": nothing,
    "synchronize": nothing,
    "device": Unchanged,
    "stream": Unchanged,
    "Stream": Stream,
    "Event": Event,
    "current_stream": lambda device=None: Stream(),
    "default_stream": lambda device=None: Stream(),
    "default_generators": OneGenerator(),
    "_lazy_call": lambda call, **kwargs: call(),
    "get_rng_state": lambda device=None: torch.get_rng_state(),
    "set_rng_state": lambda state, device=None: torch.set_rng_state(state),
    # Not torch.manual_seed: that seeds CUDA too.
    "manual_seed": lambda seed: torch.default_generator.manual_seed(seed),
    "manual_seed_all": lambda seed: torch.default_generator.manual_seed(seed),
}


def let_the_cpu_answer():
    """Changes the framework of this process."""
    for name, answer in ANSWERS.items():
        setattr(torch.cuda, name, answer)
    torch.cuda.random.get_rng_state = ANSWERS["get_rng_state"]
    for name in FACTORIES:
        setattr(torch, name, on_cpu(getattr(torch, name)))
    torch.Tensor.to = on_cpu(torch.Tensor.to)
    torch.nn.Module.to = on_cpu(torch.nn.Module.to)
    for kind in (torch.Tensor, torch.nn.Module):
        kind.cuda = lambda self, *args, **kwargs: self
    for name in ("init_process_group", "new_group"):
        setattr(torch.distributed, name, with_gloo(getattr(torch.distributed, name)))


let_the_cpu_answer()
