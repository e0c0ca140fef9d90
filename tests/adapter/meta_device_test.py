# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Tensors of the meta device have shapes and no numbers, and nothing makes numbers of them."""

import copy
import resource

import pytest

import mstorch as torch

functional = torch.nn.functional

_COMPUTATIONS = {
    "sum": lambda m: m + 1,
    "sum from the right": lambda m: torch.ones(3, 4) + m,
    "product": lambda m: torch.matmul(torch.ones(2, 3), m),
    "total": lambda m: m.sum(),
    "comparison": lambda m: m == m,
    "gelu": functional.gelu,
    "rms_norm": lambda m: functional.rms_norm(m, (4,)),
    "layer_norm": lambda m: functional.layer_norm(m, (4,)),
    "embedding": lambda m: functional.embedding(torch.tensor([1]), m),
    "cross_entropy": lambda m: functional.cross_entropy(m, torch.tensor([1, 1, 1])),
    "dropout": lambda m: functional.dropout(m, 0.5),
    "joining": lambda m: torch.cat([m, m]),
    "copying": lambda m: torch.ones(3, 4).copy_(m),
    "assigning": lambda m: m[0].__setitem__(0, 1),
    "moving": lambda m: m.to("cpu"),
    "moving by cpu()": lambda m: m.cpu(),
    "moving by cuda()": lambda m: m.cuda(),
    "a number": lambda m: float(m[0, 0]),
    "a decision": lambda m: bool(m[0, 0]),
    "an array": lambda m: m.numpy(),
    "a list": lambda m: m.tolist(),
    "memory": lambda m: m.untyped_storage(),
    "iterating": lambda m: list(m),
}


@pytest.mark.parametrize("compute", _COMPUTATIONS.values(), ids=_COMPUTATIONS.keys())
def test_computing_with_one_is_an_error(compute) -> None:
    with pytest.raises((NotImplementedError, TypeError), match="meta device|meta tensor|got bool"):
        compute(torch.empty(3, 4, device="meta"))


def test_one_says_where_it_is() -> None:
    tensor = torch.zeros(2, 3, device=torch.device("meta"))
    assert tensor.is_meta
    assert not tensor.is_cpu
    assert str(tensor.device) == "meta"
    assert "device='meta', size=(2, 3)" in repr(tensor)
    assert f"{tensor}" == str(copy.deepcopy(tensor)) == repr(tensor)


def test_views_stay_on_the_device() -> None:
    tensor = torch.empty(6, 4, device="meta")
    views = [tensor.flatten()[3:7], tensor.t(), *tensor.chunk(2), tensor.narrow(0, 1, 2)]
    assert all(view.is_meta for view in views)


def test_one_takes_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tensor = torch.empty(1 << 15, 1 << 13, device="meta")
    assert tensor.nbytes == 1 << 30
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


_LIKE_ANOTHER = {
    "filled": lambda m: m.fill_(1),
    "drawn": lambda m: m.normal_(),
    "cloned": lambda m: m.clone(),
    "copied over": lambda m: m.copy_(torch.ones(3, 4)),
    "new": lambda m: m.new_zeros(3, 4),
    "empty": torch.empty_like,
    "full": lambda m: torch.full_like(m, 2.0),
    "random": torch.rand_like,
    "its data": lambda m: m.data,
    "a parameter": torch.nn.Parameter,
    "initialised": torch.nn.init.trunc_normal_,
    "moved there": lambda m: torch.ones(3, 4).to("meta"),
    "moved to another's device": lambda m: torch.ones(3, 4).to(m),
}


@pytest.mark.parametrize("make", _LIKE_ANOTHER.values(), ids=_LIKE_ANOTHER.keys())
def test_what_needs_no_numbers_gives_another_and_draws_none(make) -> None:
    torch.manual_seed(3)
    made = make(torch.empty(3, 4, device="meta"))
    assert made.is_meta
    assert (tuple(made.shape), made.dtype, made.data_ptr()) == ((3, 4), torch.float32, 0)
    assert torch.initial_seed() == 3
    drawn = torch.rand(1)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(1))


def test_types_are_converted() -> None:
    tensor = torch.empty(3, 4, device="meta")
    assert tensor.half().dtype is tensor.to("meta", torch.float16).dtype is torch.float16
    assert tensor.to(torch.float32) is tensor


def test_parameters_say_whether_they_want_gradients() -> None:
    parameter = torch.nn.Parameter(torch.empty(2, device="meta"))
    assert isinstance(parameter, torch.nn.Parameter)
    assert parameter.requires_grad
    assert parameter.is_leaf
    assert "requires_grad=True" in repr(copy.deepcopy(parameter))
    assert not torch.nn.Parameter(parameter, requires_grad=False).requires_grad


def test_new_tensors_are_on_the_device_of_the_context_unless_they_say_where() -> None:
    with torch.device("meta"):
        assert torch.get_default_device().type == "meta"
        assert torch.ones(2).is_meta
        assert torch.tensor([1.0]).is_meta
        assert torch.arange(3).is_meta
        assert not torch.ones(2, device="cpu").is_meta
        with torch.device("cpu"):
            ones = torch.ones(2)
            assert not ones.is_meta
        assert not torch.zeros_like(ones).is_meta
        assert not torch.from_numpy(ones.numpy()).is_meta
    assert not torch.ones(2).is_meta
    assert torch.get_default_device().type == "cpu"


def test_a_default_device_is_set_and_taken_back() -> None:
    torch.set_default_device("meta")
    try:
        assert torch.ones(2).is_meta
    finally:
        torch.set_default_device(None)
    assert not torch.ones(2).is_meta
    assert torch.device("meta")(lambda: torch.ones(2).is_meta)()


def test_a_network_is_built_without_numbers_and_given_them_later() -> None:
    with torch.device("meta"):
        network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    assert all(tensor.is_meta for tensor in network.state_dict().values())
    given = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    network.load_state_dict(given.state_dict(), assign=True)
    inputs = torch.rand(5, 3)
    assert torch.equal(network(inputs), given(inputs))
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_network_takes_memory_when_it_is_made_empty() -> None:
    network = torch.nn.Linear(3, 4, device="meta")
    with pytest.raises(NotImplementedError, match="to_empty"):
        network.to("cpu")
    network.to_empty(device="cpu")
    torch.nn.init.ones_(network.weight)
    torch.nn.init.zeros_(network.bias)
    assert network(torch.ones(1, 3)).tolist() == [[3.0] * 4]
    assert network.to("meta").weight.is_meta


def test_copying_into_a_network_without_memory_warns() -> None:
    network = torch.nn.Linear(3, 4, device="meta")
    with pytest.warns(UserWarning, match="assign=True"):
        network.load_state_dict(torch.nn.Linear(3, 4).state_dict())


def test_files_are_loaded_without_their_numbers(tmp_path) -> None:
    saved = {"weight": torch.nn.Parameter(torch.ones(3, 4)), "part": torch.ones(9)[2:5]}
    torch.save(saved, tmp_path / "file")
    loaded = torch.load(tmp_path / "file", map_location="meta")
    assert [tensor.device.type for tensor in loaded.values()] == ["meta", "meta"]
    assert loaded["weight"].requires_grad
    assert loaded["weight"].shape == (3, 4)
