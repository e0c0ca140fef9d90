# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What torch.cuda answers where there is no CUDA device, and attributes that speak of devices.

What PyTorch refuses there and mstorch lets the CPU do is in cpu_for_cuda_test.py.
"""

CASES = {
    "what_is_there": lambda torch: [
        torch.cuda.is_available(),
        torch.cuda.is_initialized(),
        torch.cuda.device_count(),
        torch.cuda.is_bf16_supported(),
        torch.cuda.get_arch_list(),
    ],
    "memory": lambda torch: [
        torch.cuda.memory_allocated(),
        torch.cuda.memory_reserved(),
        torch.cuda.max_memory_allocated(),
        torch.cuda.memory_stats(),
        torch.cuda.empty_cache(),
    ],
    "seeds": lambda torch: [
        torch.cuda.manual_seed(1),
        torch.cuda.manual_seed_all(1),
        torch.cuda.seed(),
        torch.cuda.get_rng_state_all(),
        torch.cuda.set_rng_state_all([]),
        torch.cuda.set_rng_state(torch.get_rng_state()),
    ],
    "no_stream_is_accepted": lambda torch: [torch.cuda.set_stream(None), _within(torch)],
    "making_a_graph": lambda torch: torch.cuda.CUDAGraph(),
    "recording_a_graph": lambda torch: torch.cuda.graph(None),
    "asking_a_monitor": lambda torch: torch.cuda.utilization(),
    "asking_for_a_pool": lambda torch: torch.cuda.graph_pool_handle(),
    "sparse_indices": lambda torch: torch.ones(2).indices(),
    "sparse_values": lambda torch: torch.ones(2).values(),
    "attributes_of_a_dense_tensor": lambda torch: [
        torch.ones(2).name,
        torch.ones(2).grad_dtype,
        torch.ones(2).dequantize(),
        torch.ones(2).to_dense(),
        torch.ones(2).is_pinned(),
    ],
    "resizing": lambda torch: _resized(torch),
}


def _within(torch):
    with torch.cuda.stream(None), torch.cuda.device(-1), torch.cuda.device_of(torch.ones(1)):
        return torch.ones(2)


def _resized(torch):
    x = torch.arange(6.0)
    small, again = x.clone().resize_(2, 2), x.clone().resize_(2).resize_(3, 2)
    grown = x.clone().resize_(9)[:6]
    return small, again, grown, x[2:].resize_(2, 2)


def tolerance(name):
    """Everything is equal."""
    return {}
