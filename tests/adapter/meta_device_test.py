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
    "filling": lambda m: m.fill_(1),
    "assigning": lambda m: m[0].__setitem__(0, 1),
    "moving": lambda m: m.to("cpu"),
    "moving by cpu()": lambda m: m.cpu(),
    "moving by cuda()": lambda m: m.cuda(),
    "converting": lambda m: m.to(torch.float64),
    "a number": lambda m: float(m[0, 0]),
    "a decision": lambda m: bool(m[0, 0]),
    "an array": lambda m: m.numpy(),
    "a list": lambda m: m.tolist(),
    "memory": lambda m: m.untyped_storage(),
    "copying out": lambda m: m.clone(),
    "iterating": lambda m: list(m),
    "a parameter": torch.nn.Parameter,
}


@pytest.mark.parametrize("compute", _COMPUTATIONS.values(), ids=_COMPUTATIONS.keys())
def test_computing_with_one_is_an_error(compute) -> None:
    with pytest.raises((NotImplementedError, TypeError), match="meta device|got bool"):
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
