# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The table of torch's APIs: what is in it, what its rows say, and the command that prints it."""

import csv
import json
from pathlib import Path

import pytest

import refresh
from torch2ms import apis, cli, native_forms
from torch2ms.errors import UsageError
from torch2ms.targets import STATUSES

_EVERY = apis.api()
_BY_NAME = {row.name: row for row in _EVERY}


def run(*arguments):
    return cli.main(["api", *arguments])


def test_the_table_is_as_large_as_its_documentation_says():
    assert len(_EVERY) > 4000
    assert sum(row.on_adapter for row in _EVERY) > 1000


def test_each_api_has_one_of_four_statuses():
    assert {row.status for row in _EVERY} <= set(STATUSES)


@pytest.mark.parametrize(
    "name",
    [
        "torch.matmul",
        "torch.float32",
        "torch.set_default_dtype",
        "torch.relu",
        "torch.Tensor.view",
        "torch.Tensor.shape",
        "torch.Tensor.__add__",
        "torch.Tensor.__radd__",
        "torch.Tensor.__eq__",
        "torch.nn.Linear",
        "torch.nn.Module.register_buffer",
        "torch.nn.functional.gelu",
        "torch.nn.utils.rnn.pad_sequence",
        "torch.optim.lr_scheduler.CosineAnnealingLR",
        "torch.distributed.all_reduce",
        "torch.distributed.ReduceOp.SUM",
        "torch.distributed.checkpoint.save",
        "torch.distributed.fsdp.FullyShardedDataParallel",
        "torch.linalg.norm",
        "torch.fft.rfft",
        "torch.special.expit",
        "torch.utils.data.DataLoader",
        "torch.onnx.export",
        "torch.jit.script",
        "torch.func.vmap",
        "torch.cuda.nvtx.range_push",
        "torch.backends.cuda.is_built",
    ],
)
def test_names_from_every_part_of_torch_have_a_row(name):
    assert name in _BY_NAME


@pytest.mark.parametrize(
    "name",
    [
        "torch.math",  # a module of Python that torch imports
        "torch.functools",
        "torch.nn.functional.Optional",
        "torch.nn.functional.has_torch_function",
        "torch.fft.Tensor",
        "torch.AliasDb",  # a class of the TorchScript compiler
        "torch.Tensor.__dict__",
        "torch.Tensor.__hash__",
    ],
)
def test_names_that_are_no_api_of_torch_have_none(name):
    assert name not in _BY_NAME


def test_private_names_are_those_that_upstreams_mention():
    private = {name for name in _BY_NAME if "._" in name.replace(".__", ".")}
    assert private <= {*refresh.megatron_core_names(), *refresh.transformers_names()}


def _document():
    return (Path(refresh.__file__).parents[2] / "docs/mstorch_apis.md").read_text(encoding="utf-8")


def test_every_name_that_transformers_mentions_is_served_or_says_why_not():
    rows = {}
    for line in _document().splitlines():
        if line.startswith("| `torch"):
            name, status, *_, note = (cell.strip() for cell in line.strip("|").split(" | "))
            rows[name.strip("`")] = status, note
    unserved = {}
    for name in refresh.transformers_names():
        status, note = rows[name]
        if status != "served":
            unserved[name] = note
    assert [name for name, note in unserved.items() if not note] == []
    assert len(unserved) <= 16


def test_every_name_that_megatron_core_mentions_has_a_row():
    names = refresh.megatron_core_names()
    assert len(names) == 309 + 136
    assert [name for name in names if name not in _BY_NAME] == []


def test_what_megatron_core_mentions_is_served_except_for_a_list_that_only_shrinks():
    names = refresh.megatron_core_names()
    unserved = [name for name in names if not _BY_NAME[name].on_adapter]
    assert unserved == refresh.unserved_names()
    assert len(unserved) <= 9


def test_every_unsupported_api_has_a_reason_and_a_remedy_and_no_target():
    for row in _EVERY:
        if row.status == "unsupported":
            why, instead = apis.why_not(row.name)
            assert (row.note, row.target) == (f"{why} {instead}", ""), row.name
            assert why.endswith(".") and instead.endswith("."), row.name


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("torch.onnx.export", "mindspore.export"),
        ("torch.celu", "operator"),  # ends in lu, and is no decomposition
        ("torch.lu", "Decompositions"),
        ("torch.fft.fft2", "Fourier"),
        ("torch.sparse_coo_tensor", "sparse"),
        ("torch.Tensor.to_sparse", "sparse"),
        ("torch.Tensor.q_scale", "quantised"),
        ("torch.cuda.nvtx.mark", "observes"),
        ("torch.cuda.memory_summary", "memory"),
        ("torch.int4", "type"),
        ("torch.nn.L2Norm", "PyTorch 2.13"),
    ],
)
def test_the_reason_fits_the_api(name, word):
    assert word in " ".join(apis.why_not(name))


def test_what_mstorch_can_only_name_is_not_called_served():
    assert {apis.asked(row.name).served for row in _EVERY if row.on_adapter} == {"yes"}
    assert not any(row.on_adapter for row in _EVERY if row.kind == "absent")


def test_a_name_stands_for_all_below_it_and_a_glob_for_what_it_matches():
    below = {row.name for row in apis.api("torch.nn.functional")}
    assert {"torch.nn.functional", "torch.nn.functional.silu"} <= below
    assert all(name.startswith("torch.nn.functional") for name in below)
    assert {row.name for row in apis.api("torch.*softmax")} >= {
        "torch.softmax",
        "torch.nn.functional.log_softmax",
        "torch.Tensor.softmax",
    }


def test_names_may_be_typed_as_programs_write_them():
    assert [row.name for row in apis.api("F.silu")] == ["torch.nn.functional.silu"]
    assert [row.name for row in apis.api("Tensor.view")] == ["torch.Tensor.view"]
    assert [row.name for row in apis.api("mstorch.exp")] == ["torch.exp"]


def test_a_status_chooses_the_rows_that_have_it():
    rows = apis.api("torch.nn", "unsupported")
    assert rows and {row.status for row in rows} == {"unsupported"}
    both = apis.api("torch.nn", ["unsupported", "adapter"])
    assert {row.status for row in both} == {"unsupported", "adapter"}
    with pytest.raises(UsageError, match="'done' is none of native, composed"):
        apis.api(status="done")


def test_in_a_pipe_the_command_prints_rows_alone_and_the_counts_beside_them(capsys):
    assert run() == 0
    out, err = capsys.readouterr()
    rows = list(csv.DictReader(out.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["api"] for row in rows] == list(_BY_NAME)
    assert all(row["status"] in STATUSES for row in rows)
    counted = apis.counts(_EVERY)
    assert err.startswith(f"{len(_EVERY)} APIs: {counted['native']} native, ")
    assert f"{counted['signature only']} of the native and composed by signature only" in err


def test_on_a_terminal_the_columns_are_aligned_and_the_lines_fit(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    assert run("torch.onnx") == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert len({line.index("unsupported") for line in lines}) == 1
    assert all(len(line) <= 70 for line in lines)
    assert last.startswith(f"{len(lines)} APIs: 0 native, 0 composed, 0 adapter")


def test_as_a_table_in_a_file_no_line_is_cut(capsys):
    assert run("torch.onnx.export", "--format", "table") == 0
    assert capsys.readouterr().out.splitlines()[0].endswith(_BY_NAME["torch.onnx.export"].note)


def test_as_json_the_rows_come_with_the_counts(capsys):
    assert run("torch.onnx", "--format", "json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["counts"]["unsupported"] == len(printed["apis"]) > 1
    assert {row["name"] for row in printed["apis"]} >= {"torch.onnx", "torch.onnx.export"}


def test_a_pattern_without_a_match_is_an_error_that_says_what_to_try(capsys):
    assert run("torch.sillu", "--status", "adapter") == 2
    message = "torch2ms: api: no API of status adapter matches 'torch.sillu': try 'torch.*softmax*'"
    assert capsys.readouterr().err == message + "\n"


def test_other_commands_do_not_read_the_table(tmp_path, monkeypatch):
    def read(*arguments):
        raise AssertionError("the table was read")

    monkeypatch.setattr(apis, "_text", read)
    (tmp_path / "a.py").write_text("import torch\n")
    assert cli.main(["convert", str(tmp_path / "a.py"), str(tmp_path / "b.py")]) == 0
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])


def test_an_api_with_a_form_that_was_run_names_the_function_of_mindspore():
    row = _BY_NAME["torch.sqrt"]
    assert (row.status, row.target, row.signature_only) == ("native", "mindspore.mint.sqrt", False)


def test_a_function_that_differs_on_some_inputs_is_not_native():
    row = _BY_NAME["torch.abs"]
    assert (row.status, row.signature_only) == ("adapter", False)
    assert row.note == "MindSpore differs on complex: the result is complex"


def test_every_function_with_a_form_that_calls_use_is_in_the_table_as_native_or_composed():
    names = native_forms.names()
    assert [name for name in names if name not in _BY_NAME] == []
    used = [n for n in names if not all(form.excepts for form in native_forms.forms(n))]
    assert {_BY_NAME[name].status for name in used} <= {"native", "composed"}


def test_signature_only_are_those_without_a_form_that_was_run():
    for row in _EVERY:
        forms = [form for form in native_forms.forms(row.name) if not form.excepts]
        unproven = bool(forms) and all(form.unproven for form in forms)
        assert row.signature_only == unproven, row.name


def test_arguments_that_mstorch_does_not_take_are_told():
    assert apis.asked("torch.linspace").lacks == ("layout", "out")
    assert "does not take layout, out" in _BY_NAME["torch.linspace"].note
    assert apis.asked("torch.nn.functional.softmax").lacks == ()
    assert apis.asked("torch.Tensor.view").lacks is None, "it takes any number of sizes"


def test_named_tuples_are_known():
    named = {name for name in apis.names() if apis.asked(name).named_tuple}
    assert {"torch.sort", "torch.topk", "torch.max", "torch.Tensor.max"} <= named
    assert not named & {"torch.sum", "torch.Tensor.add", "torch.aminmax_"}
