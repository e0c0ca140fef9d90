# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""converted_library lists its outputs, converts generated sources too and applies recipes."""

import json
from pathlib import Path

LIBRARY = Path(__file__).parent / "shapes"


def test_recipes_are_applied():
    assert "SIDES = 3" in (LIBRARY / "shapes/__init__.py").read_text()


def test_target_torch_leaves_imports_alone():
    text = (LIBRARY / "shapes/generated.py").read_text()
    assert text == "import torch.nn.functional as F\n"


def test_files_that_are_not_python_are_copied():
    assert (LIBRARY / "shapes/notes.txt").read_text() == "plain data\n"


def test_the_manifest_lists_every_file_and_no_path_of_the_build():
    manifest = json.loads((LIBRARY / "torch2ms-manifest.json").read_text())
    paths = [file["path"] for file in manifest["files"]]
    assert paths == ["shapes/__init__.py", "shapes/generated.py", "shapes/notes.txt"]
    assert manifest["recipes"][0]["lines"] == [5]
