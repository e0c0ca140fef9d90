# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Where there is no CUDA device the CPU stands in for it: code without a way for the CPU runs."""

import pytest

import mstorch as torch


def test_programs_that_ask_are_told_that_there_is_no_device() -> None:
    assert not torch.cuda.is_available()
    assert torch.cuda.device_count() == 0
    assert not torch.ones(1).is_cuda


_MOVES = {
    "to the current device": lambda x: x.to(device=torch.cuda.current_device()),
    "to a device by name": lambda x: x.to("cuda:1"),
    "to a device": lambda x: x.to(torch.device("cuda", torch.cuda.current_device())),
    "by cuda()": lambda x: x.cuda(non_blocking=True),
    "as a module": lambda x: _holding(x).cuda().weight.data,
    "as a module to a device": lambda x: _holding(x).to("cuda", torch.float32).weight.data,
}


def _holding(x: torch.Tensor) -> torch.nn.Module:
    module = torch.nn.Module()
    module.weight = torch.nn.Parameter(x)
    return module


@pytest.mark.parametrize("move", _MOVES.values(), ids=_MOVES.keys())
def test_what_is_moved_to_the_device_stays_where_it_is(move) -> None:
    x = torch.arange(3.0)
    moved = move(x)
    assert moved.data_ptr() == x.data_ptr()
    assert moved.device == torch.device("cpu")


def test_what_is_made_on_the_device_is_on_the_cpu() -> None:
    made = [
        torch.ones(2, device="cuda"),
        torch.empty(2, device=torch.cuda.current_device()),
        torch.tensor([1, 2], device=torch.device("cuda")),
        torch.cuda.FloatTensor([1.0]),
        torch.ones(2).new_zeros(3, device="cuda:0"),
    ]
    assert {str(tensor.device) for tensor in made} == {"cpu"}


@pytest.mark.parametrize("name", ["xpu", "mps"])
def test_another_device_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(NotImplementedError, match=name):
        torch.ones(2, device=name)


def test_the_stream_of_the_device_is_that_of_the_cpu() -> None:
    torch.manual_seed(5)
    state = torch.cuda.get_rng_state()
    expected = torch.rand(4)
    torch.cuda.set_rng_state(state)
    assert torch.equal(torch.rand(4, device="cuda"), expected)
    torch.cuda.manual_seed(5)
    assert torch.cuda.initial_seed() == torch.initial_seed() == 5
    assert torch.equal(torch.rand(4), expected)
    torch.cuda.default_generators[torch.cuda.current_device()].set_state(state)
    assert torch.equal(torch.rand(4), expected)


def test_streams_and_events_have_nothing_to_wait_for() -> None:
    side, x = torch.cuda.Stream(), torch.ones(2)
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side), torch.cuda.device(0):
        x += 1
        x.record_stream(side)
        done = side.record_event()
    torch.cuda.current_stream().wait_event(done)
    torch.cuda.synchronize()
    assert done.query()
    assert side == torch.cuda.default_stream()
    assert x.tolist() == [2.0, 2.0]


def test_events_tell_the_time_between_them() -> None:
    first, second = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    with pytest.raises(ValueError, match="must be recorded"):
        first.elapsed_time(second)
    first.record()
    second.record()
    assert first.elapsed_time(second) >= 0
    assert second.elapsed_time(first) == -first.elapsed_time(second)
    with pytest.raises(ValueError, match="enable_timing"):
        first.elapsed_time(torch.cuda.Event())


def test_what_only_a_device_can_tell_is_an_error() -> None:
    for ask in (torch.cuda.get_device_properties, torch.cuda.get_device_name):
        with pytest.raises(AssertionError, match="CUDA"):
            ask(0)
    with pytest.raises(RuntimeError):
        torch.cuda.CUDAGraph()
