# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""Results of conversions for the tests of reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch2ms import tree
from torch2ms.python_file import Change, FileResult
from torch2ms.recipes import Applied, Recipe
from torch2ms.report import Skipped, TreeResult
from torch2ms.rewrite import Counts, Finding

# A tree in which every rule but `native` has something to do, and files of every status.
SAMPLE = {
    "pkg/__init__.py": "",
    "pkg/model.py": (
        "import torch\n"
        "import torch.nn.functional as F, os\n"
        "import importlib, importlib.metadata\n"
        'importlib.import_module("torch.nn")\n'
        'importlib.metadata.version("torch")\n'
        "try:\n    from apex.optimizers import FusedAdam as Adam\n"
        "except ImportError:\n    from torch.optim import Adam\n"
        "Adam(getattr(torch, os.name))\n"
    ),
    "pkg/layers.py": "from torch import nn\nimport transformer_engine as te\n",
    "pkg/code.py": 'exec("import torch")\n',
    "pkg/computed.py": "# torch\n__import__('tor' 'ch')\n",
    "pkg/old.py": "import torch\nprint 'x'\n",
    "requirements.txt": "torch>=2.1\nnumpy\n",
    "run.sh": (
        "export CUDA_VISIBLE_DEVICES=0,1\n"
        "torchrun \\\n"
        "    --nproc_per_node 8 \\\n"
        "    --nnodes \\\n"
        "    $NODES \\\n"
        "    --tee 3 \\\n"
        "    -m pkg.train\n"
        "torchrun --nproc_per_node 8 train.py\n"
    ),
}


def write(files: dict[str, str], folder: Path) -> Path:
    """Write the files of a tree below `folder`."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def sample(folder: Path) -> TreeResult:
    """What becomes of SAMPLE, which is written below `folder`; one link of it leaves the tree."""
    write(SAMPLE, folder)
    (folder / "data").symlink_to("/")
    return tree.check(folder, tree.Options(upstream="sample==1.2"))


def result(files: Sequence[FileResult], skipped: Sequence[Skipped] = ()) -> TreeResult:
    """A conversion to the adapter of these files."""
    return TreeResult("adapter", None, list(files), list(skipped))


def file(
    path: str,
    changes: Sequence[Change] = (),
    findings: Sequence[Finding] = (),
    applied: Sequence[Applied] = (),
) -> FileResult:
    """A Python file that was changed as told; with no change it is the same file."""
    return FileResult(
        path,
        source_sha256="0" * 64,
        sha256=("1" if changes or applied else "0") * 64,
        changes=list(changes),
        findings=list(findings),
        applied=list(applied),
        counts=Counts(len(changes), len(changes), len(changes)),
    )


def recipe(path: str, name: str, before: str, after: str, reason: str) -> Applied:
    """A recipe that was applied to line 7 of a file."""
    return Applied(Recipe(name, path, "", before, after, 1, reason, ("adapter",), "r.toml:1"), (7,))


def large(files: int, edits: int) -> TreeResult:
    """A tree of many files with many edits each, no two lines the same."""
    return result(
        [
            file(
                f"package_{number % 40}/module_{number}.py",
                [
                    Change(
                        line,
                        f"    x_{number}_{line} = torch.nn.functional.silu(x, inplace=False)",
                        f"    x_{number}_{line} = mint.nn.functional.silu(x)",
                        "native" if line > 1 else "import",
                    )
                    for line in range(1, edits + 1)
                ],
            )
            for number in range(files)
        ]
    )
