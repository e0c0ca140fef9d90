# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of operators runs every operator on both sides and says what it compared."""

import json
import os

import msops
import ops

NO_OPERATORS = {
    "MoeGatingOutput",
    "MoePermuteOutput",
    "VersionInfo",
    "Yarn",
    "parts",
    "rotary_tables",
    "version_info",
}


def lines(capsys, *options: str) -> list[dict]:
    python = os.environ["MINDFORGE_TORCH_PYTHON"]
    ops.main(["--torch-python", python, "--rows=16", "--columns=128", "--runs=1", *options])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_operator_is_measured_beside_pytorch_and_a_copy(capsys):
    records = lines(capsys)
    measured = {record["name"].split("/")[1] for record in records}
    assert measured == set(msops.__all__) - NO_OPERATORS
    for record in records:
        assert (record["peer"], record["runs"]) == ("PyTorch eager", 1)
        assert record["ratio"] > 0 and record["fraction_of_bound"] > 0
        assert record["bound"].startswith(("copying", "multiplying"))


def test_one_operator_can_be_asked_for(capsys):
    names = [record["name"] for record in lines(capsys, "--only=swiglu")]
    assert names == ["ops/swiglu/forward", "ops/swiglu/both"]
