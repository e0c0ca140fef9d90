# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Meshes, distributed tensors and sharded modules of one process hold everything, and say so."""

from collections.abc import Iterator

import pytest

import mstorch
from mstorch.distributed import DeviceMesh, checkpoint, init_device_mesh
from mstorch.distributed._composable.fsdp import FSDPModule, fully_shard
from mstorch.distributed.remote_device import _remote_device
from mstorch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from mstorch.futures import Future, wait_all


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """torch.distributed with this process alone."""
    mstorch.distributed.init_process_group("gloo", rank=0, world_size=1)
    yield
    mstorch.distributed.destroy_process_group()


def test_a_mesh_of_one_process_has_a_group_for_each_dimension() -> None:
    group = mstorch.distributed.group.WORLD
    mesh = DeviceMesh.from_group(group, "cpu")
    assert (mesh.ndim, mesh.size(), mesh.shape, mesh.get_group()) == (1, 1, (1,), group)
    grid = init_device_mesh("cpu", (1, 1), mesh_dim_names=("dp", "tp"))
    assert grid.mesh.tolist() == [[0]]
    assert grid.get_coordinate() == [0, 0]
    assert grid["tp"].get_group() is grid.get_group("tp")
    assert grid["dp", "tp"].mesh_dim_names == ("dp", "tp")
    with pytest.raises(RuntimeError, match="name one"):
        grid.get_group()
    assert DeviceMesh("cpu", [0]) == mesh


def test_a_mesh_of_more_processes_is_refused() -> None:
    for make in (
        lambda: DeviceMesh("cpu", [0, 1]),
        lambda: DeviceMesh("cpu", mstorch.tensor([[0, 1], [2, 3]])),
        lambda: init_device_mesh("cpu", (2,)),
    ):
        with pytest.raises(NotImplementedError, match=r"torch\.distributed\.DeviceMesh"):
            make()


def test_a_distributed_tensor_is_here_whole_however_it_is_placed() -> None:
    mesh = DeviceMesh("cpu", [0])
    for placement in (Replicate(), Shard(0), Shard(-1)):
        weight = mstorch.nn.Parameter(mstorch.arange(6.0).reshape(2, 3))
        tensor = distribute_tensor(weight.detach(), mesh, [placement]).requires_grad_()
        assert isinstance(tensor, DTensor)
        assert isinstance(tensor, mstorch.Tensor)
        assert tensor.device_mesh is mesh
        (tensor.full_tensor() * tensor.to_local()).sum().backward()
        assert tensor.grad.tolist() == (2 * weight).tolist()
        assert type(tensor.full_tensor()) is mstorch.Tensor
        assert tensor.to_local().data_ptr() == weight.data_ptr()
    assert tensor.placements == (Shard(1),)
    assert tensor.redistribute(placements=[Replicate()]).placements == (Replicate(),)


def test_gradients_flow_to_the_local_part() -> None:
    local = mstorch.ones(3, requires_grad=True)
    tensor = DTensor.from_local(local * 2, placements=[Partial()])
    tensor.full_tensor().sum().backward()
    assert local.grad.tolist() == [2, 2, 2]


def test_a_tensor_cannot_be_placed_otherwise_than_it_says() -> None:
    mesh = DeviceMesh("cpu", [0])
    tensor = distribute_tensor(mstorch.ones(2, 2), mesh, [Shard(0)])
    assert distribute_tensor(tensor, mesh, [Shard(0)]) is tensor
    with pytest.raises(ValueError, match="redistribute"):
        distribute_tensor(tensor, mesh, [Shard(1)])
    with pytest.raises(ValueError, match="same length"):
        distribute_tensor(mstorch.ones(2), mesh, [Shard(0), Shard(0)])
    with pytest.raises(IndexError, match="outside a tensor"):
        distribute_tensor(mstorch.ones(2), mesh, [Shard(1)])
    with pytest.raises(ValueError, match="cannot be distributed"):
        distribute_tensor(mstorch.ones(2), mesh, [Partial()])
    with pytest.raises(RuntimeError, match="leaf"):
        distribute_tensor(mstorch.ones(2, requires_grad=True) * 2, mesh)


@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
def test_a_distributed_tensor_is_saved_as_the_whole_and_never_as_a_lookalike(tmp_path) -> None:
    tensor = distribute_tensor(mstorch.arange(4.0), DeviceMesh("cpu", [0]), [Shard(0)])
    checkpoint.save({"a": tensor}, checkpoint_id=tmp_path)
    plain, spread = mstorch.zeros(4), distribute_tensor(mstorch.zeros(4))
    for target in (plain, spread):
        checkpoint.load({"a": target}, checkpoint_id=tmp_path)
        assert target.tolist() == [0, 1, 2, 3]
    with pytest.raises(NotImplementedError, match="to_local"):
        mstorch.save(tensor, tmp_path / "file.pt")


def test_a_sharded_module_computes_as_before() -> None:
    module = mstorch.nn.Linear(2, 2)
    x = mstorch.ones(1, 2)
    before = module(x)
    assert fully_shard(module, mesh=DeviceMesh("cpu", [0])) is module
    assert isinstance(module, FSDPModule)
    assert isinstance(module, mstorch.nn.Linear)
    module.set_modules_to_backward_prefetch([])
    module.unshard()
    assert mstorch.equal(module(x), before)
    with pytest.raises(ValueError, match="before"):
        fully_shard(module)
    with pytest.raises(NotImplementedError, match="mp_policy"):
        fully_shard(mstorch.nn.Linear(2, 2), mp_policy=object())
    with pytest.raises(TypeError, match="DeviceMesh"):
        fully_shard(mstorch.nn.Linear(2, 2), mesh=5)


def test_what_needs_a_device_says_so() -> None:
    with pytest.raises(NotImplementedError, match="NCCL"):
        mstorch.distributed._make_nccl_premul_sum(2.0)
    for name in ("ring_exchange", "ProcessGroupNCCL"):
        assert not hasattr(mstorch.distributed, name)


def test_a_remote_device_is_read_in_every_form() -> None:
    for text, parts in {
        "rank:3/cuda:1": (3, None, "cuda:1"),
        "rank:0": (0, None, "cpu"),
        "trainer/cpu": (None, "trainer", "cpu"),
        "trainer": (None, "trainer", "cpu"),
        "cuda:0": (None, None, "cuda:0"),
    }.items():
        place = _remote_device(text)
        assert (place.rank(), place.worker_name(), str(place.device())) == parts
        assert _remote_device(str(place)) == place
    for text in ("", "rank:x/cpu", "a/b/c", "a:b:c/cpu"):
        with pytest.raises(ValueError, match="Could not parse"):
            _remote_device(text)


def test_a_future_is_set_once_and_tells_who_asked() -> None:
    future: Future = Future()
    told = []
    future.add_done_callback(lambda f: told.append(f.wait()))
    doubled = future.then(lambda f: 2 * f.value())
    failing = future.then(lambda f: 1 // 0)
    with pytest.raises(RuntimeError, match="no value yet"):
        future.value()
    assert not future.done()
    future.set_result(3)
    assert (told, doubled.wait(), wait_all([future])) == ([3], 6, [3])
    with pytest.raises(ZeroDivisionError):
        failing.wait()
    with pytest.raises(RuntimeError, match="completed before"):
        future.set_result(4)
    with pytest.raises(TypeError, match="not an Exception"):
        Future().set_exception(5)
