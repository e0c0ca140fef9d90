# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""What `torch2ms explain` says of an API, whatever name it is asked by."""

import pytest

import torch2ms
from torch2ms import apis, cli, native_forms
from torch2ms.explanation import explain, explain_form


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("torch.nn.functional.silu", "torch.nn.functional.silu"),
        ("F.silu", "torch.nn.functional.silu"),
        ("silu", "torch.nn.functional.silu"),
        ("nn.Linear", "torch.nn.Linear"),
        ("Linear", "torch.nn.Linear"),
        ("Tensor.view", "torch.Tensor.view"),
        ("torch.Tensor.view", "torch.Tensor.view"),
        ("mstorch.exp", "torch.exp"),
        ("mstorch", "torch"),
        ("exp", "torch.exp"),
        ("dist.all_reduce", "torch.distributed.all_reduce"),
        ("distributed.all_reduce", "torch.distributed.all_reduce"),
        (" torch.exp(x) ", "torch.exp"),
    ],
)
def test_a_name_is_understood_as_programs_write_it(typed, name):
    assert explain(typed).startswith(f"{name}: ")


def test_an_unknown_name_ends_with_status_2_and_the_nearest_ones(capsys):
    assert cli.main(["explain", "torch.nn.functional.sillu"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    start = (
        "torch2ms: explain: no API of torch 2.13 is called 'torch.nn.functional.sillu'; the nearest"
    )
    assert err.startswith(start) and "torch.nn.functional.silu," in err


def test_a_name_in_the_wrong_place_is_led_to_the_right_one(capsys):
    assert cli.main(["explain", "torch.nn.modules.linear.Linear"]) == 2
    assert "nearest names: torch.nn.Linear" in capsys.readouterr().err


def test_a_name_like_no_other_is_unknown_without_more():
    with pytest.raises(torch2ms.UsageError, match="called 'qqqqqqqq'$"):
        explain("qqqqqqqq")


def test_a_short_name_that_may_be_several_is_not_guessed():
    with pytest.raises(
        torch2ms.UsageError, match=r"state_dict may be torch\.\S+, torch\.\S+.*whole"
    ):
        explain("state_dict")


def test_the_command_prints_what_the_function_returns(capsys):
    assert cli.main(["explain", "F.silu"]) == 0
    assert capsys.readouterr().out == torch2ms.explain("F.silu") + "\n"


@pytest.mark.parametrize("status", apis.STATUSES)
def test_every_api_can_be_explained(status):
    for row in apis.api(status=status):
        text = explain(row.name)
        assert text.startswith(f"{row.name}: {status}"), text
        assert "\n\n\n" not in text and not text.endswith("\n")


def test_of_a_native_call_the_arguments_are_told():
    line = (
        "torch.f(input, dim: int, *, inplace=False) -> mindspore.ops.f(x := input, axis=dim, k=2)"
        " ; except complex: the result is complex ; note: as in a book"
    )
    form = native_forms.parse("torch.f", line)
    assert list(explain_form(form)) == [
        "  torch.f(input, dim: int, *, inplace=False)",
        "  -> mindspore.ops.f(x := input, axis=dim, k=2)",
        "     input: MindSpore calls it x",
        "     dim: MindSpore calls it axis, must be an integer, spelt out",
        "     inplace: only its default may be given; it is dropped",
        "     k=2 is added",
        "     compared with PyTorch on the CPU; relative bound 1e-5 in float32, 1e-12 in float64",
        "     stays, because MindSpore differs on complex: the result is complex",
        "     as in a book",
    ]


def test_of_a_form_that_was_not_run_the_reason_is_told():
    line = "torch.f(a) -> mindspore.mint.f(a) ; signature only: there is no kernel"
    text = list(explain_form(native_forms.parse("torch.f", line)))
    assert text[-1].endswith("not compared with PyTorch, and stays: there is no kernel")


def test_a_bound_of_its_own_is_told_with_its_reason():
    text = explain("torch.exp")
    assert "relative bound 3e-5 in float32, 1e-12 in float64\n     MindSpore computes" in text


def test_of_a_composition_the_order_of_arguments_is_told():
    line = "torch.f(a, b) -> mindspore.mint.add(mindspore.mint.neg(a), b)"
    text = "\n".join(explain_form(native_forms.parse("torch.f", line)))
    assert "must be given in the order in which they stand here" in text


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("torch.sort", "a tuple with names"),
        ("torch.nn.Linear", "isinstance"),
        ("torch.Tensor.view", "does not tell the class of the object"),
        ("torch.float32", "a dtype becomes MindSpore's"),
        ("torch.nn", "decided name by name"),
    ],
)
def test_of_what_stays_on_the_adapter_the_reason_is_told(name, word):
    assert word in explain(name)


def test_of_what_is_not_served_the_reason_and_the_remedy_are_told():
    text = explain("torch.onnx.export")
    why, instead = apis.why_not("torch.onnx.export")
    assert f"  why      {why}\n  instead  {instead}\n" in text
    assert "raises NotImplementedError with its name" in text


def test_what_torch_does_not_have_itself_is_said_to_be_so():
    assert explain("torch.nn.L2Norm").startswith(
        "torch.nn.L2Norm: unsupported (not in PyTorch 2.13)\n"
    )


def test_arguments_that_the_adapter_lacks_are_named():
    assert "by the same names, except for layout, out\n" in explain("torch.linspace")


def test_packages_around_torch_are_explained_by_their_decision():
    assert explain("torch_npu").startswith("torch_npu becomes mstorch.interop.torch_npu\n  the")
    assert explain("torch_xla").startswith(
        "torch_xla is left: its import stays as it is\n  PyTorch on XLA"
    )
    assert explain("apex.optimizers.FusedAdam").startswith(
        "apex, and with it apex.optimizers.FusedAdam, is left"
    )
    assert explain("safetensors.torch.save_file").startswith(
        "safetensors.torch, and with it safetensors.torch.save_file, becomes mstorch.interop"
    )
