# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What mstorch does not have says so in torch's name, and answers probes sensibly."""

import importlib

import mindspore
import pytest

import mstorch
import mstorch.distributed.checkpoint
from mstorch._errors import absent_because, absent_class, absent_function

_ABSENT = {
    "torch.fft": lambda: mstorch.fft,
    "torch.cumprod": lambda: mstorch.cumprod,
    "torch.nn.functional.ctc_loss": lambda: mstorch.nn.functional.ctc_loss,
    "torch.nn.Transformer": lambda: mstorch.nn.Transformer,
    "torch.nn.LSTM": lambda: mstorch.nn.LSTM(1, 2),
    "torch.optim.LBFGS": lambda: mstorch.optim.LBFGS,
    "torch.distributed.rpc": lambda: mstorch.distributed.rpc,
    "torch.distributed.checkpoint.async_save": (
        lambda: mstorch.distributed.checkpoint.async_save({})
    ),
    "torch.serialization.register_package": lambda: mstorch.serialization.register_package,
    "torch.utils.data.datapipes": lambda: mstorch.utils.data.datapipes,
    "torch.Tensor.renorm": lambda: mstorch.ones(2).renorm(2, 0, 1.0),
    "torch.Tensor.asnumpy": lambda: mstorch.ones(2).never_heard_of,
    "torch.float8_e4m3fn": lambda: mstorch.zeros(2, dtype=mstorch.float8_e4m3fn),
}
_ABSENT["torch.Tensor.never_heard_of"] = _ABSENT.pop("torch.Tensor.asnumpy")


@pytest.mark.parametrize("name", _ABSENT)
def test_an_absent_name_raises_not_implemented_with_its_torch_name(name: str) -> None:
    with pytest.raises(NotImplementedError, match=name.replace(".", r"\.")):
        _ABSENT[name]()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("fft", "Fourier"),
        ("profiler", "mindspore.profiler"),
        ("export", "not traced"),
        ("xpu.memory_allocated", "no such device"),
    ],
)
def test_an_absent_name_says_why_where_that_is_known(name: str, why: str) -> None:
    with pytest.raises(NotImplementedError, match=f"{name.partition('.')[0]}.* {why}"):
        eval(f"mstorch.{name}", {"mstorch": mstorch})


def test_probes_for_absent_names_answer_no() -> None:
    assert not hasattr(mstorch, "fft")
    assert not hasattr(mstorch.ones(2), "main_grad")
    assert getattr(mstorch.ones(2), "main_grad", 5) == 5
    with pytest.raises(ImportError):
        exec("from mstorch import fft")
    with pytest.raises(ImportError):
        importlib.import_module("mstorch.fft")
    with pytest.raises(AttributeError):
        getattr(mstorch.nn.functional, "__wrapped__")  # noqa: B009  the error is wanted


def test_attributes_that_code_sets_on_tensors_are_found() -> None:
    x = mstorch.nn.Parameter(mstorch.ones(2))
    x.main_grad = mstorch.zeros(2)
    assert hasattr(x, "main_grad")
    assert x.main_grad is x.main_grad


def test_no_method_of_mindspore_answers_in_the_name_of_torch() -> None:
    x = mstorch.ones(2, 3)
    ours = set()
    for kind in type(x).__mro__[: type(x).__mro__.index(mindspore.Tensor)]:
        ours |= set(vars(kind))
    internal = {"asnumpy"}  # MindSpore's own Python code asks for it; it is no name of torch's
    public = {n for n in dir(mindspore.Tensor) if not n.startswith("_")}
    assert public - ours <= internal


def test_what_is_absent_can_be_told_without_calling_it() -> None:
    missing = absent_class("torch.Missing", "no reason at all")
    assert absent_because(missing) == "no reason at all"
    assert absent_because(absent_function("torch.missing")) == ""
    assert absent_because(type("Heir", (missing,), {})) == "no reason at all"
    assert absent_because(type("Heir", (missing,), {"__init__": lambda self: None})) is None
    assert absent_because(mstorch.mul) is None
    assert absent_because(mstorch.nn.Module) is None
