# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Converted models of transformers compute what they compute under PyTorch: logits, gradients,
tokens.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy
import pytest

LOGITS_BOUND = 1e-5
"""Largest absolute difference of logits and losses."""
GRADIENT_BOUND = 1e-4
"""Largest absolute difference of an element of a gradient."""

_FOLDER = Path(__file__).parent
_TABLE = _FOLDER / "transformers_models.toml"
_ENTRIES = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
_ENTRIES.pop("defaults")
MODELS = [name for name, entry in _ENTRIES.items() if "like" not in entry]
MISTAKES = [name for name, entry in _ENTRIES.items() if "like" in entry]


def _absolute(variable: str) -> Path:
    path = os.environ[variable]
    if path.startswith("external/"):
        path = f"../{path.removeprefix('external/')}"
    return Path(os.path.abspath(path))


def _dependencies() -> str:
    """Where the packages are that transformers imports beside torch."""
    program = "import sysconfig; print(sysconfig.get_path('purelib'))"
    command = [str(_absolute("TRANSFORMERS_PYTHON")), "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _run(python: str, framework: str, library: str, folder: Path, names: list[str]) -> dict:
    """What a framework computes with the transformers that a variable names a file of."""
    root = _absolute(library).parents[1]
    paths = [str(root), _dependencies(), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(paths)}
    worker = str(_FOLDER / "transformers_worker.py")
    command = [python, "-P", worker, framework, str(_TABLE), str(folder), *names]
    subprocess.run(command, env=environment, check=True)
    found = {name: dict(numpy.load(folder / f"{name}.npz")) for name in names}
    for arrays in found.values():
        assert Path(str(arrays.pop("source"))).is_relative_to(root)
    return found


@pytest.fixture(scope="module")
def torch_results(tmp_path_factory) -> dict:
    python = os.path.abspath(os.environ["MINDFORGE_TORCH_PYTHON"])
    folder = tmp_path_factory.mktemp("torch")
    return _run(python, "torch", "TRANSFORMERS_TORCH", folder, MODELS)


@pytest.fixture(scope="module")
def mindspore_results(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("mindspore")
    names = MODELS + MISTAKES
    return _run(sys.executable, "mstorch", "TRANSFORMERS_ADAPTER", folder, names)


@pytest.fixture(scope="module")
def native_results(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("native")
    return _run(sys.executable, "mstorch", "TRANSFORMERS_NATIVE", folder, MODELS)


def _differences(ours: dict, theirs: dict) -> dict[str, float]:
    """The largest difference of each kind of number; of tokens, how many are not the same."""
    assert ours.keys() == theirs.keys()
    found: dict[str, float] = {}
    for name, expected in theirs.items():
        assert ours[name].shape == expected.shape, name
        assert ours[name].dtype == expected.dtype, name
        kind = name.partition(" of ")[0]
        apart = numpy.abs(ours[name] - expected)
        largest = numpy.count_nonzero(apart) if name.startswith("tokens") else apart.max()
        found[kind] = max(found.get(kind, 0.0), float(largest))
    return found


def _bound(kind: str) -> float:
    if kind.startswith(("tokens", "loaded")):
        return 0
    return GRADIENT_BOUND if kind == "gradient" else LOGITS_BOUND


def _beyond(differences: dict[str, float]) -> dict[str, float]:
    # Not "more than": nan is beyond every bound.
    return {kind: value for kind, value in differences.items() if not value <= _bound(kind)}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_computes_what_it_does_under_pytorch(
    torch_results, mindspore_results, name, capsys
) -> None:
    found = _differences(mindspore_results[name], torch_results[name])
    with capsys.disabled():
        print(f"\n{name}: {found}")
    assert _beyond(found) == {}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_calls_functions_of_mindspore_does_too(
    torch_results, native_results, name
) -> None:
    assert _beyond(_differences(native_results[name], torch_results[name])) == {}


@pytest.mark.parametrize("name", MODELS)
def test_the_numbers_say_something(torch_results, name) -> None:
    results = torch_results[name]
    assert results["logits"].std() > 0.1
    gradients = [value for key, value in results.items() if key.startswith("gradient")]
    assert len(gradients) > 15
    assert sum(value.any() for value in gradients) > 0.9 * len(gradients)
    tokens = [value for key, value in results.items() if key.startswith("tokens")]
    assert all(len(numpy.unique(one[:, 12:])) > 3 for one in tokens)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_a_model_is_noticed(torch_results, mindspore_results, name) -> None:
    found = _differences(mindspore_results[name], torch_results[_ENTRIES[name]["like"]])
    assert {"logits", "loss", "gradient"} <= _beyond(found).keys()
