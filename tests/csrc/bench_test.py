# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of operators runs every operator on both sides and says what it compared."""

import json
import os

import pytest

import msops
import ops
import ops_table

NO_OPERATORS = {
    "MoeGatingOutput",
    "MoePermuteOutput",
    "VersionInfo",
    "Yarn",
    "parts",
    "rotary_tables",
    "version_info",
}


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    """Nobody looks at the times."""
    monkeypatch.setattr(ops, "SETTLE", 0.0)
    monkeypatch.setattr(ops, "OWN_SETTLE", 0.0)


def lines(capsys, *options: str) -> list[dict]:
    python = os.environ["MINDFORGE_TORCH_PYTHON"]
    ops.main(["--torch-python", python, "--shape=16x128", "--runs=1", *options])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_operator_is_measured_beside_pytorch_and_a_copy(capsys):
    records = lines(capsys)
    measured = {record["name"].split("/")[1] for record in records}
    assert measured == set(msops.__all__) - NO_OPERATORS
    for record in records:
        assert (record["peer"], record["runs"]) == ("PyTorch eager", 1)
        peer_seconds = record["params"]["seconds"]["PyTorch eager"]
        assert peer_seconds == pytest.approx(record["peer_seconds"], rel=1e-3)
        assert record["ratio"] > 0 and record["fraction_of_bound"] > 0
        assert record["bound"].startswith(("copying", "multiplying"))


def test_one_operator_can_be_asked_for(capsys):
    names = [record["name"] for record in lines(capsys, "--only=swiglu")]
    assert names == ["ops/swiglu/forward", "ops/swiglu/both"]


def test_mindspores_own_operator_is_measured_where_its_cpu_has_one(capsys):
    for only, has in (("layer_norm", True), ("rms_norm", False)):
        for record in lines(capsys, f"--only={only}"):
            assert ("MindSpore" in record["params"]["seconds"]) == has


def test_the_table_of_speeds_has_a_row_a_record_and_replaces_the_one_before():
    records = [
        {
            "name": "ops/gelu/forward",
            "params": {
                "shape": [1024, 4096],
                "threads": 2,
                "seconds": {"PyTorch eager": 0.004, "MindSpore": 0.06},
            },
            "seconds": 0.002,
            "bound": "copying 34 MB at 20 GB/s",
            "fraction_of_bound": 0.84,
        }
    ]
    before = f"Words.\n\n{ops_table.BEGIN}\nold\n{ops_table.END}\n\nMore.\n"
    after = ops_table.replaced(before, ops_table.table(records))
    assert "| `gelu` forward | 1024 x 4096 | 2.00 | 0.84 | 2.0 | - | 30.0 |" in after
    assert "old" not in after
    assert after.startswith("Words.\n") and after.endswith("More.\n")
    assert ops_table.replaced(after, ops_table.table(records)) == after


def test_a_document_without_a_place_for_the_table_is_refused():
    with pytest.raises(ValueError, match="no line"):
        ops_table.replaced("Words.\n", "table")
