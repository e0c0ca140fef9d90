# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Comparing mstorch with PyTorch: the same case in this process and in one of PyTorch's Python."""

import importlib
import os
import pathlib
import pickle
import subprocess
from types import TracebackType
from typing import Any

import numpy

import mstorch
from cases import plain
from cases.refused import REFUSED

_FOLDER = pathlib.Path(__file__).parent


class Reference:
    """A PyTorch process that evaluates cases by name."""

    def __init__(self) -> None:
        python = os.environ.get("MINDFORGE_TORCH_PYTHON")
        if not python:
            raise RuntimeError(
                "MINDFORGE_TORCH_PYTHON is not set: name a Python that imports torch 2.13"
            )
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [python, str(_FOLDER / "torch_worker.py"), str(_FOLDER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )

    def __enter__(self) -> "Reference":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            # All answers are in. After errors in loading workers PyTorch may not end by itself.
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def result(self, module: str, name: str, *arguments: str) -> Any:
        """What PyTorch makes of a case, which may take arguments, such as paths of files."""
        self._process.stdin.write("\t".join((f"{module} {name}", *arguments)).encode() + b"\n")
        self._process.stdin.flush()
        length = self._process.stdout.readline()
        if not length:
            raise RuntimeError(f"the PyTorch process ended while it ran {module}.{name}")
        return pickle.loads(self._process.stdout.read(int(length)))


def names(module: str) -> list[str]:
    """The cases of a module."""
    return list(importlib.import_module(f"cases.{module}").CASES)


def compare(reference: Reference, module: str, name: str) -> None:
    """Fail unless mstorch and PyTorch agree on a case, within the tolerance it names."""
    cases = importlib.import_module(f"cases.{module}")
    ours = plain.run(mstorch, cases.CASES[name])
    theirs = reference.result(module, name)
    failed = isinstance(theirs, dict) and theirs.keys() == {"error", "message"}
    assert failed == (name in REFUSED.get(module, ())), f"{name}: torch has {theirs!r}"
    check(ours, theirs, name, cases.tolerance(name))


# Relative and absolute tolerance of elements, by type; anything else must be equal.
_TOLERANCE = {
    "torch.float64": (1e-10, 1e-12),
    "torch.float32": (2e-6, 1e-6),
    "torch.float16": (2e-3, 1e-3),
    "torch.bfloat16": (1e-2, 1e-2),
    "torch.complex64": (2e-6, 1e-6),
}


def check(ours: Any, theirs: Any, where: str, tolerance: dict[str, Any]) -> None:
    """Compare two plain results part by part."""
    assert type(ours) is type(theirs), f"{where}: {ours!r} where torch has {theirs!r}"
    if isinstance(theirs, dict) and "array" in theirs:
        _check_tensor(ours, theirs, where, tolerance)
    elif isinstance(theirs, dict) and "error" in theirs:
        assert ours.get("error") == theirs["error"], f"{where}: {ours!r} where torch has {theirs!r}"
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs), f"{where}: {ours!r} where torch has {theirs!r}"
        for key, value in theirs.items():
            check(ours[key], value, f"{where}[{key}]", tolerance)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), f"{where}: {ours!r} where torch has {theirs!r}"
        for i, value in enumerate(theirs):
            check(ours[i], value, f"{where}[{i}]", tolerance)
    elif isinstance(theirs, float):
        numpy.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-6, err_msg=where)
    else:
        assert ours == theirs, f"{where}: {ours!r} where torch has {theirs!r}"


def _check_tensor(
    ours: dict[str, Any], theirs: dict[str, Any], where: str, tolerance: dict[str, Any]
) -> None:
    for part in ("dtype", "shape", "requires_grad"):
        assert ours[part] == theirs[part], f"{where}: {part} {ours[part]}, torch {theirs[part]}"
    relative, absolute = {**_TOLERANCE, **tolerance}.get(theirs["dtype"], (0, 0))
    numpy.testing.assert_allclose(
        ours["array"], theirs["array"], rtol=relative, atol=absolute, err_msg=where
    )
