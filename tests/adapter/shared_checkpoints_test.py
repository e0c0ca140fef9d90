# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes save one checkpoint, which two of either framework load."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy
import pytest

import against_torch
import worlds

_FRAMEWORKS = ("mstorch", "torch")
_SAVES = "parts_are_saved"
_LOADS = "parts_are_loaded_cut_otherwise"
_FAILS = "an_error_of_one_is_everybodys"
_WEIGHT = "embedding.word_embeddings.weight"

Answers = dict[tuple[str, str], list[Any]]


def _run(framework: str, folder: Path, *names: str) -> list[Any]:
    os.environ["CHECKPOINTS"] = str(folder)
    try:
        return worlds.run_world(framework, 2, "shared_checkpoints", list(names))
    finally:
        del os.environ["CHECKPOINTS"]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """The answers of both ranks, by who saved and who loads."""
    found = {}
    for writer, other in (_FRAMEWORKS, _FRAMEWORKS[::-1]):
        folder = tmp_path_factory.mktemp(writer)
        found[writer, writer] = _run(writer, folder, _SAVES, _LOADS, _FAILS)
        found[writer, other] = _run(other, folder, _LOADS)
    return found


@pytest.mark.parametrize("writer", _FRAMEWORKS)
@pytest.mark.parametrize("reader", _FRAMEWORKS)
def test_what_is_loaded_is_what_was_saved(writer: str, reader: str, answers: Answers) -> None:
    matrix = numpy.arange(36.0).reshape(12, 3)
    rows, columns = (slice(0, 3), slice(3, 12)), (slice(0, 1), slice(1, 3))
    for rank in range(2):
        same, row, column, note = answers[writer, reader][rank][_LOADS]
        assert same["array"].tolist() == [0, 1, 2, 3, 4, 5]
        assert numpy.array_equal(row["array"], matrix[rows[rank]])
        assert numpy.array_equal(column["array"], matrix[:, columns[rank]])
        # What everybody has is saved by the one with the least to write.
        assert note == {"step": 3, "rank": 1}


@pytest.mark.parametrize("framework", _FRAMEWORKS)
def test_an_error_of_one_process_is_told_to_all(framework: str, answers: Answers) -> None:
    for answer in answers[framework, framework]:
        (failures, named), total = answer[_FAILS]
        assert failures == [1]
        assert named
        assert total["array"] == 2


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A folder where two processes saved a model cut in two with Megatron, and their answers."""
    folder = tmp_path_factory.mktemp("megatron")
    names = "cut_in_two_is_saved", "cut_in_two_is_loaded"
    loads = _run("mstorch", folder, *(f"a_model_{n}" for n in names), "two_whole_models_are_loaded")
    return folder, loads


def _parts(ranks: list[Any]) -> list[Any]:
    return [dict(rank["a_model_cut_in_two_is_saved"])[_WEIGHT]["array"] for rank in ranks]


def test_megatron_loads_a_model_cut_as_it_was_saved_and_otherwise(
    model: tuple[Path, list[Any]],
) -> None:
    _, ranks = model
    assert not numpy.array_equal(*_parts(ranks))
    for rank in ranks:
        iteration, weights = rank["a_model_cut_in_two_is_loaded"]
        assert iteration == 7
        saved = rank["a_model_cut_in_two_is_saved"]
        against_torch.check(weights, saved, "the same cut", {"rtol": 0, "atol": 0})
        _, weights = rank["two_whole_models_are_loaded"]
        assert numpy.array_equal(dict(weights)[_WEIGHT]["array"], numpy.concatenate(_parts(ranks)))


def test_pytorch_reads_what_megatron_saved_on_two_processes(
    model: tuple[Path, list[Any]], reference: against_torch.Reference
) -> None:
    folder, ranks = model
    theirs = reference.result("checkpoints", "read tensors", str(folder / "model"))
    whole = numpy.concatenate(_parts(ranks))
    shape, values = theirs[_WEIGHT]
    assert shape == list(whole.shape)
    assert numpy.array_equal(numpy.array(values, numpy.float32), whole)


def test_megatron_loads_on_two_processes_what_pytorch_wrote(
    model: tuple[Path, list[Any]], reference: against_torch.Reference, tmp_path: Path
) -> None:
    folder, ranks = model
    theirs = tmp_path / "model"
    shutil.copytree(folder / "model", theirs)
    for path in theirs.glob("*.distcp"):
        path.unlink()
    reference.result("checkpoints", "rewrite doubled", str(folder / "model"), str(theirs))
    loaded = _run("mstorch", tmp_path, "a_model_cut_in_two_is_loaded")
    for rank, part in zip(loaded, _parts(ranks), strict=True):
        _, weights = rank["a_model_cut_in_two_is_loaded"]
        assert numpy.array_equal(dict(weights)[_WEIGHT]["array"], 2 * part)
