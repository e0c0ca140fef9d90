# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Files that run or name torch and that are no source: told about, and never changed."""

import json

import pytest

from torch2ms import cli, commands
from torch2ms.mentions import mentions

TOLD = {
    "a class in a configuration": (
        "conf/a.yaml",
        "_target_: torch.optim.AdamW",
        "torch.optim.AdamW",
    ),
    "a launch in continuous integration": ("ci.yml", "  run: torchrun --nnodes 2 t.py", "torchrun"),
    "a launch by module": (
        "Makefile",
        "\tpython -m torch.distributed.run t.py",
        "torch.distributed.run",
    ),
    "an image that installs torch": ("Dockerfile.dev", "RUN pip install numpy torch", "torch"),
    "an image that installs a version": ("Dockerfile", "RUN uv add torch==2.1", "torch==2.1"),
    "an environment": ("environment.yml", "  - torch", "torch"),
    "an environment with a version": ("environment.yml", "  - torch>=2.1", "torch>=2.1"),
    "a table": ("conf.toml", 'cls = "torch.nn.Linear"', "torch.nn.Linear"),
}
NOT_TOLD = {
    "a comment": ("a.yaml", "x: 1  # torch.nn runs torchrun"),
    "a path": ("a.yaml", "x: /opt/torch.d/torchrun"),
    "an address": ("Dockerfile", "FROM registry.example/torch.base:1"),
    "another package": ("Dockerfile", "RUN pip install torchvision pytorch-lightning torch-npu"),
    "a word": ("a.yaml", "backend: torch\nname: my-torch\n"),
    "a longer name": ("a.yaml", "x: mytorch.nn, torchrunner, torch_dist.x"),
    "prose": ("README.md", "Use torchrun and torch.nn.\n"),
    "requirements, which are converted": ("pyproject.toml", 'dependencies = ["torch>=2"]'),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_line_that_needs_torch_is_told_with_its_number(name):
    path, text, named = TOLD[name]
    (finding,) = mentions(f"# torch\n\n{text}\r\n".encode(), path)
    assert (finding.line, finding.kind, finding.text) == (3, "name", named)
    assert "stays" in finding.message


@pytest.mark.parametrize("name", NOT_TOLD)
def test_other_lines_are_not_told(name):
    path, text = NOT_TOLD[name]
    assert mentions(text.encode(), path) == []


def test_code_in_a_notebook_is_told_and_strict_does_not_accept_it(tmp_path):
    lines = ["import torch\n", "x = 1\n", "    from torch import nn"]
    cells = {"cells": [{"cell_type": "code", "source": lines}], "note": "we import torch"}
    before = json.dumps(cells, indent=1)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.ipynb").write_text(before)
    result = commands.convert(tmp_path / "src", tmp_path / "out")
    assert (tmp_path / "out/a.ipynb").read_text() == before
    assert [finding.kind for finding in result.files[0].findings] == ["code", "code"]
    assert cli.main(["check", str(tmp_path / "src")]) == 0
    assert cli.main(["check", str(tmp_path / "src"), "--strict"]) == 1


def test_bytes_that_are_no_text_are_no_error():
    assert mentions(b"\xff torch.nn \x00\n", "a.yaml")[0].text == "torch.nn"
