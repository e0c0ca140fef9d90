# Copyright 2026 The MindForge Authors
# SPDX-License-Identifier: Apache-2.0
"""When msops loads, and when it says why not."""

import subprocess
import sys
from pathlib import Path

import mindspore
import pytest

import msops

PACKAGE_ROOT = Path(msops.__file__).parent.parent


def import_msops(root: Path, stand_in: Path) -> subprocess.CompletedProcess[str]:
    """Imports msops in a process of its own, with the stand-in's modules before the real ones."""
    program = f"import sys; sys.path[:0] = [{str(stand_in)!r}, {str(root)!r}]; import msops"
    return subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True)


def mindspore_that_says(folder: Path, version: str, target: str = "CPU") -> Path:
    package = folder / "mindspore"
    package.mkdir()
    (package / "__init__.py").write_text(
        f"__version__ = {version!r}\n"
        "class Tensor: pass\n"
        f"def get_context(key): return {{'device_target': {target!r}}}[key]\n"
    )
    return folder


def test_the_version_tells_what_it_was_built_for():
    assert msops.version_info.mindspore == mindspore.__version__
    assert msops.version_info.msops.count(".") == 2


def test_another_mindspore_is_refused_in_one_sentence_before_anything_is_loaded(tmp_path):
    result = import_msops(PACKAGE_ROOT, mindspore_that_says(tmp_path, "2.9.0"))
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == (
        f"ImportError: msops {msops.version_info.msops} was built for MindSpore "
        f"{mindspore.__version__} and cannot be loaded under MindSpore 2.9.0; install "
        f"mindspore=={mindspore.__version__} or an msops built for 2.9.0."
    )


def test_the_version_it_was_built_for_is_not_refused(tmp_path):
    result = import_msops(PACKAGE_ROOT, mindspore_that_says(tmp_path, mindspore.__version__))
    assert (result.returncode, result.stderr) == (0, "")


def test_a_device_without_operators_is_named(monkeypatch):
    monkeypatch.setattr(mindspore, "get_context", {"device_target": "GPU"}.__getitem__)
    native = msops._native.native.__wrapped__
    with pytest.raises(ImportError, match=r"no operators for the device GPU; it was built for CPU"):
        native()


@pytest.mark.skipif(
    msops.version_info.cann is not None, reason="this build has the module for Ascend"
)
def test_ascend_without_its_module_is_named(monkeypatch):
    monkeypatch.setattr(mindspore, "get_context", {"device_target": "Ascend"}.__getitem__)
    with pytest.raises(ImportError, match=r"no operators for the device Ascend"):
        msops._native.native.__wrapped__()
